//! Cohere's chat, version 2.
//! Formats: <https://docs.cohere.com/reference/chat>, `/reference/chat-stream`, errors <https://docs.cohere.com/reference/errors>.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Trouble, list};
use crate::answer::{Answer, done, typed_event};
use crate::call::{Call, Tokens};
use crate::reply::{Content, Reply, Speaker, Tool, Turn, pieces};

/// What the model says before it calls a tool; Cohere's models always say something.
const PLAN: &str = "I will use the tool.";

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let turns: Vec<Turn> = list(call, "messages")?.iter().map(turn).collect();
    if call.model.is_none() {
        return Err(Trouble::missing("model"));
    }
    let reply = Reply::to(call, &turns, tool(call));
    let answer = if call.stream { Answer::events(events(&reply)) } else { Answer::json(200, &whole(&reply)) };
    Ok(answer.using(reply.tokens))
}

pub(super) fn error(call: &Call, trouble: &Trouble, message: &str) -> (u16, Value) {
    (trouble.status(), json!({"id": format!("upstream-{}", call.n), "message": message}))
}

fn turn(message: &Value) -> Turn {
    let speaker = match message["role"].as_str() {
        Some("user") => Speaker::User,
        Some("tool") => Speaker::Tool,
        _ => Speaker::Other,
    };
    Turn::new(speaker, &message["content"])
}

fn tool(call: &Call) -> Option<Tool<'_>> {
    if call.field("tool_choice") == "NONE" {
        return None;
    }
    let function = &call.field("tools").as_array()?.first()?["function"];
    Some(Tool { name: function["name"].as_str()?, schema: &function["parameters"] })
}

fn whole(reply: &Reply) -> Value {
    let message = match &reply.content {
        Content::Text(text) => json!({"role": "assistant", "content": [{"type": "text", "text": text}]}),
        Content::ToolCall { arguments, .. } => {
            let call = tool_call(reply, &arguments.to_string());
            json!({"role": "assistant", "tool_plan": PLAN, "tool_calls": [call]})
        }
    };
    json!({"id": id(reply), "finish_reason": finish_reason(reply), "message": message, "usage": usage(reply.tokens)})
}

fn events(reply: &Reply) -> Vec<Bytes> {
    let of_message =
        |kind: &str, message: Value| typed_event(&json!({"type": kind, "index": 0, "delta": {"message": message}}));
    let empty = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []});
    let start = json!({"id": id(reply), "type": "message-start", "delta": {"message": empty}});
    let mut events = vec![typed_event(&start)];
    match &reply.content {
        Content::Text(text) => {
            events.push(of_message("content-start", json!({"content": {"type": "text", "text": ""}})));
            events.extend(pieces(text).map(|piece| of_message("content-delta", json!({"content": {"text": piece}}))));
            events.push(typed_event(&json!({"type": "content-end", "index": 0})));
        }
        Content::ToolCall { arguments, .. } => {
            events.extend(pieces(PLAN).map(|piece| of_message("tool-plan-delta", json!({"tool_plan": piece}))));
            events.push(of_message("tool-call-start", json!({"tool_calls": tool_call(reply, "")})));
            let arguments = arguments.to_string();
            let parts = pieces(&arguments).map(|part| json!({"tool_calls": {"function": {"arguments": part}}}));
            events.extend(parts.map(|part| of_message("tool-call-delta", part)));
            events.push(typed_event(&json!({"type": "tool-call-end", "index": 0})));
        }
    }
    let delta = json!({"finish_reason": finish_reason(reply), "usage": usage(reply.tokens)});
    events.push(typed_event(&json!({"type": "message-end", "id": id(reply), "delta": delta})));
    events.push(done());
    events
}

fn tool_call(reply: &Reply, arguments: &str) -> Value {
    let Content::ToolCall { name, .. } = &reply.content else { return Value::Null };
    let function = json!({"name": name, "arguments": arguments});
    json!({"id": format!("call_upstream_{}", reply.n), "type": "function", "function": function})
}

fn id(reply: &Reply) -> String {
    format!("upstream-{}", reply.n)
}

fn finish_reason(reply: &Reply) -> &'static str {
    if reply.calls_tool() { "TOOL_CALL" } else { "COMPLETE" }
}

fn usage(tokens: Tokens) -> Value {
    let counts = json!({"input_tokens": tokens.input, "output_tokens": tokens.output});
    json!({"billed_units": counts, "tokens": counts})
}
