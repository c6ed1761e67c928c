//! OpenAI's chat completions, which most providers speak.
//! Format: <https://platform.openai.com/docs/api-reference/chat> (object and chunk object).

use bytes::Bytes;
use serde_json::{Value, json};

use super::openai::CREATED;
use super::{Trouble, list};
use crate::answer::{Answer, done, event};
use crate::call::{Call, Tokens};
use crate::reply::{Content, Reply, Speaker, Tool, Turn, pieces};

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let turns: Vec<Turn> = list(call, "messages")?.iter().map(turn).collect();
    if call.model.is_none() {
        return Err(Trouble::missing("model"));
    }
    let reply = Reply::to(call, &turns, tool(call));
    let answer = if call.stream {
        Answer::events(events(&reply, call.field("stream_options")["include_usage"] == true))
    } else {
        Answer::json(200, &whole(&reply))
    };
    Ok(answer.using(reply.tokens))
}

fn turn(message: &Value) -> Turn {
    let speaker = match message["role"].as_str() {
        Some("user") => Speaker::User,
        Some("tool" | "function") => Speaker::Tool,
        _ => Speaker::Other,
    };
    Turn::new(speaker, &message["content"])
}

/// The tool that `tool_choice` names, else the first.
fn tool(call: &Call) -> Option<Tool<'_>> {
    let choice = call.field("tool_choice");
    if choice == "none" {
        return None;
    }
    let functions = call.field("tools").as_array()?.iter().map(|tool| &tool["function"]);
    let named = |function: &&Value| choice["function"].get("name").is_none_or(|name| *name == function["name"]);
    let function = functions.into_iter().find(named)?;
    Some(Tool { name: function["name"].as_str()?, schema: &function["parameters"] })
}

fn whole(reply: &Reply) -> Value {
    let message = match &reply.content {
        Content::Text(text) => json!({"role": "assistant", "content": text, "refusal": null, "annotations": []}),
        Content::ToolCall { name, arguments } => json!({
            "role": "assistant", "content": null, "refusal": null, "annotations": [],
            "tool_calls": [{"id": call_id(reply), "type": "function",
                "function": {"name": name, "arguments": arguments.to_string()}}],
        }),
    };
    json!({
        "id": id(reply), "object": "chat.completion", "created": CREATED, "model": reply.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(reply)}],
        "usage": usage(reply.tokens), "service_tier": "default", "system_fingerprint": null,
    })
}

fn events(reply: &Reply, include_usage: bool) -> Vec<Bytes> {
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({
            "id": id(reply), "object": "chat.completion.chunk", "created": CREATED, "model": reply.model,
            "service_tier": "default", "system_fingerprint": null, "choices": choices,
        });
        // Every chunk but the last has a null here, once the usage was asked for.
        if include_usage {
            chunk["usage"] = usage;
        }
        event(&chunk)
    };
    let delta = |delta: Value, finish: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), Value::Null)
    };
    let call_delta = |call: Value| delta(json!({"tool_calls": [call]}), None);

    let mut events = Vec::new();
    match &reply.content {
        Content::Text(text) => {
            events.push(delta(json!({"role": "assistant", "content": "", "refusal": null}), None));
            events.extend(pieces(text).map(|piece| delta(json!({"content": piece}), None)));
        }
        Content::ToolCall { name, arguments } => {
            events.push(delta(json!({"role": "assistant", "content": null, "refusal": null}), None));
            let function = json!({"name": name, "arguments": ""});
            events
                .push(call_delta(json!({"index": 0, "id": call_id(reply), "type": "function", "function": function})));
            let arguments = arguments.to_string();
            let parts = pieces(&arguments).map(|part| json!({"index": 0, "function": {"arguments": part}}));
            events.extend(parts.map(call_delta));
        }
    }
    events.push(delta(json!({}), Some(finish_reason(reply))));
    if include_usage {
        events.push(chunk(json!([]), usage(reply.tokens)));
    }
    events.push(done());
    events
}

fn id(reply: &Reply) -> String {
    format!("chatcmpl-upstream-{}", reply.n)
}

fn call_id(reply: &Reply) -> String {
    format!("call_upstream_{}", reply.n)
}

fn finish_reason(reply: &Reply) -> &'static str {
    if reply.calls_tool() { "tool_calls" } else { "stop" }
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.input, "completion_tokens": tokens.output, "total_tokens": tokens.total(),
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}
