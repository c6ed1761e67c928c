//! Google Gemini's `generateContent` and `streamGenerateContent`.
//! Formats: <https://ai.google.dev/api/generate-content>, errors <https://ai.google.dev/gemini-api/docs/troubleshooting>.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Trouble, list};
use crate::answer::{Answer, event};
use crate::call::{Call, Tokens};
use crate::reply::{Content, Reply, Speaker, Tool, Turn, pieces, words};

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let contents = list(call, "contents")?;
    let body = call.json.as_ref().unwrap_or(&Value::Null);
    let mut turns = vec![Turn::new(Speaker::Other, member(body, "systemInstruction"))];
    turns.extend(contents.iter().map(turn));
    let reply = Reply::to(call, &turns, tool(body));
    let answer = if !call.stream {
        Answer::json(200, &chunk(&reply, &all_parts(&reply), true, reply.tokens))
    } else if call.query.split('&').any(|pair| pair == "alt=sse") {
        Answer::events(chunks(&reply).iter().map(event).collect())
    } else {
        let mut answer = Answer::events(as_array(&chunks(&reply)));
        answer.set_header("content-type", "application/json; charset=UTF-8");
        answer
    };
    Ok(answer.using(reply.tokens))
}

pub(super) fn error(trouble: &Trouble, message: &str) -> (u16, Value) {
    let code = match trouble {
        Trouble::NoKey => 403,
        Trouble::WrongKey => 400,
        _ => trouble.status(),
    };
    let status = match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "FAILED_PRECONDITION",
    };
    let mut error = json!({"code": code, "message": message, "status": status});
    if matches!(trouble, Trouble::WrongKey) {
        error["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
        }]);
    }
    (code, json!({"error": error}))
}

fn turn(content: &Value) -> Turn {
    let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
    let answers =
        parts.iter().map(|part| &member(part, "functionResponse")["response"]).find(|answer| !answer.is_null());
    match (answers, content["role"].as_str()) {
        (Some(answer), _) => Turn::new(Speaker::Tool, &answer.to_string().into()),
        // A single turn may come without a role.
        (None, Some("user") | None) => Turn::new(Speaker::User, &content["parts"]),
        (None, _) => Turn::new(Speaker::Other, &content["parts"]),
    }
}

/// The first function that `toolConfig` allows.
fn tool(body: &Value) -> Option<Tool<'_>> {
    let config = member(member(body, "toolConfig"), "functionCallingConfig");
    if config["mode"] == "NONE" {
        return None;
    }
    let allowed = |function: &&Value| {
        member(config, "allowedFunctionNames").as_array().is_none_or(|names| names.contains(&function["name"]))
    };
    let tools = body["tools"].as_array()?;
    let function =
        tools.iter().filter_map(|tool| member(tool, "functionDeclarations").as_array()).flatten().find(allowed)?;
    let schema = match member(function, "parametersJsonSchema") {
        Value::Null => &function["parameters"],
        schema => schema,
    };
    Some(Tool { name: function["name"].as_str()?, schema })
}

/// The member `camel`, or the same in snake case: protobuf's JSON takes both, and Google's own SDKs mix them.
/// <https://protobuf.dev/programming-guides/json/>
fn member<'a>(value: &'a Value, camel: &str) -> &'a Value {
    let snake = || {
        camel.chars().fold(String::new(), |mut snake, letter| {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
            snake
        })
    };
    value.get(camel).or_else(|| value.get(snake())).unwrap_or(&Value::Null)
}

fn all_parts(reply: &Reply) -> Value {
    match &reply.content {
        Content::Text(text) => json!([{"text": text}]),
        Content::ToolCall { name, arguments } => json!([{"functionCall": {"name": name, "args": arguments}}]),
    }
}

/// A stream's chunks. Each counts what has been said up to there; the last has the finish reason, and no marker follows.
fn chunks(reply: &Reply) -> Vec<Value> {
    let Content::Text(text) = &reply.content else {
        return vec![chunk(reply, &all_parts(reply), true, reply.tokens)];
    };
    let pieces: Vec<&str> = pieces(text).collect();
    let mut said = Tokens { output: 0, ..reply.tokens };
    let mut chunks = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        said.output += words(piece);
        chunks.push(chunk(reply, &json!([{"text": piece}]), index + 1 == pieces.len(), said));
    }
    chunks
}

/// Without `alt=sse` the same chunks are the members of one JSON array.
fn as_array(chunks: &[Value]) -> Vec<Bytes> {
    let last = chunks.len().saturating_sub(1);
    let member = |(index, chunk): (usize, &Value)| {
        let (before, after) = (if index == 0 { "[" } else { ",\r\n" }, if index == last { "]" } else { "" });
        Bytes::from(format!("{before}{chunk}{after}"))
    };
    chunks.iter().enumerate().map(member).collect()
}

fn chunk(reply: &Reply, parts: &Value, last: bool, tokens: Tokens) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    if last {
        candidate["finishReason"] = "STOP".into();
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": tokens.input, "candidatesTokenCount": tokens.output, "totalTokenCount": tokens.total(),
        },
        "modelVersion": reply.model, "responseId": format!("upstream-{}", reply.n),
    })
}
