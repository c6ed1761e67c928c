//! The documented formats, whole, both ways.

use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;
use crate::provider::fixtures::{CREATED_S, Folder, PLAIN, TRANSLATED, decoded, events, pretty};

const FIXTURES: Folder = Folder("messages");

#[test]
fn requests() {
    for case in ["request", "request-loop"] {
        let body = FIXTURES.read(case, "messages.json");
        FIXTURES.compare_heard(case, "plain", &hear(&body, &PLAIN).unwrap());
        FIXTURES.compare_heard(case, "translated", &hear(&body, &TRANSLATED).unwrap());
    }
}

#[test]
fn answers() {
    for case in ["answer-text", "answer-tools", "answer-refusal"] {
        let answer = Messages.answer(StatusCode::OK, &FIXTURES.read(case, "chat.json"), CREATED_S).unwrap();
        FIXTURES.compare(case, "messages.json", &pretty(&answer));
    }
    let answer = Messages.answer(StatusCode::BAD_REQUEST, &FIXTURES.read("error", "chat.json"), CREATED_S).unwrap();
    FIXTURES.compare("error", "messages.json", &pretty(&answer));
}

#[test]
fn streams() {
    for case in ["stream-text", "stream-tools"] {
        let (out, ended) = told([FIXTURES.read(case, "chat.sse").as_slice()]);
        FIXTURES.compare(case, "messages.sse", &out);
        assert!(ended.is_ok());
    }
    let (out, ended) = told([FIXTURES.read("stream-error", "chat.sse").as_slice()]);
    FIXTURES.compare("stream-error", "messages.sse", &out);
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
fn a_stream_that_stops_before_its_end_is_an_error_of_anthropics() {
    for case in ["stream-text", "stream-tools"] {
        let stream = String::from_utf8(FIXTURES.read(case, "chat.sse")).unwrap();
        let end = stream.find(r#""finish_reason":""#).unwrap();
        for cut in (0..end).filter(|cut| stream.is_char_boundary(*cut)) {
            let (out, ended) = told([&stream.as_bytes()[..cut]]);
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Broken, "{case} cut at {cut}");
            let events = events(&out);
            assert!(events.iter().all(|(name, _)| name != "message_stop"), "{case} cut at {cut}");
            let (name, last) = events.last().unwrap();
            assert_eq!((name.as_str(), &last["error"]["type"]), ("error", &json!("api_error")));
        }
    }
}

#[test]
fn a_stream_without_its_last_line_is_whole_once_it_says_why_it_ended() {
    let stream = String::from_utf8(FIXTURES.read("stream-text", "chat.sse")).unwrap().replace("data: [DONE]\n\n", "");
    let (out, ended) = told([stream.as_bytes()]);
    assert!(ended.is_ok() && events(&out).last().unwrap().0 == "message_stop");
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let whole = Messages.answer(StatusCode::OK, &FIXTURES.read("answer-tools", "chat.json"), CREATED_S).unwrap();
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    let (out, _) = told([FIXTURES.read("stream-tools", "chat.sse").as_slice()]);
    let kinds = |content: &Value| -> Vec<Value> {
        content.as_array().unwrap().iter().map(|block| block["type"].clone()).collect()
    };
    let blocks: Vec<Value> = events(&out)
        .iter()
        .filter(|(name, _)| name == "content_block_start")
        .map(|(_, e)| e["content_block"].clone())
        .collect();
    assert_eq!(kinds(&whole["content"]), ["thinking", "tool_use", "tool_use"]);
    assert_eq!(kinds(&json!(blocks)), ["thinking", "text", "tool_use", "tool_use", "redacted_thinking"]);
    // What the provider wants back is the same, wherever it stands.
    let sealed = |text: &Value| text.as_str().unwrap().replace(' ', "");
    assert_eq!(sealed(&blocks[4]["data"]), sealed(&whole["content"][0]["signature"]));
}

#[test]
fn an_answer_sent_back_keeps_what_its_provider_wants() {
    for source in ["answer-tools", "stream-tools"] {
        let content = if source == "answer-tools" {
            let chat = FIXTURES.read(source, "chat.json");
            let answer = Messages.answer(StatusCode::OK, &chat, CREATED_S).unwrap();
            serde_json::from_slice::<Value>(&answer).unwrap()["content"].take()
        } else {
            put_together(&told([FIXTURES.read(source, "chat.sse").as_slice()]).0)
        };
        let body = json!({"model": "m", "max_tokens": 1, "messages": [{"role": "assistant", "content": content}]});
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
    let block = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    let cases = [
        (json!({"messages": []}), "messages"),
        (json!({"messages": [{"role": "user", "content": ""}]}), "messages"),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "messages[0].role"),
        (json!({"messages": [{"role": "user", "content": {}}]}), "messages[0].content"),
        (json!({"max_tokens": "x"}), "max_tokens"),
        (json!({"system": 1}), "system"),
        (json!({"stream": 1}), "stream"),
        (json!({"stop_sequences": "x"}), "stop_sequences"),
        (json!({"thinking": {"type": "x"}}), "thinking.type"),
        (json!({"output_config": {"format": {"type": "xml"}}}), "output_config.format.type"),
        (json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}), "tools[0].type"),
        (json!({"tools": [{"name": "f"}]}), "tools[0].input_schema"),
        (json!({"tools": [{"name": "f", "input_schema": []}]}), "tools[0].input_schema"),
        (json!({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "x"}}), "tool_choice.type"),
        (block(json!({"type": "container_upload"})), "messages[0].content[0].type"),
        (block(json!({"type": "image", "source": {"type": "file"}})), "messages[0].content[0].source.type"),
        (
            block(json!({"type": "document", "source": {"type": "url", "url": "https://a.test/x.pdf"}})),
            "messages[0].content[0].source.url",
        ),
        (block(json!({"type": "tool_result"})), "messages[0].content[0].tool_use_id"),
    ];
    for (members, field) in cases {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let fault = hear(body.to_string().as_bytes(), &PLAIN).err().unwrap();
        assert_eq!(fault.field, field, "{members}");
    }
    assert_eq!(hear(b"[]", &PLAIN).err().unwrap().field, "");
}

fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (String, Result<(), Error>) {
    decoded(Messages.stream(CREATED_S), chunks)
}

/// The content as an SDK's own accumulator puts it together.
fn put_together(stream: &str) -> Value {
    let mut content: Vec<Value> = Vec::new();
    for (name, event) in events(stream) {
        let index = event["index"].as_u64().map(|index| usize::try_from(index).unwrap());
        match name.as_str() {
            "content_block_start" => content.push(event["content_block"].clone()),
            "content_block_delta" => {
                let block = &mut content[index.unwrap()];
                for (from, to) in
                    [("text", "text"), ("thinking", "thinking"), ("signature", "signature"), ("partial_json", "json")]
                {
                    if let Some(piece) = event["delta"][from].as_str() {
                        block[to] = json!(format!("{}{piece}", block[to].as_str().unwrap_or_default()));
                    }
                }
            }
            "content_block_stop" => {
                let block = content[index.unwrap()].as_object_mut().unwrap();
                if let Some(Value::String(json)) = block.remove("json") {
                    block.insert("input".to_owned(), serde_json::from_str(&json).unwrap());
                }
            }
            _ => {}
        }
    }
    json!(content)
}
