//! The documented formats, whole: `tests/fixtures/gemini/translate.<case>.*`. With `TOLLHOUSE_BLESS` set the expected
//! files are written instead of compared.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;

/// The time of all answers here, in Unix seconds.
const CREATED_S: u64 = 1_700_000_000;

#[test]
fn requests() {
    for case in ["request-text", "request-tools", "request-parts", "request-thinking"] {
        let translated = Gemini.request(&read(case, "openai.json")).unwrap();
        let method = if case == "request-text" { "streamGenerateContent?alt=sse" } else { "generateContent" };
        assert!(translated.path.ends_with(&format!(":{method}")), "{}", translated.path);
        assert_golden(case, "gemini.json", &pretty(&translated.body));
        let changes: Vec<_> = translated.changes.iter().map(ToString::to_string).collect();
        assert_golden(case, "changes.txt", &(changes.join("\n") + "\n"));
    }
}

#[test]
fn answers() {
    for case in ["answer-text", "answer-tools", "answer-thinking", "answer-blocked"] {
        let answer = Gemini.response(StatusCode::OK, &read(case, "gemini.json"), CREATED_S).unwrap();
        assert_golden(case, "openai.json", &pretty(&answer));
    }
    let answer = Gemini.response(StatusCode::TOO_MANY_REQUESTS, &read("error", "gemini.json"), CREATED_S).unwrap();
    assert_golden("error", "openai.json", &pretty(&answer));
}

#[test]
fn streams() {
    for (case, include_usage) in [("stream-text", true), ("stream-tools", true), ("stream-thinking", false)] {
        let (out, ended) = decoded([read(case, "gemini.sse").as_slice()], include_usage);
        assert_golden(case, "openai.sse", &String::from_utf8(out).unwrap());
        assert!(ended.is_ok());
    }
}

#[test]
fn a_failure_in_a_stream_is_told_and_ends_it() {
    let (out, ended) = decoded([read("stream-error", "gemini.sse").as_slice()], true);
    assert_golden("stream-error", "openai.sse", &String::from_utf8(out).unwrap());
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Broken);
    assert!(!error.message().contains("overloaded right now") && error.message().contains("overloaded_error"));
}

#[test]
fn every_split_of_a_stream_gives_the_same_chunks() {
    for case in ["stream-tools", "stream-thinking", "stream-error"] {
        let stream = read(case, "gemini.sse");
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
        let stream = read(case, "gemini.sse");
        let last = String::from_utf8(stream.clone()).unwrap().rfind("finishReason").unwrap();
        for cut in 0..last {
            let (out, ended) = decoded([&stream[..cut]], true);
            let out = String::from_utf8(out).unwrap();
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Broken, "{case} cut at {cut}");
            assert!(!out.contains("[DONE]") && !out.contains(r#""finish_reason":""#), "{case} cut at {cut}");
            assert!(out.lines().rfind(|line| !line.is_empty()).unwrap().starts_with(r#"data: {"error":"#));
        }
    }
}

#[test]
fn what_the_model_could_not_finish_is_no_clean_end() {
    for reason in ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"] {
        let answer = json!({"candidates": [{"content": {}, "finishReason": reason}]}).to_string();
        let error = Gemini.response(StatusCode::OK, answer.as_bytes(), 0).unwrap_err();
        assert!(error.kind() == ErrorKind::Broken && error.message().contains(reason));
        let (out, ended) = decoded([format!("data: {answer}\n\n").as_bytes()], false);
        assert!(ended.is_err() && !String::from_utf8(out).unwrap().contains("[DONE]"));
    }
    for body in [
        "",
        "[]",
        "{}",
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[1]}}]}"#,
    ] {
        assert_eq!(
            Gemini.response(StatusCode::OK, body.as_bytes(), 0).unwrap_err().kind(),
            ErrorKind::Broken,
            "{body}"
        );
    }
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let parts: Value = serde_json::from_slice(&read("answer-thinking", "gemini.json")).unwrap();
    let whole = Gemini.response(StatusCode::OK, parts.to_string().as_bytes(), CREATED_S).unwrap();
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    let event = |part| {
        let event = json!({"responseId": parts["responseId"], "candidates": [{"content": {"parts": [part]}}]});
        format!("data: {event}\n\n")
    };
    let mut stream: String = parts["candidates"][0]["content"]["parts"].as_array().unwrap().iter().map(event).collect();
    stream += "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n";
    let (out, _) = decoded([stream.as_bytes()], false);
    let mut said = json!({"content": "", "reasoning_content": ""});
    for event in String::from_utf8(out).unwrap().split("\n\n").filter_map(|event| event.strip_prefix("data: {")) {
        let chunk: Value = serde_json::from_str(&format!("{{{event}")).unwrap();
        for (name, value) in chunk["choices"][0]["delta"].as_object().unwrap() {
            match (said[name].as_str(), value.as_str()) {
                (Some(before), Some(more)) => said[name] = json!(format!("{before}{more}")),
                _ => said[name] = value.clone(),
            }
        }
    }
    said["tool_calls"][0].as_object_mut().unwrap().remove("index");
    let message = &whole["choices"][0]["message"];
    for member in ["content", "reasoning_content", "thinking_blocks", "tool_calls"] {
        assert_eq!(said[member], message[member], "{member}");
    }
}

