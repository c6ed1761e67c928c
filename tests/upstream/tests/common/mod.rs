//! A client for the tests, and the events of a stream.

#![allow(dead_code, reason = "each test file uses its own part")]

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

pub(crate) const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

pub(crate) fn client() -> Client {
    // Fails when another test has been here first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("a client needs nothing from outside")
}

/// A call with a good key, not sent yet.
pub(crate) fn post(url: &str, path: &str, body: &Value) -> RequestBuilder {
    let request = client().post(format!("{url}{path}")).header("authorization", "Bearer good-key");
    request.header("content-type", "application/json").body(body.to_string())
}

pub(crate) async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.expect("the body comes whole")).expect("the body is JSON")
}

pub(crate) async fn ask(url: &str, path: &str, body: &Value) -> (u16, Value) {
    let response = post(url, path, body).send().await.expect("the upstream answers");
    (response.status().as_u16(), json(response).await)
}

/// The events of a stream: their names, and their data as JSON, or as a string where it is none.
pub(crate) async fn events(response: Response) -> Vec<(String, Value)> {
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let text = response.text().await.expect("the stream comes to its end");
    let blocks = text.strip_suffix("\n\n").expect("the last event is closed").split("\n\n");
    let read = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let data = field("data: ").expect("every event has data");
        (field("event: ").unwrap_or_default(), serde_json::from_str(&data).unwrap_or(Value::String(data)))
    };
    blocks.map(read).collect()
}

/// The texts at `pointer` in all events, put together.
pub(crate) fn joined(events: &[(String, Value)], pointer: &str) -> String {
    events.iter().filter_map(|(_, data)| data.pointer(pointer)?.as_str()).collect()
}
