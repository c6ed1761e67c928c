//! The documented formats, whole: `tests/fixtures/bedrock/`. Streams stand there as lines of an event's name and payload;
//! the frames around them are made here.

use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;
use crate::eventstream::message;
use crate::provider::fixtures::{CREATED_S, Folder, decoded, pretty};

const FIXTURES: Folder = Folder("bedrock");

#[test]
fn requests() {
    let translated = Bedrock.request(&FIXTURES.read("request", "openai.json")).unwrap();
    assert_eq!(translated.path, "model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
    assert!(translated.include_usage);
    FIXTURES.compare("request", "bedrock.json", &pretty(&translated.body));
    let changes: Vec<_> = translated.changes.iter().map(ToString::to_string).collect();
    FIXTURES.compare("request", "changes.txt", &(changes.join("\n") + "\n"));
}

#[test]
fn answers() {
    for case in ["answer-text", "answer-tools"] {
        let answer = Bedrock.response(StatusCode::OK, &FIXTURES.read(case, "bedrock.json"), CREATED_S).unwrap();
        FIXTURES.compare(case, "openai.json", &pretty(&answer));
    }
}

#[test]
fn streams() {
    let stream = frames("stream-tools");
    let (out, ended) = told([stream.as_slice()]);
    FIXTURES.compare("stream-tools", "openai.sse", &out);
    assert!(ended.is_ok());
}

#[test]
fn every_split_of_a_stream_gives_the_same_chunks() {
    let stream = frames("stream-tools");
    let (whole, _) = told([stream.as_slice()]);
    for cut in 0..=stream.len() {
        let (left, right) = stream.split_at(cut);
        assert_eq!(told([left, right]).0, whole, "cut at {cut}");
    }
    assert_eq!(told(stream.chunks(1)).0, whole);
}

#[test]
fn a_stream_that_stops_before_its_end_or_is_altered_is_broken() {
    let stream = frames("stream-tools");
    let last = message("metadata", lines("stream-tools").last().unwrap().1.as_bytes()).len();
    let stop = message("messageStop", br#"{"stopReason":"tool_use"}"#).len();
    for cut in (0..stream.len() - last - stop).step_by(7) {
        let (out, ended) = told([&stream[..cut]]);
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::Broken, "cut at {cut}");
        assert!(!out.contains("[DONE]") && out.contains(r#"data: {"error":"#));
    }
    // Without its usage it is whole all the same.
    assert!(told([&stream[..stream.len() - last]]).1.is_ok());
    for at in (0..stream.len()).step_by(11) {
        let mut wrong = stream.clone();
        wrong[at] ^= 1;
        assert!(told([wrong.as_slice()]).1.is_err() || at >= stream.len() - last, "byte {at}");
    }
}

#[test]
fn an_exception_in_a_stream_is_told_and_ends_it() {
    let start = message("messageStart", br#"{"role":"assistant"}"#);
    let failed = message("throttlingException", br#"{"message":"slow down sk-secret"}"#);
    let (out, ended) = told([start.as_slice(), failed.as_slice()]);
    let last: Value = serde_json::from_str(out.trim().rsplit("data: ").next().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "rate_limit_exceeded");
    let error = ended.unwrap_err();
    assert!(error.message().contains("rate_limit_exceeded") && !error.message().contains("sk-secret"));
}

#[test]
fn an_answer_sent_back_is_the_answer() {
    let fixture = FIXTURES.read("answer-tools", "bedrock.json");
    let content = serde_json::from_slice::<Value>(&fixture).unwrap()["output"]["message"]["content"].take();
    let answer = Bedrock.response(StatusCode::OK, &fixture, CREATED_S).unwrap();
    let message = serde_json::from_slice::<Value>(&answer).unwrap()["choices"][0]["message"].take();
    let chat = json!({"model": "m", "messages": [message]});
    let translated = Bedrock.request(chat.to_string().as_bytes()).unwrap();
    assert_eq!(translated.changes, []);
    let body: Value = serde_json::from_slice(&translated.body).unwrap();
    assert_eq!(body["messages"][0]["content"], content);
}

#[test]
fn errors_are_told_apart() {
    let code = |status: u16, body: &[u8]| {
        let body = Bedrock.response(StatusCode::from_u16(status).unwrap(), body, 0).unwrap();
        let error = serde_json::from_slice::<Value>(&body).unwrap()["error"].take();
        (error["type"].clone(), error["code"].clone(), error["message"].clone())
    };
    assert_eq!(code(429, br#"{"message":"m"}"#), (json!("rate_limit_error"), json!("rate_limit_exceeded"), json!("m")));
    assert_eq!(code(403, br#"{"Message":"m"}"#).1, "permission_error");
    assert_eq!(code(400, br#"{"message":"m"}"#), (json!("invalid_request_error"), json!(null), json!("m")));
    assert!(!code(502, b"<html>sk-secret").2.to_string().contains("sk-secret"));
}

#[test]
fn what_cannot_be_carried_names_its_place() {
    let part = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    let url = |url: &str| part(json!({"type": "image_url", "image_url": {"url": url}}));
    let cases = [
        (json!({"messages": []}), "messages"),
        (url("https://a.test/x.png"), "messages[0].content[0].image_url.url"),
        (url("data:image/tiff;base64,AA"), "messages[0].content[0].image_url.url"),
        (part(json!({"type": "input_audio"})), "messages[0].content[0].type"),
        (part(json!({"type": "file", "file": {"file_id": "x"}})), "messages[0].content[0].file.file_data"),
        (json!({"tools": [{"type": "web_search"}]}), "tools[0].type"),
        (json!({"tool_choice": {"type": "x"}}), "tool_choice.type"),
        (json!({"temperature": "hot"}), "temperature"),
        (json!({"stop": 1}), "stop"),
        (json!({"response_format": {"type": "xml"}}), "response_format.type"),
    ];
    for (members, field) in cases {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(Bedrock.request(body.to_string().as_bytes()).unwrap_err().field, field, "{members}");
    }
}

/// Each event's name and payload.
fn lines(case: &str) -> Vec<(String, String)> {
    let text = String::from_utf8(FIXTURES.read(case, "bedrock.txt")).unwrap();
    let line = |line: &str| line.split_once(' ').map(|(name, data)| (name.to_owned(), data.to_owned()));
    text.lines().filter_map(line).collect()
}

fn frames(case: &str) -> Vec<u8> {
    lines(case).iter().flat_map(|(name, data)| message(name, data.as_bytes())).collect()
}

fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (String, Result<(), Error>) {
    decoded(Bedrock.stream(CREATED_S, true), chunks)
}
