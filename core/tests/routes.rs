//! Routes that are set, refused, and read again; and a call's walk explained.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tollhouse::testing::{Folder, TestGateway};
use tollhouse::{Error, ErrorKind, Response};

const ANSWER: &str = r#"{"json": {"choices": [{"finish_reason": "stop", "message": {"content": "hi"}}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}}"#;

fn open(config: &Value, answers: usize) -> Result<TestGateway, Error> {
    TestGateway::open(&config.to_string(), &format!("[{}]", vec![ANSWER; answers].join(",")), None)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn ask(test: &TestGateway) -> Response {
    wait(test.gateway.chat("dynamic/r", &json!("hi"), &Value::Null)).unwrap()
}

fn provider(response: &Response) -> &str {
    response.headers["cf-aig-provider"].to_str().unwrap()
}

/// `start`, a model of `provider`, `end`.
fn graph(provider: &str) -> Value {
    json!([
        {"id": "s", "type": "start", "outputs": {"next": {"elementId": "m"}}},
        {"id": "m", "type": "model", "properties": {"provider": provider, "model": "x"}, "outputs": {"success": {"elementId": "e"}}},
        {"id": "e", "type": "end", "outputs": {}},
    ])
}

#[test]
fn a_route_that_cannot_work_is_refused_with_its_place_and_a_remedy() {
    let broken = |change: fn(&mut Value)| {
        let mut elements = graph("openai");
        change(&mut elements);
        json!({"elements": elements})
    };
    for (route, field, remedy) in [
        (json!({}), "try", "names no model; write"),
        (json!({"try": ["gpt-4o"]}), "try[0]", "has no provider; write"),
        (json!({"try": ["opnai/x"]}), "try[0]", "did you mean \"openai\"?"),
        (json!({"try": ["openai/x", "openai/x"]}), "try[1]", "a weight makes it"),
        (json!({"try": ["dynamic/x"]}), "try[0]", "take those of that route"),
        (json!({"try": ["openai/x"], "strategy": "sticky"}), "sticky_by", "write for example \"metadata.user\""),
        (json!({"try": ["openai/x"], "sticky_by": "user"}), "sticky_by", "write metadata.{key}"),
        (json!({"try": ["openai/x"], "weights": {"openai/y": 1}}), "weights.openai/y", "name a model that is"),
        (json!({"try": ["openai/x"], "weights": {"openai/x": 0}}), "weights", "raise one"),
        (json!({"try": ["openai/x"], "instead": {"refusal": ["nope"]}}), "instead.refusal[0]", "write for example"),
        (json!({"try": ["openai/x"], "on": ["outtage"]}), "on[0]", "did you mean \"outage\"?"),
        (json!({"try": ["openai/x"], "elements": graph("openai")}), "", "keep one of them"),
        (json!({"file": "/nowhere/graph.json"}), "file", "cannot be read"),
        (broken(|elements| elements[1]["type"] = "modell".into()), "elements[1].type", "did you mean \"model\"?"),
        (
            broken(|elements| elements[0]["outputs"]["next"]["elementId"] = "n".into()),
            "elements[0].outputs.next",
            "not there",
        ),
        (
            broken(|elements| elements[1]["outputs"]["fallback"] = json!({"elementId": "m"})),
            "elements[1]",
            "let one lead on",
        ),
        (broken(|elements| elements[2]["id"] = "m".into()), "elements[2].id", "rename one"),
        (broken(|elements| elements[0]["type"] = "end".into()), "elements", "type start; add one"),
        (
            broken(|elements| elements[1]["outputs"]["fallbak"] = json!({"elementId": "e"})),
            "elements[1].outputs.fallbak",
            "did you mean \"fallback\"?",
        ),
        (
            broken(|elements| elements[1]["properties"]["timeot"] = 1.into()),
            "elements[1].properties.timeot",
            "did you mean \"timeout\"?",
        ),
        (
            broken(|elements| elements[1]["properties"]["provider"] = "nobody-has-this".into()),
            "elements[1].properties.provider",
            "A provider of your own",
        ),
        (
            broken(
                |elements| elements[1] = json!({"id": "m", "type": "percentage", "outputs": {"60%": {"elementId": "e"}, "50%": {"elementId": "e"}}}),
            ),
            "elements[1].outputs",
            "lower them to 100 %",
        ),
        (
            broken(|elements| {
                elements[1] = json!({"id": "m", "type": "percentage", "outputs": {"60%": {"elementId": "e"}}});
            }),
            "elements[1].outputs",
            "or add else",
        ),
    ] {
        let error = open(&json!({"routes": {"r": route}}), 0).err().unwrap_or_else(|| panic!("{route} passed"));
        let field = if field.is_empty() { "routes.r".to_owned() } else { format!("routes.r.{field}") };
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field.as_str())), "{error}");
        assert!(error.message().contains(remedy), "{error}");
    }
}

