//! Anthropic's messages, files and models.
//! Formats: <https://platform.claude.com/docs/en/api/messages>, `/build-with-claude/streaming`, `/api/errors`,
//! `/api/files-create` and `/api/models-list`.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Trouble, list, openai};
use crate::answer::{Answer, typed_event};
use crate::call::{Call, Tokens};
use crate::reply::{Content, Reply, Speaker, Tool, Turn, pieces};

/// When every object was made, so that answers are the same in every run.
const CREATED: &str = "2026-01-01T00:00:00Z";

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let messages = list(call, "messages")?;
    if call.header("anthropic-version").is_none() {
        return Err(Trouble::missing("anthropic-version"));
    }
    if call.model.is_none() {
        return Err(Trouble::missing("model"));
    }
    if !call.field("max_tokens").is_number() {
        return Err(Trouble::missing("max_tokens"));
    }
    let mut turns = vec![Turn::new(Speaker::Other, call.field("system"))];
    turns.extend(messages.iter().map(turn));
    let reply = Reply::to(call, &turns, tool(call));
    let answer = if call.stream { Answer::events(events(&reply)) } else { Answer::json(200, &whole(&reply)) };
    Ok(answer.using(reply.tokens))
}

pub(super) fn error(call: &Call, trouble: &Trouble, message: &str) -> (u16, Value) {
    let status = trouble.status();
    let kind = match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    let error = json!({"type": kind, "message": message});
    (status, json!({"type": "error", "error": error, "request_id": format!("req_upstream_{}", call.n)}))
}

/// Current SDKs upload without the beta header that the first ones had to send, so it is not asked for.
pub(super) fn upload(call: &Call) -> Result<Answer, Trouble> {
    let (_, file) = openai::file(call)?;
    let object = json!({
        "id": format!("file_upstream_{}", call.n), "type": "file", "filename": file.filename,
        "mime_type": file.content_type, "size_bytes": file.bytes, "created_at": CREATED, "downloadable": false,
    });
    Ok(Answer::json(200, &object))
}

pub(super) fn models() -> Answer {
    let model = |id: &str| json!({"type": "model", "id": id, "display_name": id, "created_at": CREATED});
    let ids = ["claude-sonnet-4-5", "claude-haiku-4-5"];
    let page = json!({"data": ids.map(model), "has_more": false, "first_id": ids[0], "last_id": ids[1]});
    Answer::json(200, &page)
}

fn turn(message: &Value) -> Turn {
    let content = &message["content"];
    let answers = content.as_array().is_some_and(|blocks| blocks.iter().any(|block| block["type"] == "tool_result"));
    let speaker = match message["role"].as_str() {
        Some("user") if answers => Speaker::Tool,
        Some("user") => Speaker::User,
        _ => Speaker::Other,
    };
    Turn::new(speaker, content)
}

/// The tool that `tool_choice` names, else the first.
fn tool(call: &Call) -> Option<Tool<'_>> {
    let choice = call.field("tool_choice");
    if choice["type"] == "none" {
        return None;
    }
    let named = |tool: &&Value| choice.get("name").is_none_or(|name| *name == tool["name"]);
    let tool = call.field("tools").as_array()?.iter().find(named)?;
    Some(Tool { name: tool["name"].as_str()?, schema: &tool["input_schema"] })
}

fn whole(reply: &Reply) -> Value {
    let block = match &reply.content {
        Content::Text(text) => json!({"type": "text", "text": text}),
        Content::ToolCall { name, arguments } => {
            json!({"type": "tool_use", "id": tool_use_id(reply), "name": name, "input": arguments})
        }
    };
    let mut message = begun(reply, reply.tokens);
    message["content"] = json!([block]);
    message["stop_reason"] = stop_reason(reply).into();
    message
}

fn events(reply: &Reply) -> Vec<Bytes> {
    let delta = |delta: Value| typed_event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}));
    // At the start only the input is known; the real service says 1 for what is to come.
    let start = begun(reply, Tokens { output: 1, ..reply.tokens });
    let mut events = vec![typed_event(&json!({"type": "message_start", "message": start}))];
    let block = match &reply.content {
        Content::Text(_) => json!({"type": "text", "text": ""}),
        Content::ToolCall { name, .. } => {
            json!({"type": "tool_use", "id": tool_use_id(reply), "name": name, "input": {}})
        }
    };
    events.push(typed_event(&json!({"type": "content_block_start", "index": 0, "content_block": block})));
    events.push(typed_event(&json!({"type": "ping"})));
    match &reply.content {
        Content::Text(text) => {
            events.extend(pieces(text).map(|piece| delta(json!({"type": "text_delta", "text": piece}))));
        }
        Content::ToolCall { arguments, .. } => {
            let arguments = arguments.to_string();
            let parts = pieces(&arguments).map(|part| json!({"type": "input_json_delta", "partial_json": part}));
            events.extend(parts.map(delta));
        }
    }
    events.push(typed_event(&json!({"type": "content_block_stop", "index": 0})));
    events.push(typed_event(&json!({
        "type": "message_delta", "delta": {"stop_reason": stop_reason(reply), "stop_sequence": null},
        "usage": {"output_tokens": reply.tokens.output},
    })));
    events.push(typed_event(&json!({"type": "message_stop"})));
    events
}

fn begun(reply: &Reply, tokens: Tokens) -> Value {
    json!({
        "id": format!("msg_upstream_{}", reply.n), "type": "message", "role": "assistant", "model": reply.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(tokens),
    })
}

fn tool_use_id(reply: &Reply) -> String {
    format!("toolu_upstream_{}", reply.n)
}

fn stop_reason(reply: &Reply) -> &'static str {
    if reply.calls_tool() { "tool_use" } else { "end_turn" }
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": tokens.output, "service_tier": "standard",
    })
}
