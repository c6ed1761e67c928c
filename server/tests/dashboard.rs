//! The dashboard over HTTP: who may open it, and what its pages are told.

mod common;

use common::{Call, Served};
use serde_json::{Value, json};

fn answered() -> Served {
    let answer = json!({"json": {"id": "c", "object": "chat.completion", "model": "gpt-4o-mini",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}});
    let served = Served::new(&json!({"providers": {"openai": {"key": "sk-canary"}}}), json!([answer]));
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "<b>hi</b>"}]});
    let call = Call::post(&format!("{}/chat/completions", served.url(Some("openai"))), &body);
    assert_eq!(call.status, 200);
    call.body().unwrap();
    served
}

fn ask(served: &Served, question: &str, parameters: &Value) -> (u16, String) {
    let url = format!("{}api/{question}", served.loopback.ui_url().unwrap());
    let call = Call::post(&url, parameters);
    (call.status, call.body().unwrap())
}

#[test]
fn pages_are_for_those_who_have_the_key() {
    let served = answered();
    let url = served.loopback.ui_url().unwrap();
    let get = |url: &str| Call::send("GET", url, &[], b"");
    let page = get(&url);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert!(page.body().unwrap().contains("<title>tollhouse</title>"));
    assert_eq!(get(&format!("{url}pages/logs.js")).header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(get(&format!("{url}pages/../../secret")).status, 404);
    let wrong = url.replace("/ui/", "/ui/0");
    assert_eq!(get(&wrong).status, 401);
    let account = served.url(None).replace("/v1/", "/ui/").replace("/default/", "/");
    assert_eq!(get(&account).status, 401, "the key of calls opens no page");
    let key = url.replace("/ui/", "/v1/") + "default/openai/chat/completions";
    assert_eq!(Call::post(&key, &json!({})).status, 401, "the key of pages makes no call");
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        assert_eq!(Call::send("GET", &url, &[(name, value)], b"").status, 403, "{name}");
    }
}

#[test]
fn pages_are_told_what_the_methods_tell() {
    let served = answered();
    let (status, logs) = ask(&served, "logs", &json!({"query": {"where": "status:200"}}));
    assert_eq!(status, 200);
    let logs: Value = serde_json::from_str(&logs).unwrap();
    assert_eq!(logs["total_count"], 1);
    let id = &logs["logs"][0]["id"];
    let told = |question, parameters: Value| ask(&served, question, &parameters).1;
    assert!(told("usage", json!({"query": {"latency": true}})).contains("\"tokens_in\":10"));
    assert!(told("get_log", json!({"log_id": id})).contains("gpt-4o-mini"));
    assert!(told("explain", json!({"log_id": id})).contains("lines"));
    assert!(told("log_payload", json!({"log_id": id, "part": "request"})).contains("<b>hi</b>"));
    assert_eq!(ask(&served, "patch_log", &json!({"log_id": id, "patch": {"feedback": 1}})).0, 200);
    assert!(told("get_log", json!({"log_id": id})).contains("\"feedback\":1"));
    let config = told("config", json!({}));
    assert!(config.contains("providers") && !config.contains("sk-canary"), "{config}");
    assert!(told("health", json!({})).contains("dropped"));
}

#[test]
fn bad_questions_are_told_so() {
    let served = answered();
    for (question, parameters, status, part) in [
        ("logs", json!({"query": {"where": "modle:x"}}), 400, "model"),
        ("get_log", json!({"log_id": "x"}), 404, "no such log"),
        ("delete_logs", json!({}), 404, "no such question"),
        ("run", json!({}), 404, "no such question"),
    ] {
        let (got, text) = ask(&served, question, &parameters);
        assert_eq!(got, status, "{question}: {text}");
        assert!(text.contains(part), "{question}: {text}");
    }
    let url = format!("{}api/logs", served.loopback.ui_url().unwrap());
    assert_eq!(Call::send("POST", &url, &[], b"{").status, 400);
    assert_eq!(Call::send("GET", &url, &[], b"").status, 404);
}
