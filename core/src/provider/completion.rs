//! Answers in the shape of OpenAI's chat completions, as every translation writes them.
//! Format: <https://platform.openai.com/docs/api-reference/chat/object>, `chat/streaming` and the error object.
//!
//! Text goes through as the JSON it was, without being decoded.
//!
//! Two members are not OpenAI's. `reasoning_content` is the text of the model's thinking, under the name that most
//! OpenAI-shaped providers use. `thinking_blocks` are the provider's own blocks with their signatures: sent back in the
//! assistant message of the next request, they let a model go on thinking after its tool calls.

use serde::Serialize;
use serde_json::value::RawValue;

use super::text::Text;
use crate::error::{Error, ErrorKind};

/// A whole answer.
#[derive(Serialize)]
pub(super) struct Completion<'a> {
    pub(super) id: &'a RawValue,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a RawValue,
    pub(super) choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage>,
}

/// The one choice of a whole answer.
#[derive(Serialize)]
pub(super) struct Choice<'a> {
    pub(super) index: u8,
    pub(super) message: Message<'a>,
    pub(super) logprobs: (),
    pub(super) finish_reason: Finish,
}

/// What the model said.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: Option<Box<RawValue>>,
    pub(super) refusal: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) thinking_blocks: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<ToolCall<'a>>,
}

/// A piece of a streamed answer.
#[derive(Serialize)]
pub(super) struct Chunk<'a> {
    pub(super) id: &'a RawValue,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a RawValue,
    /// One choice, or none in the chunk of the usage.
    pub(super) choices: Vec<ChunkChoice<'a>>,
    /// Where usage was asked for it is `null` in all chunks but its own; otherwise it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(clippy::option_option, reason = "null and absent are two things to OpenAI's clients")]
    pub(super) usage: Option<Option<Usage>>,
}

/// The one choice of a streamed answer.
#[derive(Serialize)]
pub(super) struct ChunkChoice<'a> {
    pub(super) index: u8,
    pub(super) delta: Delta<'a>,
    pub(super) logprobs: (),
    pub(super) finish_reason: Option<Finish>,
}

/// What a chunk adds to the message.
#[derive(Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<Text<'a>>,
    /// All blocks of the answer in one chunk: the official SDKs differ in how they put pieces of unknown members together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking_blocks: Option<&'a [Box<RawValue>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<[ToolCall<'a>; 1]>,
}

/// A call of a function, whole or in pieces.
#[derive(Default, Serialize)]
pub(super) struct ToolCall<'a> {
    /// Its place among the calls; only in chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Text<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    pub(super) function: Function<'a>,
    /// Not OpenAI's: what its provider wants back with the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_content: Option<ExtraContent<'a>>,
}

/// The signature of a call, under the name that Google's OpenAI-shaped endpoint has for it.
#[derive(Serialize)]
pub(super) struct ExtraContent<'a> {
    google: Signed<'a>,
}

#[derive(Serialize)]
struct Signed<'a> {
    thought_signature: Text<'a>,
}

impl<'a> ExtraContent<'a> {
    pub(super) fn signed(thought_signature: Text<'a>) -> Self {
        Self { google: Signed { thought_signature } }
    }
}

/// The function that is called.
#[derive(Default, Serialize)]
pub(super) struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    pub(super) arguments: Arguments<'a>,
}

/// JSON in a string: a whole document to be quoted, or a piece that is quoted already.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Arguments<'a> {
    Document(&'a str),
    Piece(Text<'a>),
}

impl Default for Arguments<'_> {
    fn default() -> Self {
        Self::Document("")
    }
}

/// Why the answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Finish {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
}

/// Tokens of the call. What the provider did not say is absent, never zero.
#[derive(Clone, Copy, Debug, Serialize)]
#[allow(clippy::struct_field_names, reason = "the names are OpenAI's")]
pub(super) struct Usage {
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
    pub(super) total_tokens: u64,
    #[serde(skip_serializing_if = "PromptDetails::is_empty")]
    pub(super) prompt_tokens_details: PromptDetails,
    #[serde(skip_serializing_if = "CompletionDetails::is_empty")]
    pub(super) completion_tokens_details: CompletionDetails,
}

/// Parts of `prompt_tokens`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct PromptDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cached_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_write_tokens: Option<u64>,
}

impl PromptDetails {
    fn is_empty(&self) -> bool {
        self.cached_tokens.is_none() && self.cache_write_tokens.is_none()
    }
}

/// Parts of `completion_tokens`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CompletionDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_tokens: Option<u64>,
}

impl CompletionDetails {
    fn is_empty(&self) -> bool {
        self.reasoning_tokens.is_none()
    }
}

/// An error body: the whole answer of a failed call, or the last event of a stream that broke.
#[derive(Serialize)]
pub(super) struct ErrorBody<'a> {
    pub(super) error: ErrorObject<'a>,
    /// The provider's name for the call, where it gave one; not OpenAI's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<&'a str>,
}

/// The error itself.
#[derive(Serialize)]
pub(super) struct ErrorObject<'a> {
    pub(super) message: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) param: (),
    pub(super) code: Option<&'a str>,
}

/// Writes the event that ends a stream because it is not whole or not what its provider documents.
pub(super) fn write_broken(kind: ErrorKind, message: &str, out: &mut Vec<u8>) -> Error {
    let object = ErrorObject { message, kind: "server_error", param: (), code: Some(kind.code()) };
    write_event(out, &ErrorBody { error: object, request_id: None });
    Error::new(kind, message)
}

/// Appends one event of a stream to `out`.
pub(super) fn write_event(out: &mut Vec<u8>, event: &impl Serialize) {
    out.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *out, event).expect("these shapes have string keys only and a Vec takes every byte");
    out.extend_from_slice(b"\n\n");
}