#[test]
fn an_answer_sent_back_is_the_answer_part_by_part() {
    let answer: Value = serde_json::from_slice(&read("answer-thinking", "gemini.json")).unwrap();
    let completion = Gemini.response(StatusCode::OK, answer.to_string().as_bytes(), 0).unwrap();
    let completion: Value = serde_json::from_slice(&completion).unwrap();
    let message = &completion["choices"][0]["message"];
    let result = json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "9 C"});
    let chat = json!({"model": "gemini-3-pro", "messages": [{"role": "user", "content": "?"}, message, result]});
    let translated = Gemini.request(chat.to_string().as_bytes()).unwrap();
    assert_eq!(translated.changes, []);
    let sent: Value = serde_json::from_slice(&translated.body).unwrap();
    let mut parts = sent["contents"][1]["parts"].clone();
    // An id that was made here goes with the call.
    parts[3]["functionCall"].as_object_mut().unwrap().remove("id");
    assert_eq!(parts, answer["candidates"][0]["content"]["parts"]);
    assert_eq!(sent["contents"][2]["parts"][0]["functionResponse"]["name"], "get_weather");
}

#[test]
fn what_another_provider_thought_is_left_out_and_told() {
    let block = json!({"type": "thinking", "thinking": "t", "signature": "s"});
    let messages =
        json!([{"role": "user", "content": "?"}, {"role": "assistant", "content": "a", "thinking_blocks": [block]}]);
    let chat = json!({"model": "gemini-3-pro", "messages": messages});
    let translated = Gemini.request(chat.to_string().as_bytes()).unwrap();
    assert_eq!(translated.changes[0].path, "messages[1].thinking_blocks[0]");
    assert!(!std::str::from_utf8(&translated.body).unwrap().contains("signature"));
}

#[test]
fn what_cannot_be_carried_names_its_place() {
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let cases = [
        (json!({"messages": []}), "messages"),
        (json!({"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]}), "messages[0].tool_call_id"),
        (json!({"messages": [{"role": "function", "content": "y"}]}), "messages[0].role"),
        (
            user(json!([{"type": "image_url", "image_url": {"url": "http://x"}}])),
            "messages[0].content[0].image_url.url",
        ),
        (user(json!([{"type": "image_url", "image_url": {"url": "data:,x"}}])), "messages[0].content[0].image_url.url"),
        (user(json!([{"type": "file", "file": {"filename": "x"}}])), "messages[0].content[0].file.file_data"),
        (user(json!([{"type": "video"}])), "messages[0].content[0].type"),
        (json!({"model": "a/../b"}), "model"),
        (json!({"temperature": "hot"}), "temperature"),
        (json!({"stop": [1]}), "stop"),
        (json!({"reasoning_effort": "huge"}), "reasoning_effort"),
        (json!({"tools": [{"type": "web_search"}]}), "tools[0].type"),
        (json!({"tool_choice": {"type": "allowed_tools"}}), "tool_choice.type"),
        (json!({"response_format": {"type": "xml"}}), "response_format.type"),
        (json!({"functions": [{}]}), "functions"),
    ];
    for (members, field) in cases {
        let mut chat = json!({"model": "gemini-3-pro", "messages": [{"role": "user", "content": "hi"}]});
        chat.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(Gemini.request(chat.to_string().as_bytes()).unwrap_err().field, field, "{members}");
    }
}

#[test]
fn bytes_that_are_no_stream_never_panic() {
    let stream = read("stream-thinking", "gemini.sse");
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
    let (mut decoder, mut out) = (Gemini.stream(CREATED_S, include_usage), Vec::new());
    for chunk in chunks {
        // A failure stays, so the end reports it too.
        let _ = decoder.feed(chunk, &mut out);
    }
    let ended = decoder.end(&mut out);
    (out, ended)
}

fn pretty(json: &[u8]) -> String {
    format!("{:#}\n", serde_json::from_slice::<Value>(json).unwrap())
}

fn fixture(case: &str, kind: &str) -> PathBuf {
    PathBuf::from(format!("{}/../tests/fixtures/gemini/translate.{case}.{kind}", env!("CARGO_MANIFEST_DIR")))
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
