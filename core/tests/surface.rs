//! Compares the public surface with `tests/surface.json`, which every language compares itself with. Rust cannot list
//! its own methods, so the sources are read.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tollhouse::ErrorKind;

/// How a gateway is made, and what only a host with `fork` calls: every language has its own way for these.
const ONLY_IN_RUST: [&str; 3] = ["new", "builder", "before_fork"];

#[test]
fn the_methods_are_those_of_the_surface() {
    let mut found = methods("core/src/gateway.rs");
    found.retain(|method| !ONLY_IN_RUST.contains(&method.name.as_str()));
    // The loopback server stands above core, and so do the methods that start it.
    let starts_it = |method: &Method| ["get_url", "ui_url"].contains(&method.name.as_str());
    found.extend(methods("server/src/loopback.rs").into_iter().filter(starts_it));
    for method in &mut found {
        in_words_of_every_language(method);
    }
    found.sort();
    assert_eq!(found, listed_methods());
}

#[test]
fn the_error_kinds_are_those_of_the_surface() {
    assert_eq!(listed("error_kinds"), ErrorKind::ALL.map(ErrorKind::code));
}

#[test]
fn the_headers_are_those_of_the_surface() {
    let source = read("core/src/headers.rs");
    let (_, tables) = source.split_once("mod request").expect("headers.rs has a table of request headers");
    let (request, rest) = tables.split_once("mod response").expect("headers.rs has a table of response headers");
    let (response, _) = rest.split_once("\n}").expect("a module ends");
    assert_eq!(listed("request_headers"), header_names(request));
    assert_eq!(listed("response_headers"), header_names(response));
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Method {
    name: String,
    parameters: Vec<String>,
    is_async: bool,
}

/// Where Rust's own form differs on purpose.
fn in_words_of_every_language(method: &mut Method) {
    match method.name.as_str() {
        // A request is one value in Rust and its parts elsewhere.
        "handle" | "why_miss" => method.parameters = ["method", "target", "headers", "body"].map(str::to_owned).into(),
        // It blocks in Rust, so that it works in a `Drop`; the budget is a keyword with a default elsewhere.
        "close" => {
            assert_eq!(method.parameters, ["budget"]);
            *method = Method { name: "close".to_owned(), parameters: Vec::new(), is_async: true };
        }
        _ => {}
    }
}

/// The public methods of a source file, with the names of their parameters.
fn methods(path: &str) -> Vec<Method> {
    let source = read(path);
    let signature = |line: &str| {
        let rest = line.trim_start().strip_prefix("pub ")?;
        let (is_async, rest) = rest.strip_prefix("async ").map_or((false, rest), |rest| (true, rest));
        let (name, rest) = rest.strip_prefix("fn ")?.split_once('(')?;
        let parameters = rest.rsplit_once(')').map_or("", |(parameters, _)| parameters);
        let named = parameters.split(", ").filter_map(|parameter| Some(parameter.split_once(':')?.0.to_owned()));
        Some(Method { name: name.to_owned(), parameters: named.collect(), is_async })
    };
    source.lines().filter_map(|line| signature(line.split(" -> ").next()?)).collect()
}

fn listed_methods() -> Vec<Method> {
    let surface = surface();
    let methods = surface["methods"].as_object().expect("methods is an object");
    let mut listed: Vec<Method> = methods
        .iter()
        .map(|(name, method)| Method {
            name: name.clone(),
            parameters: texts(&method["parameters"]),
            is_async: method["async"].as_bool().expect("async is true or false"),
        })
        .collect();
    listed.sort();
    listed
}

fn header_names(table: &str) -> Vec<String> {
    table.split("from_static(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

fn listed(key: &str) -> Vec<String> {
    texts(&surface()[key])
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| item.as_str().expect("a text").to_owned()).collect()
}

fn surface() -> Value {
    serde_json::from_str(&read("tests/surface.json")).expect("surface.json is JSON")
}

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
