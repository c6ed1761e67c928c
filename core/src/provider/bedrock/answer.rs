//! Converse's whole answer as a chat completion. It names neither itself nor its model.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::text::{Text, join};
use super::super::written::Written;
use super::conversation::string;
use crate::error::{Error, ErrorKind};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    stop_reason: String,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Vec<&'a RawValue>,
}

/// A block. Which member is there is what says its kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    tool_use: Option<ToolUse<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Reasoning<'a>>,
}

#[derive(Deserialize)]
struct ToolUse<'a> {
    #[serde(borrow, rename = "toolUseId")]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    input: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow)]
    reasoning_text: Option<ReasoningText<'a>>,
}

#[derive(Deserialize)]
struct ReasoningText<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

/// Tokens. `input_tokens` leaves out what the prompt cache read or wrote.
#[derive(Clone, Copy, Default, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are Bedrock's")]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
}

impl Usage {
    /// The same counts as OpenAI states them; `None` where a total is not known.
    pub(super) fn as_openai(&self) -> Option<Written> {
        let (read, written) = (self.cache_read_input_tokens, self.cache_write_input_tokens);
        let prompt = self.input_tokens?.saturating_add(read.unwrap_or(0)).saturating_add(written.unwrap_or(0));
        let completion = self.output_tokens?;
        let usage = Written::default().with("prompt_tokens", prompt).with("completion_tokens", completion);
        let details = Written::default().with_some("cached_tokens", read).with_some("cache_write_tokens", written);
        let usage = usage.with("total_tokens", prompt.saturating_add(completion));
        Some(usage.with_some("prompt_tokens_details", Some(details).filter(|details| !details.is_empty())))
    }
}

/// The chat completion of `body`. `created_s` is in Unix seconds.
///
/// Texts become one `content`, calls `tool_calls`. Every other block goes to `thinking_blocks` as it is, with its place, so
/// that the next request can put it back there.
pub(super) fn translate(body: &[u8], created_s: u64) -> Result<Bytes, Error> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| broken(&error.to_string()))?;
    let (mut texts, mut thoughts, mut kept, mut calls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, raw) in answer.output.message.content.iter().enumerate() {
        let block: Block<'_> = serde_json::from_str(raw.get()).map_err(|error| broken(&error.to_string()))?;
        match block {
            Block { text: Some(text), .. } => texts.push(text),
            Block { tool_use: Some(tool), .. } => {
                let function = Written::default().with("name", tool.name).with("arguments", tool.input.get());
                let call = Written::default().with("id", tool.id).with("type", "function");
                calls.push(call.with("function", function));
            }
            Block { reasoning_content, .. } => {
                thoughts.extend(reasoning_content.and_then(|thought| thought.reasoning_text?.text));
                kept.push(placed(index, raw));
            }
        }
    }
    let reason = finish(&answer.stop_reason).ok_or_else(|| unfinished(&answer.stop_reason))?;
    // OpenAI's content is null only beside tool calls; clients take the length of an empty answer.
    let content = join(texts).or_else(|| calls.is_empty().then(|| string("")));
    let mut message = Written::default().with("role", "assistant").with("content", content).with("refusal", ());
    message.put_some("reasoning_content", join(thoughts));
    message.put_some("thinking_blocks", Some(kept).filter(|kept| !kept.is_empty()));
    message.put_some("tool_calls", Some(calls).filter(|calls| !calls.is_empty()));
    let choice = Written::default().with("index", 0).with("message", message);
    let choice = choice.with("logprobs", ()).with("finish_reason", reason);
    let completion = head("chat.completion", created_s).with("choices", [choice]);
    Ok(completion.with_some("usage", answer.usage.and_then(|usage| usage.as_openai())).to_bytes().into())
}

/// The members that an answer and each of its chunks begin with.
pub(super) fn head(object: &str, created_s: u64) -> Written {
    Written::default().with("id", "").with("object", object).with("created", created_s).with("model", "")
}

/// The block as it is, with its place. On one line, since events are lines.
pub(super) fn placed(index: usize, block: &RawValue) -> Box<RawValue> {
    let line = block.get().replace(['\n', '\r'], " ");
    let rest = line[1..].trim_start();
    let comma = if rest.starts_with('}') { "" } else { "," };
    RawValue::from_string(format!("{{\"index\":{index}{comma}{rest}")).expect("a block that was read is an object")
}

/// Why the answer ended, in OpenAI's words; `None` where the model failed to write what it began.
pub(super) fn finish(stop_reason: &str) -> Option<&'static str> {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => Some("length"),
        "tool_use" => Some("tool_calls"),
        "guardrail_intervened" | "content_filtered" => Some("content_filter"),
        "malformed_model_output" | "malformed_tool_use" => None,
        _ => Some("stop"),
    }
}

/// Of what the model failed at there is no word in OpenAI's shape, and a clean end would be a lie.
fn unfinished(reason: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the model ended its answer with {reason}; try again"))
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the provider's answer is not one of Converse's: {why}"))
}
