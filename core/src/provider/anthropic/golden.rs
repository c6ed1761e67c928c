//! The documented formats, whole: `tests/fixtures/anthropic/translate.<case>.*`. With `TOLLHOUSE_BLESS` set the expected
//! files are written instead of compared.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;

/// The time of all answers here, in Unix seconds.
const CREATED_S: u64 = 1_700_000_000;

#[test]
fn requests() {
    for case in ["request-text", "request-tools", "request-images", "request-thinking"] {
        let translated = Anthropic.request(&read(case, "openai.json")).unwrap();
        assert_eq!(translated.path, "v1/messages");
        assert_eq!(translated.headers[0].0, "anthropic-version");
        assert_eq!(translated.include_usage, case == "request-text");
        assert_golden(case, "anthropic.json", &pretty(&translated.body));
        let changes: Vec<_> = translated.changes.iter().map(ToString::to_string).collect();
        assert_golden(case, "changes.txt", &(changes.join("\n") + "\n"));
    }
}

#[test]
fn answers() {
    for case in ["answer-text", "answer-tools", "answer-thinking", "answer-refusal"] {
        let answer = Anthropic.response(StatusCode::OK, &read(case, "anthropic.json"), CREATED_S).unwrap();
        assert_golden(case, "openai.json", &pretty(&answer));
    }
    let overloaded = StatusCode::from_u16(529).unwrap();
    let answer = Anthropic.response(overloaded, &read("error", "anthropic.json"), CREATED_S).unwrap();
    assert_golden("error", "openai.json", &pretty(&answer));
}

#[test]
fn streams() {
    for (case, include_usage) in
        [("stream-text", true), ("stream-tools", false), ("stream-thinking", true), ("stream-refusal", false)]
    {
        let (out, ended) = decoded([read(case, "anthropic.sse").as_slice()], include_usage);
        assert_golden(case, "openai.sse", &String::from_utf8(out).unwrap());
        assert!(ended.is_ok());
    }
}

#[test]
fn a_failure_in_a_stream_is_told_and_ends_it() {
    let (out, ended) = decoded([read("stream-error", "anthropic.sse").as_slice()], true);
    assert_golden("stream-error", "openai.sse", &String::from_utf8(out).unwrap());
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Broken);
    assert!(!error.message().contains("Overloaded") && error.message().contains("overloaded_error"));
}

#[test]
fn every_split_of_a_stream_gives_the_same_chunks() {
    for case in ["stream-tools", "stream-thinking", "stream-error"] {
        let stream = read(case, "anthropic.sse");
        let (whole, _) = decoded([stream.as_slice()], true);
        for cut in 0..=stream.len() {
            let (left, right) = stream.split_at(cut);
            assert_eq!(decoded([left, right], true).0, whole, "{case} cut at {cut}");
        }
        assert_eq!(decoded(stream.chunks(1), true).0, whole, "{case} byte by byte");
    }
}

