//! OpenAI's responses.
//! Format: <https://platform.openai.com/docs/api-reference/responses> and `/responses-streaming`.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Trouble;
use super::openai::CREATED;
use crate::answer::{Answer, typed_event};
use crate::call::{Call, Tokens};
use crate::reply::{Content, Reply, Speaker, Tool, Turn, pieces};

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let turns = turns(call)?;
    if call.model.is_none() {
        return Err(Trouble::missing("model"));
    }
    let reply = Reply::to(call, &turns, tool(call));
    let answer = if call.stream {
        Answer::events(events(call, &reply))
    } else {
        Answer::json(200, &response(call, &reply, "completed", &[item(&reply, "completed")]))
    };
    Ok(answer.using(reply.tokens))
}

fn turns(call: &Call) -> Result<Vec<Turn>, Trouble> {
    let mut turns = vec![Turn::new(Speaker::Other, call.field("instructions"))];
    match call.field("input") {
        text @ Value::String(_) => turns.push(Turn::new(Speaker::User, text)),
        Value::Array(items) => turns.extend(items.iter().map(turn)),
        _ => return Err(Trouble::missing("input")),
    }
    Ok(turns)
}

fn turn(item: &Value) -> Turn {
    let speaker = match (item["type"].as_str(), item["role"].as_str()) {
        (Some("function_call_output"), _) => Speaker::Tool,
        (_, Some("user")) => Speaker::User,
        _ => Speaker::Other,
    };
    Turn::new(speaker, item)
}

/// The function that `tool_choice` names, else the first.
fn tool(call: &Call) -> Option<Tool<'_>> {
    let choice = call.field("tool_choice");
    if choice == "none" {
        return None;
    }
    let named =
        |tool: &&Value| tool["type"] == "function" && choice.get("name").is_none_or(|name| *name == tool["name"]);
    let function = call.field("tools").as_array()?.iter().find(named)?;
    Some(Tool { name: function["name"].as_str()?, schema: &function["parameters"] })
}

fn events(call: &Call, reply: &Reply) -> Vec<Bytes> {
    let mut events = Vec::new();
    let mut push = |kind: &str, members: Value| {
        let mut event = json!({"type": kind, "sequence_number": events.len()});
        if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
            event.extend(members);
        }
        events.push(typed_event(&event));
    };

    let begun = response(call, reply, "in_progress", &[]);
    push("response.created", json!({"response": begun}));
    push("response.in_progress", json!({"response": begun}));
    push("response.output_item.added", json!({"output_index": 0, "item": item_begun(reply)}));
    match &reply.content {
        Content::Text(text) => {
            let at = |key: &str, value: Value| {
                let mut members = json!({"item_id": item_id(reply), "output_index": 0, "content_index": 0});
                members[key] = value;
                members
            };
            let with_logprobs = |mut members: Value| {
                members["logprobs"] = json!([]);
                members
            };
            push("response.content_part.added", at("part", text_part("")));
            for piece in pieces(text) {
                push("response.output_text.delta", with_logprobs(at("delta", piece.into())));
            }
            push("response.output_text.done", with_logprobs(at("text", text.as_str().into())));
            push("response.content_part.done", at("part", text_part(text)));
        }
        Content::ToolCall { name, arguments } => {
            let id = item_id(reply);
            let arguments = arguments.to_string();
            for piece in pieces(&arguments) {
                let members = json!({"item_id": id, "output_index": 0, "delta": piece});
                push("response.function_call_arguments.delta", members);
            }
            let members = json!({"item_id": id, "output_index": 0, "name": name, "arguments": arguments});
            push("response.function_call_arguments.done", members);
        }
    }
    let item = item(reply, "completed");
    push("response.output_item.done", json!({"output_index": 0, "item": item}));
    push("response.completed", json!({"response": response(call, reply, "completed", &[item])}));
    events
}

fn response(call: &Call, reply: &Reply, status: &str, output: &[Value]) -> Value {
    let or =
        |field: &str, default: Value| if call.field(field).is_null() { default } else { call.field(field).clone() };
    json!({
        "id": format!("resp_upstream_{}", reply.n), "object": "response", "created_at": CREATED, "status": status,
        "background": false, "error": null, "incomplete_details": null, "instructions": call.field("instructions"),
        "max_output_tokens": call.field("max_output_tokens"), "model": reply.model, "output": output,
        "parallel_tool_calls": true, "previous_response_id": null, "reasoning": {"effort": null, "summary": null},
        "service_tier": "default", "store": or("store", true.into()), "temperature": or("temperature", json!(1.0)),
        "text": or("text", json!({"format": {"type": "text"}})), "tool_choice": or("tool_choice", "auto".into()),
        "tools": or("tools", json!([])), "top_p": or("top_p", json!(1.0)), "truncation": "disabled",
        "usage": (status == "completed").then(|| usage(reply.tokens)), "metadata": or("metadata", json!({})),
    })
}

fn item(reply: &Reply, status: &str) -> Value {
    match &reply.content {
        Content::Text(text) => json!({
            "id": item_id(reply), "type": "message", "status": status, "role": "assistant", "content": [text_part(text)],
        }),
        Content::ToolCall { name, arguments } => json!({
            "id": item_id(reply), "type": "function_call", "status": status,
            "call_id": format!("call_upstream_{}", reply.n), "name": name, "arguments": arguments.to_string(),
        }),
    }
}

fn item_begun(reply: &Reply) -> Value {
    let mut item = item(reply, "in_progress");
    if reply.calls_tool() {
        item["arguments"] = "".into();
    } else {
        item["content"] = json!([]);
    }
    item
}

fn item_id(reply: &Reply) -> String {
    format!("{}_upstream_{}", if reply.calls_tool() { "fc" } else { "msg" }, reply.n)
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.input, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": tokens.output, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens.total(),
    })
}
