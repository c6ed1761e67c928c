//! Gemini's whole answer as a chat completion.

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::super::completion::{self, Arguments, Choice, Completion, ExtraContent, Finish, Function, ToolCall};
use super::super::text::{Text, TextBuffer, join};
use super::wire::{Answer, Call, Part, finish};
use crate::error::{Error, ErrorKind};

/// The chat completion of `body`. `created_s` is in Unix seconds.
///
/// Texts become one `content`, thoughts become `reasoning_content`, calls become `tool_calls` with their signature in
/// `extra_content`. Thoughts, signatures of texts, and parts of every other kind go to `thinking_blocks`, each with its
/// place among the parts as `index`, so that the next request can put it back there.
pub(super) fn translate(body: &[u8], created_s: u64) -> Result<Bytes, Error> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| broken(&error.to_string()))?;
    let nameless = to_raw_value("").expect("a string is JSON");
    let mut parts = Parts::new(answer.response_id);
    let candidate = answer.candidates.first();
    for raw in candidate.and_then(|candidate| candidate.content.as_ref()).into_iter().flat_map(|c| &c.parts) {
        parts.add(raw)?;
    }
    let blocked = answer.prompt_feedback.and_then(|feedback| feedback.block_reason);
    let finish_reason = match (candidate.and_then(|candidate| candidate.finish_reason.as_deref()), &blocked) {
        (Some(reason), _) => finish(reason, !parts.calls.is_empty()).ok_or_else(|| unfinished(reason))?,
        (None, Some(_)) => Finish::ContentFilter,
        (None, None) => return Err(broken("it has no finishReason")),
    };
    let refusal = blocked.map(|reason| refusal(&reason));
    let choice = Choice { index: 0, message: parts.said(refusal.as_deref()), logprobs: (), finish_reason };
    let completion = Completion {
        id: answer.response_id.map_or(&*nameless, Text::raw),
        object: "chat.completion",
        created: created_s,
        model: answer.model_version.map_or(&*nameless, Text::raw),
        choices: [choice],
        usage: answer.usage_metadata.unwrap_or_default().as_openai(),
    };
    Ok(serde_json::to_vec(&completion).expect("these shapes have string keys only").into())
}

/// What OpenAI's shape calls a refusal: why the prompt was not answered.
pub(super) fn refusal(block_reason: &str) -> Box<RawValue> {
    to_raw_value(&format!("the prompt was blocked: {block_reason}")).expect("a string is JSON")
}

/// The parts of an answer, sorted.
struct Parts<'a> {
    id: Option<Text<'a>>,
    texts: Vec<Text<'a>>,
    thoughts: Vec<Text<'a>>,
    kept: Vec<Box<RawValue>>,
    calls: Vec<(Box<RawValue>, Call<'a>, Option<Text<'a>>)>,
}

impl<'a> Parts<'a> {
    fn new(id: Option<Text<'a>>) -> Self {
        Self { id, texts: Vec::new(), thoughts: Vec::new(), kept: Vec::new(), calls: Vec::new() }
    }

    fn add(&mut self, raw: &'a RawValue) -> Result<(), Error> {
        let part: Part<'a> = serde_json::from_str(raw.get()).map_err(|error| broken(&error.to_string()))?;
        let place = usize::from(!self.texts.is_empty()) + self.calls.len() + self.kept.len();
        match (part.function_call, part.text) {
            (Some(call), _) => {
                let id = call_id(&call, self.id, self.calls.len());
                self.calls.push((id, call, part.thought_signature));
            }
            (None, Some(text)) if part.thought => {
                self.thoughts.push(text);
                self.kept.push(placed(place, raw));
            }
            (None, Some(text)) => {
                if !text.is_empty() {
                    self.texts.push(text);
                }
                if let Some(signature) = part.thought_signature {
                    let place = usize::from(!self.texts.is_empty()) + self.calls.len() + self.kept.len();
                    self.kept.push(signed(place, signature));
                }
            }
            (None, None) => self.kept.push(placed(place, raw)),
        }
        Ok(())
    }

    fn said<'s>(&'s self, refusal: Option<&'s RawValue>) -> completion::Message<'s> {
        let calls = self.calls.iter().map(|(id, call, signature)| tool_call(None, id, call, *signature));
        // OpenAI's content is null only beside tool calls; clients take the length of an empty answer.
        let nothing = || self.calls.is_empty().then(|| TextBuffer::default().finish());
        completion::Message {
            role: "assistant",
            content: join(self.texts.iter().copied()).or_else(nothing),
            refusal: refusal.and_then(Text::of),
            reasoning_content: join(self.thoughts.iter().copied()),
            thinking_blocks: self.kept.clone(),
            tool_calls: calls.collect(),
        }
    }
}

/// A call as OpenAI has it. `index` stands in streams only.
pub(super) fn tool_call<'s>(
    index: Option<usize>,
    id: &'s RawValue,
    call: &'s Call<'_>,
    signature: Option<Text<'s>>,
) -> ToolCall<'s> {
    ToolCall {
        index,
        id: Text::of(id),
        kind: Some("function"),
        function: Function {
            name: Some(call.name),
            arguments: Arguments::Document(call.args.map_or("{}", RawValue::get)),
        },
        extra_content: signature.map(ExtraContent::signed),
    }
}

/// The call's own id, or one made of the answer's and its number there.
pub(super) fn call_id(call: &Call<'_>, answer: Option<Text<'_>>, number: usize) -> Box<RawValue> {
    if let Some(id) = call.id.filter(|id| !id.is_empty()) {
        return id.raw().to_owned();
    }
    let id = format!("\"call_{}_{number}\"", answer.map_or("", Text::inside));
    RawValue::from_string(id).expect("the inside of a JSON string and plain letters are one")
}

/// The part as it is, with its place. On one line, since events are lines.
pub(super) fn placed(index: usize, part: &RawValue) -> Box<RawValue> {
    let line = part.get().replace(['\n', '\r'], " ");
    let rest = line[1..].trim_start();
    let comma = if rest.starts_with('}') { "" } else { "," };
    RawValue::from_string(format!("{{\"index\":{index}{comma}{rest}")).expect("a part that was read is an object")
}

/// The signature of a text, which comes with no text of its own: that is how Gemini streams it, too.
pub(super) fn signed(index: usize, signature: Text<'_>) -> Box<RawValue> {
    let part = format!(r#"{{"index":{index},"text":"","thoughtSignature":{}}}"#, signature.raw().get());
    RawValue::from_string(part).expect("a string stands in its place")
}

/// Of what the model failed at there is no word in OpenAI's shape, and a clean end would be a lie.
fn unfinished(reason: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the model ended its answer with {}; try again", known(reason)))
}

/// Only names that are documented go into errors.
pub(super) fn known(reason: &str) -> &str {
    let is_name = reason.len() <= 40 && reason.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if is_name { reason } else { "an unknown reason" }
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the provider's answer is not one of Gemini's: {why}"))
}
