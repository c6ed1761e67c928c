//! Anthropic's whole answer as a chat completion.

use std::fmt::Display;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::super::completion::{self, Arguments, Choice, Completion, Function, ToolCall};
use super::super::text::{TextBuffer, join};
use super::wire::{Block, Message, finish};
use crate::error::{Error, ErrorKind};

/// The chat completion of `body`. `created_s` is in Unix seconds.
///
/// Texts become one `content`, calls become `tool_calls`. Every other block goes to `thinking_blocks` as it is, with its
/// place among the blocks as `index`, so that the next request can put it back there.
pub(super) fn translate(body: &[u8], created_s: u64) -> Result<Bytes, Error> {
    let message: Message<'_> = serde_json::from_slice(body).map_err(|error| broken(&error.to_string()))?;
    let stop_reason = message.stop_reason.as_deref().ok_or_else(|| broken("it has no stop_reason"))?;
    let said = said(&message)?;
    let choice = Choice { index: 0, message: said, logprobs: (), finish_reason: finish(stop_reason) };
    let completion = Completion {
        id: message.id.raw(),
        object: "chat.completion",
        created: created_s,
        model: message.model.raw(),
        choices: [choice],
        usage: message.usage.as_openai(),
    };
    Ok(serde_json::to_vec(&completion).expect("these shapes have string keys only").into())
}

fn said<'a>(message: &Message<'a>) -> Result<completion::Message<'a>, Error> {
    let (mut texts, mut thoughts) = (Vec::new(), Vec::new());
    let (mut thinking_blocks, mut tool_calls) = (Vec::new(), Vec::new());
    for (index, raw) in message.content.iter().enumerate() {
        let block: Block<'_> = serde_json::from_str(raw.get()).map_err(|error| broken(&error.to_string()))?;
        match block.kind.as_str() {
            "text" => texts.extend(block.text),
            "tool_use" => tool_calls.push(call(&block).ok_or_else(|| broken("a tool_use block is not whole"))?),
            _ => {
                thoughts.extend(block.thinking);
                thinking_blocks.push(placed(index, raw));
            }
        }
    }
    // OpenAI's content is null only beside tool calls; clients take the length of an empty answer.
    let nothing = || tool_calls.is_empty().then(|| TextBuffer::default().finish());
    Ok(completion::Message {
        role: "assistant",
        content: join(texts).or_else(nothing),
        refusal: message.stop_details.as_ref().and_then(|details| details.explanation),
        reasoning_content: join(thoughts),
        thinking_blocks,
        tool_calls,
    })
}

fn call<'a>(block: &Block<'a>) -> Option<ToolCall<'a>> {
    Some(ToolCall {
        index: None,
        id: Some(block.id?),
        kind: Some("function"),
        function: Function { name: Some(block.name?), arguments: Arguments::Document(block.input?.get()) },
        extra_content: None,
    })
}

/// The block as it is, with one member more: its place. On one line, since events are lines: a line break in JSON can
/// only stand between tokens.
pub(super) fn placed(index: impl Display, block: &RawValue) -> Box<RawValue> {
    let line = block.get().replace(['\n', '\r'], " ");
    let placed = format!("{{\"index\":{index},{}", &line[1..]);
    RawValue::from_string(placed).expect("a block is an object with a type, so one more member fits in front")
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the provider's answer is not an Anthropic message: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(content: &Value, stop_reason: &str) -> Value {
        let body = json!({"id": "msg_1", "model": "claude-x", "content": content, "stop_reason": stop_reason});
        let answer: Value = serde_json::from_slice(&translate(body.to_string().as_bytes(), 7).unwrap()).unwrap();
        answer["choices"][0].clone()
    }

    #[test]
    fn every_documented_end_has_its_word() {
        let ends = [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("pause_turn", "stop"),
            ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"),
            ("tool_use", "tool_calls"),
            ("refusal", "content_filter"),
        ];
        for (reason, word) in ends {
            assert_eq!(message(&json!([]), reason)["finish_reason"], word, "{reason}");
        }
    }

    #[test]
    fn content_is_null_only_beside_tool_calls() {
        assert_eq!(message(&json!([]), "end_turn")["message"]["content"], "");
        let call = json!([{"type": "tool_use", "id": "t", "name": "n", "input": {}}]);
        assert_eq!(message(&call, "tool_use")["message"]["content"], Value::Null);
    }

    #[test]
    fn blocks_of_other_kinds_keep_their_place() {
        let content = json!([{"type": "text", "text": "a"}, {"type": "new", "x": 1}, {"type": "text", "text": "b"}]);
        let said = &message(&content, "end_turn")["message"];
        assert_eq!(said["content"], "ab");
        assert_eq!(said["thinking_blocks"], json!([{"index": 1, "type": "new", "x": 1}]));
    }

    #[test]
    fn what_is_no_message_is_broken() {
        let bodies = [
            "",
            "[]",
            r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#,
            r#"{"id":"m","model":"c","content":[]}"#,
            r#"{"id":"m","model":"c","content":[{}],"stop_reason":"end_turn"}"#,
            r#"{"id":"m","model":"c","content":[{"type":"tool_use","id":"t"}],"stop_reason":"tool_use"}"#,
            r#"{"id":1,"model":"c","content":[],"stop_reason":"end_turn"}"#,
        ];
        for body in bodies {
            assert_eq!(translate(body.as_bytes(), 0).unwrap_err().kind(), ErrorKind::Broken, "{body}");
        }
    }
}
