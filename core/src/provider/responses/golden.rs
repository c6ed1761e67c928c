//! The documented formats, whole, both ways.

use serde_json::{Value, json};

use super::super::object::Object;
use super::*;
use crate::error::ErrorKind;
use crate::provider::fixtures::{CREATED_S, Folder, PLAIN, TRANSLATED, decoded, events, pretty};

const FIXTURES: Folder = Folder("responses");

#[test]
fn requests() {
    for case in ["request", "request-loop"] {
        let body = FIXTURES.read(case, "responses.json");
        FIXTURES.compare_heard(case, "plain", &hear(&body, &PLAIN).unwrap());
        FIXTURES.compare_heard(case, "translated", &hear(&body, &TRANSLATED).unwrap());
    }
}

#[test]
fn answers() {
    for case in ["answer-text", "answer-tools", "answer-refusal"] {
        let answer = reply().answer(StatusCode::OK, &FIXTURES.read(case, "chat.json"), CREATED_S).unwrap();
        FIXTURES.compare(case, "responses.json", &pretty(&answer));
    }
}

#[test]
fn streams() {
    for case in ["stream-text", "stream-tools"] {
        let (out, ended) = told([FIXTURES.read(case, "chat.sse").as_slice()]);
        FIXTURES.compare(case, "responses.sse", &out);
        assert!(ended.is_ok());
        let numbers = events(&out).into_iter().map(|(_, event)| event["sequence_number"].as_u64().unwrap());
        assert!(numbers.eq(0..events(&out).len() as u64), "{case}");
    }
    let (out, ended) = told([FIXTURES.read("stream-error", "chat.sse").as_slice()]);
    FIXTURES.compare("stream-error", "responses.sse", &out);
    let error = ended.unwrap_err();
    assert!(error.kind() == ErrorKind::Broken && !error.message().contains("Overloaded"));
}

#[test]
fn every_split_of_a_stream_gives_the_same_events() {
    for case in ["stream-text", "stream-tools", "stream-error"] {
        let stream = FIXTURES.read(case, "chat.sse");
        let (whole, _) = told([stream.as_slice()]);
        for cut in 0..=stream.len() {
            let (left, right) = stream.split_at(cut);
            assert_eq!(told([left, right]).0, whole, "{case} cut at {cut}");
        }
        assert_eq!(told(stream.chunks(1)).0, whole, "{case} byte by byte");
    }
}

#[test]
fn a_stream_that_stops_before_its_end_is_an_error_of_openais() {
    for case in ["stream-text", "stream-tools"] {
        let stream = String::from_utf8(FIXTURES.read(case, "chat.sse")).unwrap();
        let end = stream.find(r#""finish_reason":""#).unwrap();
        for cut in (0..end).filter(|cut| stream.is_char_boundary(*cut)) {
            let (out, ended) = told([&stream.as_bytes()[..cut]]);
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Broken, "{case} cut at {cut}");
            let events = events(&out);
            assert!(events.iter().all(|(name, _)| name != "response.completed"), "{case} cut at {cut}");
            let (name, last) = events.last().unwrap();
            assert_eq!((name.as_str(), &last["code"]), ("error", &json!("broken")));
            assert_eq!(last["message"], last["error"]["message"]);
        }
    }
}

#[test]
fn a_stream_ends_with_what_it_told_piece_by_piece() {
    for case in ["stream-text", "stream-tools"] {
        let (out, _) = told([FIXTURES.read(case, "chat.sse").as_slice()]);
        let events = events(&out);
        let done: Vec<_> = events.iter().filter(|(name, _)| name == "response.output_item.done").collect();
        let last = &events.last().unwrap().1["response"];
        for (index, (_, event)) in done.iter().enumerate() {
            assert_eq!((event["output_index"].as_u64(), &event["item"]), (Some(index as u64), &last["output"][index]));
        }
        let pieces = |kind: &str| -> String {
            events
                .iter()
                .filter(|(name, _)| name == kind)
                .map(|(_, event)| event["delta"].as_str().unwrap_or("?"))
                .collect()
        };
        if case == "stream-tools" {
            assert_eq!(pieces("response.function_call_arguments.delta"), last["output"][2]["arguments"]);
            assert_eq!(pieces("response.reasoning_summary_text.delta"), last["output"][0]["summary"][0]["text"]);
        }
    }
}

#[test]
fn an_answer_sent_back_keeps_what_its_provider_wants() {
    for source in ["answer-tools", "stream-tools"] {
        let output = if source == "answer-tools" {
            let chat = FIXTURES.read(source, "chat.json");
            let answer = reply().answer(StatusCode::OK, &chat, CREATED_S).unwrap();
            serde_json::from_slice::<Value>(&answer).unwrap()["output"].take()
        } else {
            let (out, _) = told([FIXTURES.read(source, "chat.sse").as_slice()]);
            events(&out).last().unwrap().1["response"]["output"].clone()
        };
        let body = json!({"model": "m", "input": output});
        let heard = hear(body.to_string().as_bytes(), &TRANSLATED).unwrap();
        let chat: Value = serde_json::from_slice(&heard.chat).unwrap();
        let message = &chat["messages"][0];
        assert_eq!(heard.changes, [], "{source}");
        assert_eq!(message["thinking_blocks"], json!([{"index": 0, "text": "I need the tool.", "thought": true}]));
        let call = &message["tool_calls"][0];
        assert_eq!(call["extra_content"], json!({"google": {"thought_signature": "c2ln"}}), "{source}");
        assert_eq!(message["tool_calls"][1]["function"]["arguments"], "{}");
    }
}

#[test]
fn what_cannot_be_carried_names_its_place() {
    let item = |item: Value| json!({"input": [item]});
    let part = |part: Value| json!({"input": [{"role": "user", "content": [part]}]});
    let cases = [
        (json!({"previous_response_id": "resp_1"}), "previous_response_id"),
        (json!({"conversation": "conv_1"}), "conversation"),
        (json!({"background": true}), "background"),
        (json!({"input": []}), "input"),
        (json!({"input": ""}), "input"),
        (json!({"input": 1}), "input"),
        (item(json!({"type": "item_reference", "id": "x"})), "input[0].type"),
        (item(json!({"type": "function_call", "name": "f", "arguments": "{}"})), "input[0].call_id"),
        (item(json!({"role": "x", "content": "y"})), "input[0].role"),
        (part(json!({"type": "input_image", "file_id": "file_1"})), "input[0].content[0].file_id"),
        (part(json!({"type": "input_file", "file_url": "https://a.test/x"})), "input[0].content[0].file_url"),
        (part(json!({"type": "input_video"})), "input[0].content[0].type"),
        (json!({"tools": [{"type": "web_search"}]}), "tools[0].type"),
        (json!({"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "mcp"}}), "tool_choice.type"),
        (json!({"text": {"format": {"type": "xml"}}}), "text.format.type"),
        (json!({"max_output_tokens": "x"}), "max_output_tokens"),
    ];
    for (members, field) in cases {
        let mut body = json!({"model": "m", "input": "hi"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let fault = hear(body.to_string().as_bytes(), &PLAIN).err().unwrap();
        assert_eq!(fault.field, field, "{members}");
    }
}

/// The reply to a call that repeats its settings.
fn reply() -> Responses {
    let asked = FIXTURES.read("request-loop", "responses.json");
    Responses { echo: Echo::of(&Object::body(&asked).unwrap()) }
}

fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (String, Result<(), Error>) {
    decoded(reply().stream(CREATED_S), chunks)
}
