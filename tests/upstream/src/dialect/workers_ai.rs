//! Cloudflare Workers AI's `ai/run`, text generation.
//! Formats: <https://developers.cloudflare.com/workers-ai/get-started/rest-api/> and the models' own pages; errors
//! <https://developers.cloudflare.com/workers-ai/platform/errors/>.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Trouble, list};
use crate::answer::{Answer, done, event};
use crate::call::{Call, Tokens};
use crate::reply::{Content, Reply, Speaker, Tool, Turn, pieces};

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let turns = match call.field("prompt") {
        prompt @ Value::String(_) => vec![Turn::new(Speaker::User, prompt)],
        _ => list(call, "messages")?.iter().map(turn).collect(),
    };
    let reply = Reply::to(call, &turns, tool(call));
    let answer = if call.stream {
        Answer::events(events(&reply))
    } else {
        let mut result = said(&reply);
        result["usage"] = usage(reply.tokens);
        Answer::json(200, &json!({"result": result, "success": true, "errors": [], "messages": []}))
    };
    Ok(answer.using(reply.tokens))
}

pub(super) fn error(trouble: &Trouble, message: &str) -> (u16, Value) {
    let (status, code) = match trouble {
        Trouble::NoKey | Trouble::WrongKey => (401, 10_000),
        // The table of errors gives 400 to a model that does not exist, where other providers say 404.
        Trouble::UnknownModel => (400, 5007),
        Trouble::UnknownPath => (404, 7003),
        Trouble::Invalid { .. } => (400, 5006),
        Trouble::Scripted(status @ 408) => (*status, 3007),
        Trouble::Scripted(status @ 413) => (*status, 3006),
        Trouble::Scripted(status @ 429) => (*status, 3040),
        Trouble::Scripted(status) => (*status, u32::from(*status)),
    };
    let errors = json!([{"code": code, "message": message}]);
    (status, json!({"result": null, "success": false, "errors": errors, "messages": []}))
}

fn turn(message: &Value) -> Turn {
    let speaker = match message["role"].as_str() {
        Some("user") => Speaker::User,
        Some("tool") => Speaker::Tool,
        _ => Speaker::Other,
    };
    Turn::new(speaker, &message["content"])
}

/// The first tool: bare, or wrapped as OpenAI does.
fn tool(call: &Call) -> Option<Tool<'_>> {
    let tool = call.field("tools").as_array()?.first()?;
    let function = tool.get("function").unwrap_or(tool);
    Some(Tool { name: function["name"].as_str()?, schema: &function["parameters"] })
}

fn said(reply: &Reply) -> Value {
    match &reply.content {
        Content::Text(text) => json!({"response": text}),
        Content::ToolCall { name, arguments } => {
            json!({"response": null, "tool_calls": [{"name": name, "arguments": arguments}]})
        }
    }
}

fn events(reply: &Reply) -> Vec<Bytes> {
    let mut events: Vec<Bytes> = match &reply.content {
        Content::Text(text) => pieces(text).map(|piece| event(&json!({"response": piece}))).collect(),
        Content::ToolCall { .. } => vec![event(&said(reply))],
    };
    events.push(event(&json!({"response": "", "usage": usage(reply.tokens)})));
    events.push(done());
    events
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.input, "completion_tokens": tokens.output, "total_tokens": tokens.total(),
    })
}
