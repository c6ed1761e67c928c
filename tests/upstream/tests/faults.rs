//! Faults over real HTTP, and what the ledger says of them. No test waits for a time: each waits for an event.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use common::{ask, client, json, post};
use serde_json::{Value, json};
use tollhouse_upstream::{Call, Ending, Fail, Options, Step, Upstream};

const CHAT: &str = "/v1/chat/completions";

/// Longer than any test lives.
const FOR_EVER_MS: u64 = 3_600_000;

fn hello(stream: bool) -> Value {
    json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hello there"}]})
}

/// Sends one call on a connection of its own and reads all that comes, with how it ended.
fn raw(url: &str, body: &Value) -> (String, Option<ErrorKind>) {
    let mut socket = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let body = body.to_string();
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut all = Vec::new();
    let error = socket.read_to_end(&mut all).err().map(|error| error.kind());
    (String::from_utf8(all).unwrap(), error)
}

fn ending(calls: &[Call]) -> (Option<Ending>, bool) {
    let last = calls.last().unwrap();
    (last.ending, last.finished)
}

#[tokio::test]
async fn each_event_is_a_chunk_of_its_own() {
    let upstream = Upstream::start().await;
    let (answer, _) = raw(upstream.url(), &hello(true));
    let mut chunks = answer.split_once("\r\n\r\n").unwrap().1;
    let mut events = 0;
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let (chunk, rest) = rest.split_at(usize::from_str_radix(size, 16).unwrap());
        assert_eq!(chunk.matches("data: ").count(), usize::from(!chunk.is_empty()));
        assert!(chunk.is_empty() || chunk.ends_with("\n\n"));
        events += usize::from(!chunk.is_empty());
        chunks = rest.strip_prefix("\r\n").unwrap();
    }
    // The role, six words, the finish reason, the end marker.
    assert_eq!(events, 9);
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::Complete), true));
}

#[tokio::test]
async fn the_script_is_followed_in_order() {
    let upstream = Upstream::start().await;
    let refused = Step { retry_after: Some(2.into()), ..Step::status(429) };
    let own = Step { status: Some(418), body: Some(json!({"own": true})), ..Step::ok() };
    upstream.script([refused, Step::ok(), own]);

    let response = post(upstream.url(), CHAT, &hello(false)).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"2".parse().unwrap()));
    assert_eq!(json(response).await["error"]["code"], "rate_limit_exceeded");
    assert_eq!(ask(upstream.url(), CHAT, &hello(false)).await.0, 200);
    assert_eq!(ask(upstream.url(), CHAT, &hello(false)).await, (418, json!({"own": true})));
    assert_eq!(ask(upstream.url(), CHAT, &hello(false)).await.0, 200);
}

