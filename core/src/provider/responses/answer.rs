//! A chat completion as the response that OpenAI would give.

use bytes::Bytes;

use super::super::carried::Carried;
use super::super::chat::Answer;
use super::super::text::join;
use super::super::written::Written;
use super::echo::Echo;
use super::output::{Name, Status, annotation, call, message, reasoning, refusal, text};
use crate::error::{Error, ErrorKind};

/// The response of `chat`. `created_s` is in Unix seconds.
///
/// Thoughts become a reasoning item in front; what their provider wants back with them, or with a call, is its
/// `encrypted_content`.
pub(super) fn translate(chat: &[u8], echo: &Echo, created_s: u64) -> Result<Bytes, Error> {
    let answer: Answer<'_> = serde_json::from_slice(chat).map_err(|error| broken(&error.to_string()))?;
    let name = Name::of(answer.id, answer.model, created_s);
    let choice = answer.choices.into_iter().next().ok_or_else(|| broken("it has no choices"))?;
    let logprobs = choice.logprobs();
    let (said, reason) = choice.said();
    let status = Status::ended(&reason.ok_or_else(|| broken("it has no finish_reason"))?);
    let mut carried = Carried::default();
    carried.keep(said.thinking_blocks(), said.reasoning_details());
    let mut calls = Vec::new();
    for (number, made) in said.tool_calls().iter().enumerate() {
        let id = made.id(number);
        carried.keep_call(&id, made);
        let function = made.function.name.ok_or_else(|| broken("a call has no name"))?;
        let arguments = Some(made.function.arguments()).filter(|text| !text.trim().is_empty());
        calls.push((id, function, arguments.unwrap_or_else(|| "{}".into())));
    }
    let mut output: Vec<Written> = Vec::new();
    let shown = said.shown();
    let thoughts = join(shown.thoughts);
    if thoughts.is_some() || !carried.is_empty() {
        output.push(reasoning(&name.item("rs", 0), thoughts.as_deref(), &carried.seal()));
    }
    let annotations: Vec<_> = said.annotations().iter().filter_map(|raw| annotation(raw)).collect();
    let spoken = join(shown.texts).map(|spoken| text(spoken, &annotations, &logprobs));
    let parts: Vec<_> = spoken.into_iter().chain(said.refusal().map(refusal)).collect();
    if !parts.is_empty() {
        output.push(message(&name.item("msg", output.len()), status.word(), &parts));
    }
    for (id, function, arguments) in calls {
        output.push(call(&name.item("fc", output.len()), &id, function, arguments, status.word()));
    }
    Ok(name.response(&status, &output, answer.usage.as_ref(), echo).to_bytes().into())
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the provider's answer is not a chat completion: {why}"))
}
