//! The reference's endpoints for logs, over HTTP.

mod common;

use common::{Call, Served};
use serde_json::{Value, json};

fn served(config: &Value) -> (Served, String) {
    let answer = |text: &str| {
        json!({"json": {"id": "c", "object": "chat.completion", "model": "gpt-4o-mini",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}})
    };
    let served = Served::new(config, json!([answer("one"), answer("two"), {"status": 500, "json": {"error": {}}}]));
    for model in ["gpt-4o-mini", "gpt-4o", "gpt-4o"] {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}).to_string();
        let url = format!("{}/chat/completions", served.url(Some("openai")));
        let headers = [
            ("content-type", "application/json"),
            ("cf-aig-authorization", "t0ken"),
            ("cf-aig-metadata", "{\"team\": \"a\"}"),
        ];
        Call::send("POST", &url, &headers, body.as_bytes()).body().unwrap();
    }
    let base = served
        .url(None)
        .replace("/v1/", "/client/v4/accounts/")
        .replace("/default/", "/ai-gateway/gateways/default/logs");
    (served, base)
}

fn get(url: &str) -> (u16, Value) {
    let call = Call::send("GET", url, &[], b"");
    (call.status, serde_json::from_str(&call.body().unwrap()).unwrap())
}

#[test]
fn logs_are_listed_read_rated_and_deleted() {
    let (_served, base) = served(&json!({}));
    let (status, page) = get(&format!("{base}?per_page=2&order_by=created_at&order_by_direction=asc"));
    assert_eq!(status, 200);
    assert_eq!(page["success"], true);
    assert_eq!(page["result_info"], json!({"count": 2, "page": 1, "per_page": 2, "total_count": 3}));
    let id = page["result"][0]["id"].as_str().unwrap();
    assert_eq!(get(&format!("{base}?success=false")).1["result_info"]["total_count"], 1);
    assert_eq!(
        get(&format!("{base}?filters[0][key]=model&filters[0][operator]=eq&filters[0][value][]=gpt-4o")).1["result_info"]
            ["total_count"],
        2
    );
    assert_eq!(get(&format!("{base}?min_cost=0.00001")).1["result_info"]["total_count"], 1, "the dear one");
    let log = format!("{base}/{id}");
    assert_eq!(get(&log).1["result"]["model"], "gpt-4o-mini");
    let patch = Call::send("PATCH", &log, &[("content-type", "application/json")], br#"{"feedback": -1, "score": 7}"#);
    assert_eq!(patch.status, 200);
    let rated = get(&log).1;
    assert_eq!((&rated["result"]["feedback"], &rated["result"]["score"]), (&json!(-1), &json!(7.0)));
    let request = Call::send("GET", &format!("{log}/request"), &[], b"");
    assert_eq!(request.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(request.json()["messages"][0]["content"], "hi");
    assert_eq!(
        Call::send("GET", &format!("{log}/response"), &[], b"").json()["choices"][0]["message"]["content"],
        "one"
    );
    let deleted = Call::send("DELETE", &format!("{base}?model=gpt-4o"), &[], b"");
    assert_eq!(deleted.json(), json!({"success": true}));
    assert_eq!(get(&base).1["result_info"]["total_count"], 1);
}

#[test]
fn what_cannot_be_told_is_an_error_of_the_reference() {
    let (_served, base) = served(&json!({"logs": {"payloads": false}}));
    let id = get(&base).1["result"][0]["id"].as_str().unwrap().to_owned();
    for (url, status, code) in [
        (format!("{base}?per_page=100"), 400, 7001),
        (format!("{base}?order_by=colour"), 400, 7001),
        (format!("{base}/00000000-0000-7000-8000-000000000000"), 404, 7002),
        (format!("{base}/{id}/request"), 404, 7002),
        (format!("{base}/{id}/colour"), 404, 7002),
        (base.replace("/default/", "/other/"), 404, 7001),
    ] {
        let (got, body) = get(&url);
        assert_eq!((got, &body["errors"][0]["code"]), (status, &json!(code)), "{url}: {body}");
        assert_eq!(body["success"], false);
    }
}

#[test]
fn account_and_token_are_asked_for() {
    let (served, base) = served(&json!({"server": {"token": "t0ken"}}));
    let status = |url: &str, headers: &[(&str, &str)]| Call::send("GET", url, headers, b"").status;
    assert_eq!(status(&base, &[]), 401);
    assert_eq!(status(&base, &[("authorization", "Bearer wrong")]), 401);
    assert_eq!(status(&base, &[("authorization", "Bearer t0ken")]), 200);
    assert_eq!(status(&base, &[("cf-aig-authorization", "t0ken")]), 200);
    let account = served.url(None).split('/').nth(4).unwrap().to_owned();
    assert_eq!(status(&base.replace(&account, "other"), &[("authorization", "Bearer t0ken")]), 401);
}
