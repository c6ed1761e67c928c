//! What nobody sends who means well: it is answered, shows nothing of what it held, and costs little.

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};
use tollhouse::testing::TestGateway;
use tollhouse::{Error, Request};

const CANARY: &str = "sk-CANARY";

fn open(config: &Value, script: &Value) -> TestGateway {
    TestGateway::open(&config.to_string(), &script.to_string(), None).expect("a good configuration and script")
}

fn post(target: &str, body: impl Into<bytes::Bytes>) -> Request {
    let mut request = Request::new(Method::POST, target);
    request.body = body.into();
    request
}

/// Status and body of an answer, and its log as text.
async fn ask(test: &TestGateway, request: Request) -> (u16, String, String) {
    let response = test.gateway.handle(request).await.expect("the gateway is open");
    let log_id = response.headers["cf-aig-log-id"].to_str().expect("an id is ASCII").to_owned();
    let status = response.status.as_u16();
    let body = response.body.bytes(1 << 26).await.map_or_else(|error| error.to_string(), |bytes| lossy(&bytes));
    let log = test.gateway.get_log(&log_id).await.expect("every call is logged");
    (status, body, log.to_string())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn what_stands_in_a_wrong_place_is_not_repeated() {
    let test = open(&json!({}), &json!([]));
    for body in [
        json!(CANARY),
        json!([CANARY]),
        json!({"provider": "openai", "headers": CANARY}),
        json!({"provider": "openai", "config": CANARY}),
        json!({"provider": "openai", "config": {"maxAttempts": CANARY}}),
        json!({"provider": "openai", "headers": {"authorization": format!("{CANARY}\n")}}),
    ] {
        let (status, answer, log) = ask(&test, post("/", body.to_string())).await;
        assert_eq!(status, 400, "{body}");
        assert!(!answer.contains(CANARY) && !log.contains(CANARY), "{answer} {log}");
    }
    for options in [
        json!(CANARY),
        json!({"gateway": CANARY}),
        json!({"extraHeaders": CANARY}),
        json!({"gateway": {"cacheTtl": CANARY}}),
    ] {
        let error = test.gateway.run(&json!({"provider": "openai"}), &options).await.err().expect("it is refused");
        assert!(error.field().is_some_and(|field| field.starts_with("options")), "{error}");
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_is_cut() {
    let test = open(&json!({}), &json!([]));
    let long = "a".repeat(1_000_000);
    for request in [
        Request::new(Method::GET, format!("/{long}")),
        Request::new(Method::GET, format!("/v1/x/{long}")),
        Request::new(Method::GET, format!("/compat/{long}")),
        post("/compat/chat/completions", json!({"model": long}).to_string()),
        post("/", json!([{"provider": long}]).to_string()),
    ] {
        let (status, refusal, entry) = ask(&test, request).await;
        assert!((400..500).contains(&status));
        assert!(refusal.len() < 2_000, "{} bytes", refusal.len());
        // The body itself may be in the log: what is said about it is not longer for that.
        assert!(serde_json::from_str::<Value>(&entry).expect("a log is JSON")["error"].as_str().unwrap().len() < 1_000);
    }
}

#[tokio::test]
async fn more_headers_than_anybody_means_are_refused() {
    let test = open(&json!({}), &json!([]));
    let many: Map<String, Value> = (0..100_000).map(|number| (format!("x-{number}"), json!("y"))).collect();
    let entry = json!([{"provider": "openai", "endpoint": "chat/completions", "headers": many, "query": {}}]);
    assert_eq!(ask(&test, post("/", entry.to_string())).await.0, 431);
    let options = json!({ "extraHeaders": many });
    let outcome = test.gateway.run(&entry, &options).await.map(|_| ());
    assert_eq!(outcome.unwrap_err().field(), Some("options.extraHeaders"));

    let mut request = post("/openai/chat/completions", "{}");
    for number in 0..20_000 {
        let name = HeaderName::from_bytes(format!("x-{number}").as_bytes()).expect("a name");
        request.headers.insert(name, HeaderValue::from_static("y"));
    }
    assert_eq!(ask(&test, request).await.0, 431);
    assert_eq!(test.upstream.calls(), json!([]));
}

#[tokio::test]
async fn what_is_not_ascii_reaches_the_log() -> Result<(), Error> {
    let test = open(&json!({}), &json!([{"json": {}}, {"json": {}}]));
    let options = json!({"gateway": {"metadata": {"user": "José ✓"}, "eventId": "événement"}});
    let answer = test.gateway.run(&json!({"provider": "openai", "endpoint": "chat/completions"}), &options).await?;
    assert_eq!(lossy(answer.headers["cf-aig-event-id"].as_bytes()), "événement");
    let log = test.gateway.get_log(answer.headers["cf-aig-log-id"].to_str().expect("ASCII")).await?;
    assert_eq!((&log["metadata"], &log["event_id"]), (&json!({"user": "José ✓"}), &json!("événement")));

    let mut request = post("/openai/chat/completions", "{}");
    request.headers.insert("cf-aig-collect-log-payload", HeaderValue::from_bytes(b"f\xe4lse").expect("a value"));
    assert_eq!(ask(&test, request).await.0, 400, "a wish that cannot be read is not passed over");
    Ok(())
}

#[tokio::test]
async fn no_path_leaves_its_provider() {
    let config = json!({"providers": {"mine": {"base_url": "https://example.com/tenant/a", "key": CANARY}}});
    let test = open(&config, &json!([{"json": {}}, {"json": {}}]));
    for path in ["/custom-mine/../b", "/custom-mine/x/%2E%2e/../b", "/custom-mine/..\\b", "/custom-mine/.\t./b"] {
        assert_eq!(ask(&test, Request::new(Method::GET, path)).await.0, 400, "{path}");
    }
    assert_eq!(test.upstream.calls(), json!([]));
    for path in ["//custom-mine//x?a=../b#c", "https://EXAMPLE.com/tenant/a/x?a=../b#c"] {
        assert_eq!(ask(&test, Request::new(Method::GET, path)).await.0, 200, "{path}");
    }
    let called = |index: usize| test.upstream.calls()[index]["url"].clone();
    assert_eq!(
        [called(0), called(1)],
        ["https://example.com/tenant/a/x?a=../b", "https://example.com/tenant/a/x?a=../b"]
    );
}

#[tokio::test]
async fn one_shape_chat_takes_a_post_only() {
    let test = open(&json!({}), &json!([{"json": {}}]));
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let mut request = post("/compat/chat/completions", r#"{"model": "openai/gpt-4o-mini"}"#);
        request.method = method;
        let response = test.gateway.handle(request).await.expect("the gateway is open");
        assert_eq!((response.status.as_u16(), &response.headers["allow"]), (405, &HeaderValue::from_static("POST")));
    }
    assert_eq!(test.upstream.calls(), json!([]));
}