#[test]
fn a_stream_that_stops_anywhere_before_its_end_is_broken() {
    for case in ["stream-text", "stream-tools", "stream-thinking"] {
        let stream = read(case, "anthropic.sse");
        for cut in 0..stream.len() {
            let (out, ended) = decoded([&stream[..cut]], true);
            let out = String::from_utf8(out).unwrap();
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Broken, "{case} cut at {cut}");
            assert!(!out.contains("[DONE]") && !out.contains(r#""finish_reason":""#), "{case} cut at {cut}");
            assert!(out.lines().rfind(|line| !line.is_empty()).unwrap().starts_with(r#"data: {"error":"#));
        }
        assert!(decoded([stream.as_slice()], true).1.is_ok());
    }
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let whole = Anthropic.response(StatusCode::OK, &read("answer-thinking", "anthropic.json"), CREATED_S).unwrap();
    let mut whole: Value = serde_json::from_slice(&whole).unwrap();
    let (out, _) = decoded([read("stream-thinking", "anthropic.sse").as_slice()], true);
    let streamed = put_together(&String::from_utf8(out).unwrap());
    let message = whole["choices"][0]["message"].take();
    for member in ["role", "content", "reasoning_content", "thinking_blocks"] {
        assert_eq!(streamed[member], message[member], "{member}");
    }
    assert_eq!(streamed["arguments"], message["tool_calls"][0]["function"]["arguments"]);
    assert_eq!(streamed["usage"], whole["usage"]);
}

#[test]
fn line_breaks_within_an_event_do_not_break_the_chunks() {
    let stream = String::from_utf8(read("stream-thinking", "anthropic.sse")).unwrap();
    let broken_up =
        stream.replace(r#"{"type": "redacted_thinking", "#, "{\ndata:\"type\":\rdata: \"redacted_thinking\",\r\ndata:");
    assert_ne!(broken_up, stream);
    let (out, ended) = decoded([broken_up.as_bytes()], true);
    assert!(ended.is_ok());
    let blocks = put_together(&String::from_utf8(out).unwrap())["thinking_blocks"].take();
    assert_eq!(blocks[1], json!({"index": 1, "type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"}));
}

#[test]
fn bytes_that_are_no_stream_never_panic() {
    let stream = read("stream-thinking", "anthropic.sse");
    let mut random = fastrand::Rng::with_seed(2);
    for _ in 0..500 {
        let mut bytes = stream.clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            match random.u8(0..3) {
                0 => bytes[at] = random.u8(..),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, *random.choice(b"\"{}[]:,\\\n\r0-u").unwrap()),
            }
        }
        let (out, ended) = decoded([bytes.as_slice()], true);
        assert_eq!(ended.is_ok(), out.ends_with(b"data: [DONE]\n\n"));
    }
}

fn decoded<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, include_usage: bool) -> (Vec<u8>, Result<(), Error>) {
    let (mut decoder, mut out) = (Anthropic.stream(CREATED_S, include_usage), Vec::new());
    for chunk in chunks {
        // A failure stays, so the end reports it too.
        let _ = decoder.feed(chunk, &mut out);
    }
    let ended = decoder.end(&mut out);
    (out, ended)
}

/// The message as an SDK's own accumulator puts it together.
fn put_together(stream: &str) -> Value {
    let mut message = json!({});
    let events = stream.split("\n\n").filter_map(|event| event.strip_prefix("data: {"));
    for event in events {
        let chunk: Value = serde_json::from_str(&format!("{{{event}")).unwrap();
        if !chunk["usage"].is_null() {
            message["usage"] = chunk["usage"].clone();
        }
        let Some(delta) = chunk["choices"][0]["delta"].as_object() else { continue };
        let arguments = delta.get("tool_calls").map(|calls| ("arguments", &calls[0]["function"]["arguments"]));
        for (name, value) in delta.iter().map(|(name, value)| (name.as_str(), value)).chain(arguments) {
            match (message[name].as_str(), value.as_str()) {
                (Some(before), Some(more)) => message[name] = json!(format!("{before}{more}")),
                _ => message[name] = value.clone(),
            }
        }
    }
    message
}

fn pretty(json: &[u8]) -> String {
    format!("{:#}\n", serde_json::from_slice::<Value>(json).unwrap())
}

fn fixture(case: &str, kind: &str) -> PathBuf {
    PathBuf::from(format!("{}/../tests/fixtures/anthropic/translate.{case}.{kind}", env!("CARGO_MANIFEST_DIR")))
}

fn read(case: &str, kind: &str) -> Vec<u8> {
    std::fs::read(fixture(case, kind)).unwrap_or_else(|error| panic!("{case}.{kind}: {error}"))
}

fn assert_golden(case: &str, kind: &str, actual: &str) {
    if std::env::var_os("TOLLHOUSE_BLESS").is_some() {
        std::fs::write(fixture(case, kind), actual).unwrap();
    }
    assert_eq!(actual, String::from_utf8(read(case, kind)).unwrap(), "{case}.{kind}");
}
