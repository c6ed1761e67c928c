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

#[tokio::test]
async fn an_answer_that_unfolds_is_taken_in_pieces() {
    let piece = "x".repeat(100_000);
    let script = json!([{"headers": {"content-type": "audio/mpeg"}, "chunks": vec![piece; 100]}]);
    let test = open(&json!({}), &script);
    let mut body = test.gateway.handle(post("/openai/audio/speech", "{}")).await.expect("open").body;
    let (mut total, mut largest) = (0, 0);
    while let Some(batch) = body.next_batch().await {
        let bytes = batch.expect("nothing breaks").iter().map(bytes::Bytes::len).sum::<usize>();
        (total, largest) = (total + bytes, largest.max(bytes));
    }
    assert_eq!(total, 10_000_000);
    assert!(largest <= 400_000, "{largest} bytes at once");
    assert!(body.next_batch().await.is_none());
}

#[tokio::test]
async fn the_providers_own_words_stay_out_of_the_log() {
    let failure = json!({"type": "error", "error": {"type": "overloaded_error", "message": CANARY}});
    let script = json!([{"sse": [{"event": "error", "data": failure}]}]);
    let test = open(&json!({"logs": {"payloads": false}}), &script);
    let chat =
        json!({"model": "anthropic/claude-haiku-4-5", "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let (status, error, log) = ask(&test, post("/compat/chat/completions", chat.to_string())).await;
    assert_eq!(status, 200);
    assert!(error.contains("overloaded_error") && log.contains("overloaded_error"), "{error} {log}");
    assert!(!error.contains(CANARY) && !log.contains(CANARY), "{error} {log}");
}

/// Lets go after every number of polls: the call is in the log once, and says how far it came.
#[tokio::test]
async fn a_call_can_be_let_go_of_at_any_point() {
    let script = json!([{"status": 500, "delay_ms": 1, "chunk_delay_ms": 1, "json": {"try": 1}},
        {"delay_ms": 1, "chunk_delay_ms": 1, "sse": [{"choices": [{"finish_reason": "stop"}]}, "[DONE]"]}]);
    let mut polls = 1;
    loop {
        let test = open(&json!({"retries": {"max_attempts": 2, "delay": "1ms"}}), &script);
        let mut call = Box::pin(async {
            let answer = test.gateway.handle(post("/openai/chat/completions", r#"{"stream": true}"#)).await;
            answer.expect("the gateway is open").body.bytes(1 << 20).await
        });
        let mut left = polls;
        let ended = std::future::poll_fn(|context| {
            left -= 1;
            match call.as_mut().poll(context) {
                std::task::Poll::Pending if left > 0 => std::task::Poll::Pending,
                polled => std::task::Poll::Ready(polled.is_ready()),
            }
        })
        .await;
        drop(call);
        let logs = serde_json::to_value(test.gateway.logs(&json!({})).await.expect("open")).expect("JSON");
        let log = &logs["logs"][0];
        let sent = test.upstream.calls().as_array().map_or(0, Vec::len);
        assert_eq!(logs["logs"].as_array().map(Vec::len), Some(1), "after {polls} polls: {logs}");
        assert_eq!(log["attempts"].as_array().map(Vec::len), Some(sent), "after {polls} polls: {log}");
        assert_ne!(log["cancelled"], log["success"], "after {polls} polls: {log}");
        if ended {
            assert_eq!(log["success"], json!(true));
            assert!(polls > 10, "the call waited {polls} times only");
            return;
        }
        polls += 1;
    }
}

#[tokio::test]
async fn an_error_is_no_stream_whatever_it_is_called() {
    let events = json!({"content-type": "text/event-stream"});
    let script = json!([{"status": 429, "headers": events, "chunks": [r#"{"error": "slow down"}"#]}]);
    let test = open(&json!({}), &script);
    let (status, answer, log) = ask(&test, post("/openai/chat/completions", r#"{"stream": true}"#)).await;
    assert_eq!((status, answer.as_str()), (429, r#"{"error": "slow down"}"#));
    assert!(log.contains(r#""truncated":false"#), "{log}");
}

#[tokio::test]
async fn streams_that_are_not_chats_end_as_they_like() {
    let test = open(&json!({}), &json!([{"sse": [{"type": "speech.audio.done"}]}, {"sse": []}, {"sse": [{}]}]));
    let (_, answer, log) = ask(&test, post("/openai/v1/audio/speech", "{}")).await;
    assert_eq!(answer, "data: {\"type\":\"speech.audio.done\"}\n\n");
    assert!(log.contains(r#""success":true"#), "{log}");
    let head = Request::new(Method::HEAD, "/openai/v1/chat/completions");
    assert_eq!(ask(&test, head).await.1, "", "what has no body has no end either");
    let (_, answer, log) = ask(&test, post("/openai/v1/chat/completions", "{}")).await;
    assert!(answer.contains("end marker") && log.contains(r#""truncated":true"#), "{answer} {log}");
}

#[tokio::test]
async fn json_that_was_cut_is_not_kept() {
    let json = json!({"content-type": "application/json"});
    let script = json!([{"headers": json, "chunks": ["{\"a\": "]}, {"json": {"a": 1}}]);
    let test = open(&json!({"cache": {"ttl": "1h"}}), &script);
    for expected in ["{\"a\": ", r#"{"a":1}"#, r#"{"a":1}"#] {
        assert_eq!(ask(&test, post("/openai/chat/completions", "{}")).await.1, expected);
    }
    assert_eq!(test.upstream.calls().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn who_asks_is_part_of_what_is_kept() {
    let test = open(&json!({"cache": {"ttl": "1h"}}), &json!([{"json": 1}, {"json": 2}, {"json": 3}, {"json": 4}]));
    let mut keyed = post("https://models.example/v1/x", "{}");
    keyed.headers.insert("x-api-key", HeaderValue::from_static("one"));
    for (request, expected) in [
        (post("https://models.example/v1/x", "{}"), "1"),
        (post("http://models.example/v1/x", "{}"), "2"),
        (post("https://me:secret@models.example/v1/x", "{}"), "3"),
        (keyed, "4"),
        (post("https://models.example/v1/x", "{}"), "1"),
    ] {
        assert_eq!(ask(&test, request).await.1, expected);
    }
}

#[tokio::test]
async fn a_total_that_the_caller_names_needs_no_usage() {
    let test = open(&json!({}), &json!([{"json": {"data": []}}]));
    let mut request = post("/openai/images/generations", "{}");
    request.headers.insert("cf-aig-custom-cost", HeaderValue::from_static(r#"{"total_cost": 0.04}"#));
    let (_, _, log) = ask(&test, request).await;
    assert!(log.contains(r#""cost_nano_usd":40000000,"custom_cost":true"#), "{log}");
}
