//! Reads the documentation and holds it to what is there: links that lead somewhere, tables that are complete.

use std::fs;
use std::path::{Path, PathBuf};

use tollhouse::{Config, ErrorKind};

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.starts_with("http") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.with_file_name("").join(path) };
            if !target.exists() || !(anchor.is_empty() || anchors(&read(&target)).any(|name| name == anchor)) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_configuration_works() {
    let mut count = 0;
    for page in pages() {
        for block in read(&page).split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            Config::from_toml(block).unwrap_or_else(|error| panic!("{}: {error} in\n{block}", page.display()));
            count += 1;
        }
    }
    assert!(count > 3, "only {count} configurations were found");
}

#[test]
fn every_kind_of_error_has_a_remedy() {
    let page = read(&root().join("docs/reference/errors.md"));
    for kind in ErrorKind::ALL {
        assert!(page.contains(&format!("| `{}` |", kind.code())), "errors.md lacks {}", kind.code());
    }
}

#[test]
fn every_code_of_a_refusal_has_a_remedy() {
    let page = read(&root().join("docs/reference/errors.md"));
    let sources = ["core/src/refusal.rs", "server/src/refused.rs"].map(|path| read(&root().join(path)));
    let codes: Vec<&str> = sources
        .iter()
        .flat_map(|source| source.split(": u32 = ").skip(1).filter_map(|rest| rest.split(';').next()))
        .collect();
    assert!(codes.len() > 6, "only {codes:?} were found");
    for code in codes {
        assert!(page.contains(&format!("| {code} |")), "errors.md lacks {code}");
    }
}

#[test]
fn every_header_is_described() {
    let surface = read(&root().join("tests/surface.json"));
    let surface: serde_json::Value = serde_json::from_str(&surface).expect("surface.json is JSON");
    let page = read(&root().join("docs/reference/headers.md"));
    for name in ["request_headers", "response_headers"].iter().filter_map(|list| surface[list].as_array()).flatten() {
        let name = name.as_str().expect("a header's name is text");
        // Rows that belong together name the first in full and the others by their end.
        let end = name.rsplit_once('-').map_or(name, |(_, end)| end);
        assert!(page.contains(&format!("`{name}`")) || page.contains(&format!("`-{end}`")), "headers.md lacks {name}");
    }
}

/// The names of a page's headings in links, as GitHub makes them.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| line.strip_prefix('#')).map(|heading| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
        kept.collect::<String>().replace(' ', "-")
    })
}

fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut directories = vec![root().join("docs")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("the documentation can be read") {
            let path = entry.expect("the documentation can be read").path();
            if path.is_dir() { directories.push(path) } else { pages.push(path) }
        }
    }
    let top = fs::read_dir(root()).expect("the project can be read");
    pages.extend(top.map(|entry| entry.expect("the project can be read").path()));
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    assert!(pages.len() > 20, "only {} pages were found", pages.len());
    pages
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
