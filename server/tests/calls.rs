//! Calls over a real socket: what the provider is asked, and what the caller gets.

mod common;

use common::{Call, Served};
use serde_json::{Value, json};

const LIMIT: &str = "100000000";

fn answer() -> Value {
    json!({"id": "1", "object": "chat.completion", "model": "gpt-4o-mini", "choices": [],
           "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}})
}

#[test]
fn a_native_call_reaches_the_provider_as_it_is() {
    let served = Served::new(&json!({}), json!([{"json": answer(), "headers": {"x-request-id": "r1"}}]));
    let url = format!("{}/chat/completions?trace=1", served.url(Some("openai")));
    let body = br#"{ "model":"gpt-4o-mini",  "messages":[], "n":1.0 }"#;
    let headers = [("authorization", "Bearer sk-mine"), ("openai-beta", "x"), ("expect", "100-continue")];

    let call = Call::send("POST", &url, &headers, body);

    assert_eq!(call.status, 200);
    assert_eq!(call.header("x-request-id"), Some("r1"));
    assert_eq!(call.header("cf-aig-step"), Some("0"));
    assert_eq!(call.json(), answer());
    let calls = served.calls();
    assert_eq!(calls[0]["method"], "POST");
    assert_eq!(calls[0]["url"], "https://api.openai.com/v1/chat/completions?trace=1");
    assert_eq!(calls[0]["body"], String::from_utf8_lossy(body).as_ref());
    assert_eq!(calls[0]["headers"]["authorization"], "Bearer sk-mine");
    assert_eq!(calls[0]["headers"]["openai-beta"], "x");
    assert_eq!(calls[0]["headers"].get("host"), None);
    assert_eq!(calls[0]["headers"].get("expect"), None);
}

#[test]
fn the_universal_endpoint_stands_with_a_slash_and_without() {
    let served = Served::new(&json!({}), json!([{"status": 500, "json": {}}, {"json": answer()}, {"json": answer()}]));
    let targets = json!([
        {"provider": "openai", "endpoint": "chat/completions", "headers": {}, "query": {"model": "gpt-4o-mini"}},
        {"provider": "groq", "endpoint": "chat/completions", "headers": {}, "query": {"model": "llama"}},
    ]);
    let url = served.url(None);

    let first = Call::post(&url, &targets);
    assert_eq!((first.status, first.header("cf-aig-step")), (200, Some("1")));
    assert_eq!(first.json(), answer());
    let second = Call::post(url.trim_end_matches('/'), &targets);
    assert_eq!((second.status, second.header("cf-aig-step")), (200, Some("0")));

    let urls: Vec<_> = served.calls().iter().map(|call| call["url"].clone()).collect();
    let (openai, groq) =
        ("https://api.openai.com/v1/chat/completions", "https://api.groq.com/openai/v1/chat/completions");
    assert_eq!(urls, [openai, groq, openai]);
}

#[test]
fn any_method_and_a_chunked_body_are_taken() {
    let served = Served::new(&json!({}), json!([{"status": 204}, {"json": {}}]));
    let url = format!("{}/files/f1", served.url(Some("openai")));
    assert_eq!(Call::send("DELETE", &url, &[], b"").status, 204);
    let chunked = Call::send("POST", &url, &[("transfer-encoding", "chunked")], b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(chunked.status, 200);
    assert_eq!(served.calls()[0]["method"], "DELETE");
    assert_eq!(served.calls()[1]["body"], "abcde");
}

#[test]
fn a_failure_of_the_provider_is_its_own_answer() {
    let refusal = json!({"error": {"message": "no such model", "type": "invalid_request_error"}});
    let served = Served::new(&json!({}), json!([{"status": 404, "json": refusal}]));
    let call = Call::post(&format!("{}/chat/completions", served.url(Some("openai"))), &json!({"model": "x"}));
    assert_eq!(call.status, 404);
    assert_eq!(call.json(), refusal);
}

#[test]
fn what_the_gateway_refuses_has_the_form_of_the_reference() {
    let served = Served::new(&json!({"id": "mine"}), json!([]));
    let url = served.url(None);
    assert!(url.ends_with("/mine/"), "{url}");
    let other = Call::post(&url.replace("/mine/", "/other/"), &json!([]));
    assert_eq!(other.status, 400);
    let body = other.json();
    assert_eq!(body["error"][0]["code"], 2001);
    assert_eq!(
        (&body["success"], &body["name"], &body["httpCode"]),
        (&json!(false), &json!("AiGatewayError"), &json!(400))
    );
    let unknown = Call::post(&format!("{url}opnai/chat/completions"), &json!({}));
    assert_eq!((unknown.status, &unknown.json()["error"][0]["code"]), (400, &json!(2008)));
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let served = Served::new(&json!({}), json!([]));
    let url = format!("{}/files", served.url(Some("openai")));
    let call = Call::send("POST", &url, &[("content-length", "100000001")], b"");
    assert_eq!(call.status, 413);
    let error = call.json()["error"][0].clone();
    assert_eq!(error["code"], 7000);
    assert!(error["message"].as_str().unwrap().contains(LIMIT), "{error}");
    assert!(served.calls().is_empty());
}

#[test]
fn what_a_provider_permits_to_web_pages_is_not_handed_on() {
    let headers = json!({"access-control-allow-origin": "*", "access-control-allow-credentials": "true", "x-own": "1"});
    let served = Served::new(&json!({}), json!([{"json": {}, "headers": headers}]));
    let call = Call::post(&format!("{}/chat/completions", served.url(Some("openai"))), &json!({}));
    assert_eq!(call.header("access-control-allow-origin"), None);
    assert_eq!(call.header("access-control-allow-credentials"), None);
    assert_eq!(call.header("x-own"), Some("1"));
}

#[test]
fn health_needs_no_account() {
    let served = Served::new(&json!({"server": {"token": "t"}}), json!([]));
    let url = served.url(None);
    let (host, _) = common::split(&url);
    let call = Call::send("GET", &format!("http://{host}/health"), &[], b"");
    assert_eq!((call.status, call.header("content-type")), (200, Some("application/json")));
    assert_eq!(call.json(), json!({"status": "ok"}));
}

#[test]
fn a_closed_gateway_says_so() {
    let served = Served::new(&json!({}), json!([]));
    let url = served.url(None);
    served.gateway.close(std::time::Duration::ZERO);
    let call = Call::post(&url, &json!([]));
    assert_eq!(call.status, 503);
    assert!(call.json()["error"][0]["message"].as_str().unwrap().contains("closed"));
}