#[test]
fn a_route_is_set_by_call_and_a_bad_one_changes_nothing() {
    let test = open(&json!({"routes": {"r": {"try": ["openai/x"]}}}), 5).unwrap();
    assert_eq!(provider(&ask(&test)), "openai");
    assert_eq!(test.gateway.set_route("r", &json!({"try": ["groq/x"]})).unwrap(), 2);
    assert_eq!(provider(&ask(&test)), "groq");
    let error = test.gateway.set_route("r", &json!({"try": []})).unwrap_err();
    assert_eq!(error.field(), Some("routes.r.try"));
    assert_eq!(provider(&ask(&test)), "groq");
    assert_eq!(test.gateway.set_route("r", &json!({"elements": graph("mistral")})).unwrap(), 3);
    assert_eq!(provider(&ask(&test)), "mistral");
    test.gateway.set_route("r", &Value::Null).unwrap();
    assert_eq!(ask(&test).status, 400);
    assert_eq!(test.gateway.set_route("a b", &json!({"try": ["openai/x"]})).unwrap_err().field(), Some("routes.a b"));
}

#[test]
fn a_changed_file_is_taken_over_and_a_bad_one_is_told() {
    let folder = Folder::new();
    let path = folder.path("graph.json");
    let write = |text: &str| fs::write(&path, text).unwrap();
    write(&json!({"id": "1", "name": "r", "elements": graph("openai")}).to_string());
    let test = open(&json!({"routes": {"r": {"file": path}}}), 5).unwrap();
    let second = || test.clock.advance(Duration::from_secs(2));
    second();
    assert_eq!(provider(&ask(&test)), "openai");
    write(&graph("groq").to_string());
    assert_eq!(provider(&ask(&test)), "openai", "it is looked at once a second");
    second();
    assert_eq!(provider(&ask(&test)), "groq");
    write("[{}]");
    second();
    for _ in 0..2 {
        let answer = ask(&test);
        assert_eq!(provider(&answer), "groq", "the one that is there goes on");
        let log = wait(test.gateway.get_log(answer.headers["cf-aig-log-id"].to_str().unwrap())).unwrap();
        let note = log["trail"]["notes"][0].as_str().unwrap();
        assert!(note.contains("version 2 goes on") && note.contains("routes.r.elements[0].id"), "{note}");
        assert_eq!(log["trail"]["version"], 2);
    }
    write(&graph("mistral").to_string());
    second();
    let answer = ask(&test);
    assert_eq!(provider(&answer), "mistral");
    let log = wait(test.gateway.get_log(answer.headers["cf-aig-log-id"].to_str().unwrap())).unwrap();
    assert_eq!((&log["trail"]["version"], &log["trail"]["notes"]), (&json!(3), &Value::Null));
}

#[test]
fn a_walk_is_explained_line_by_line() {
    let config = json!({
        "models": {"mistral/small": {"tools": false}},
        "routes": {"r": {"try": ["mistral/small", "groq/llama", "openai/gpt-4o-mini"]}},
        "retries": {"max_attempts": 2, "delay": "1s"},
    });
    let script = format!(r#"[{{"status": 503, "delay_ms": 20}}, {{"fail": "connect"}}, {ANSWER}]"#);
    let test = TestGateway::open(&config.to_string(), &script, None).unwrap();
    let answer = wait(test.gateway.chat("dynamic/r", &json!("hi"), &json!({"tools": [{}]}))).unwrap();
    let id = answer.headers["cf-aig-log-id"].to_str().unwrap();
    let told = wait(test.gateway.explain(id)).unwrap();
    let lines: Vec<_> = told["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "route r, version 1: openai/gpt-4o-mini",
            "not from the cache: the cache is off for this request; set cache.ttl, or send cf-aig-cache-ttl or cf-aig-cache-key",
            "mistral/small was passed over: it calls no tools",
            "groq/llama answered 503 after 20 ms, outage",
            "groq/llama gave no answer (connection refused) after 0 ms, outage, after a wait of 1000 ms; nothing was sent",
            "openai/gpt-4o-mini answered 200 after 0 ms",
            "200 in 1020.0 ms, whole",
            "0.0000045 USD by the price list; 10 tokens in, 5 out",
        ]
    );
    assert_eq!(told["log_id"], id);
    assert_eq!(wait(test.gateway.explain("none")).unwrap_err().kind(), ErrorKind::LogNotFound);
}