#[tokio::test]
async fn a_header_speaks_for_its_own_call() {
    let upstream = Upstream::start().await;
    upstream.script([Step::status(500)]);
    let step = r#"{"headers": {"X-Own": "1"}, "gzip": true}"#;
    let response = post(upstream.url(), CHAT, &hello(true)).header("x-upstream-script", step).send().await.unwrap();
    assert_eq!(response.headers()["x-own"], "1");
    assert!(response.text().await.unwrap().ends_with("data: [DONE]\n\n"), "the client has unpacked it");
    assert_eq!(ask(upstream.url(), CHAT, &hello(false)).await.0, 500);
    let misspelt = post(upstream.url(), CHAT, &hello(true)).header("x-upstream-script", r#"{"dely_ms": 1}"#);
    assert_eq!(misspelt.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_packed_answer_is_gzip() {
    let upstream = Upstream::start().await;
    upstream.script([Step { gzip: true, chunk_bytes: Some(1), ..Step::ok() }]);
    let response = post(upstream.url(), CHAT, &hello(false)).send().await.unwrap();
    assert_eq!(json(response).await["choices"][0]["finish_reason"], "stop");
    upstream.script([Step { gzip: true, ..Step::ok() }]);
    // A raw reader finds no text in it.
    let mut socket = TcpStream::connect(upstream.url().strip_prefix("http://").unwrap()).unwrap();
    socket.write_all(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\nconnection: close\r\n\r\n").unwrap();
    let mut all = Vec::new();
    socket.read_to_end(&mut all).unwrap();
    let start = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(all[start..start + 2], [0x1f, 0x8b]);
    assert!(String::from_utf8_lossy(&all[..start]).contains("content-encoding: gzip"));
}

#[tokio::test]
async fn connections_end_as_told() {
    let upstream = Upstream::start().await;
    upstream.script([Step::fail(Fail::Refuse)]);
    assert_eq!(raw(upstream.url(), &hello(false)), (String::new(), None));
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::Refused), false));

    upstream.script([Step::fail(Fail::Reset)]);
    assert_eq!(raw(upstream.url(), &hello(false)), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::Reset), false));

    upstream.script([Step { cut_after_bytes: Some(3), ..Step::fail(Fail::Reset) }]);
    assert_eq!(raw(upstream.url(), &hello(true)).1, Some(ErrorKind::ConnectionReset));
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::Reset), false));

    upstream.script([Step { cut_after_bytes: Some(7), ..Step::ok() }]);
    let (whole, error) = raw(upstream.url(), &hello(false));
    assert_eq!((whole.split_once("\r\n\r\n").unwrap().1, error), (r#"{"id":""#, None));
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::Cut), false));

    upstream.script([Step::fail(Fail::Cut)]);
    let (stream, error) = raw(upstream.url(), &hello(true));
    assert!(error.is_none() && stream.ends_with("\n\n\r\n") && !stream.contains("[DONE]"), "{stream}");

    upstream.script([Step::fail(Fail::Truncate)]);
    let (stream, _) = raw(upstream.url(), &hello(true));
    assert!(stream.ends_with("\r\n0\r\n\r\n") && !stream.contains("[DONE]"), "{stream}");
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::Truncated), false));
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let upstream = Upstream::start().await;
    upstream.script([Step::fail(Fail::Stall)]);
    let mut response = post(upstream.url(), CHAT, &hello(true)).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"data: "), "the first event comes while the rest is held back");
    assert_eq!(ending(&upstream.ledger()), (None, false));
    drop(response);
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::ClientGone), false));

    upstream.script([Step { delay_ms: Some(FOR_EVER_MS), ..Step::ok() }]);
    let waiting = tokio::spawn(post(upstream.url(), CHAT, &hello(false)).send());
    upstream.arrived(2).await;
    waiting.abort();
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::ClientGone), false));

    upstream.script([Step { chunk_delay_ms: Some(FOR_EVER_MS), ..Step::ok() }]);
    let mut response = post(upstream.url(), CHAT, &hello(true)).send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    drop(response);
    assert_eq!(ending(&upstream.settled().await), (Some(Ending::ClientGone), false));
}

#[tokio::test]
async fn models_fail_by_their_names() {
    let upstream = Upstream::start().await;
    let named = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(ask(upstream.url(), CHAT, &named("fail-503")).await.0, 503);
    assert_eq!(ask(upstream.url(), CHAT, &named("slow-1ms")).await.0, 200);
    let limited = post(upstream.url(), CHAT, &named("fail-429")).send().await.unwrap();
    assert_eq!(limited.headers()["retry-after"], "1");
    let cut = post(upstream.url(), CHAT, &named("cut-stream")).send().await.unwrap();
    assert!(cut.bytes().await.is_err());
}

#[tokio::test]
async fn the_control_paths_do_the_same() {
    let file = std::env::temp_dir().join(format!("upstream-ledger-{}.jsonl", std::process::id()));
    let upstream = Options { ledger: Some(file.clone()), ..Options::default() }.start().await.unwrap();
    let control = |path: &str| format!("{}{path}", upstream.url());
    let refused = client().post(control("/__script")).body(r#"{"status": 503}"#).send().await.unwrap();
    assert_eq!(refused.status(), 400, "a script is a list");
    client().post(control("/__script")).body(r#"[{"status": 503}]"#).send().await.unwrap();
    assert_eq!(ask(upstream.url(), "/v1/chat/completions?a=b", &hello(false)).await.0, 503);

    let ledger = json(client().get(control("/__ledger?arrived=1&settled=1")).send().await.unwrap()).await;
    let [call] = ledger.as_array().unwrap().as_slice() else { panic!("{ledger}") };
    assert_eq!(
        (&call["n"], &call["method"], &call["path"], &call["query"]),
        (&json!(1), &json!("POST"), &json!(CHAT), &json!("a=b"))
    );
    assert_eq!((&call["status"], &call["usage"], &call["ending"]), (&json!(503), &Value::Null, &json!("complete")));
    assert_eq!((&call["json"], &call["headers"]["authorization"]), (&hello(false), &json!("Bearer good-key")));
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim_end(), call.to_string());

    client().post(control("/__reset")).send().await.unwrap();
    let ledger = json(client().get(control("/__ledger")).send().await.unwrap()).await;
    assert_eq!(ledger, json!([]));
    assert_eq!(ask(upstream.url(), CHAT, &hello(false)).await.1["id"], "chatcmpl-upstream-1");
    std::fs::remove_file(file).unwrap();
}
