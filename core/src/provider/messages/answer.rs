//! A chat completion as the message that Anthropic would give.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::carried::Carried;
use super::super::chat::{Answer, Said, Usage};
use super::super::text::join;
use super::super::written::Written;
use crate::error::{Error, ErrorKind};

/// The message of `chat`.
///
/// Thoughts become a `thinking` block in front. What their provider wants back with them, or with a call, is sealed into
/// its signature; without thoughts it is a `redacted_thinking` block.
pub(super) fn translate(chat: &[u8]) -> Result<Bytes, Error> {
    let Answer { id, model, choices, usage, .. } =
        serde_json::from_slice(chat).map_err(|error| broken(&error.to_string()))?;
    let choice = choices.into_iter().next().ok_or_else(|| broken("it has no choices"))?;
    let (said, reason) = choice.said();
    let reason = reason.ok_or_else(|| broken("it has no finish_reason"))?;
    let message = head(id, model)
        .with("content", content(&said)?)
        .with("stop_reason", stop_reason(&reason, &said))
        .with("stop_sequence", ())
        .with("usage", tokens(&usage.unwrap_or_default()));
    Ok(message.to_bytes().into())
}

/// The members that a message begins with.
pub(super) fn head(id: Option<&RawValue>, model: Option<&RawValue>) -> Written {
    let nameless = to_raw_value("").expect("a string is JSON");
    let text = |raw: Option<&RawValue>| raw.filter(|raw| raw.get().starts_with('"')).unwrap_or(&nameless).to_owned();
    Written::default().with("id", text(id)).with("type", "message").with("role", "assistant").with("model", text(model))
}

fn content(said: &Said<'_>) -> Result<Vec<Written>, Error> {
    let (shown, mut carried) = (said.shown(), Carried::default());
    carried.keep(said.thinking_blocks(), said.reasoning_details());
    let mut calls = Vec::new();
    for (number, call) in said.tool_calls().iter().enumerate() {
        let id = call.id(number);
        carried.keep_call(&id, call);
        let name = call.function.name.ok_or_else(|| broken("a call has no name"))?;
        let arguments = call.function.arguments();
        let block = Written::of("tool_use").with("id", id).with("name", name);
        calls.push(block.with("input", input(&arguments)?));
    }
    let mut content = Vec::new();
    match join(shown.thoughts) {
        Some(thoughts) => {
            content.push(Written::of("thinking").with("thinking", thoughts).with("signature", carried.seal()));
        }
        None if !carried.is_empty() => content.push(Written::of("redacted_thinking").with("data", carried.seal())),
        None => {}
    }
    if let Some(text) = join(shown.texts) {
        content.push(Written::of("text").with("text", text).with_some("citations", citations(said)));
    }
    if let Some(refusal) = said.refusal() {
        content.push(Written::of("text").with("text", refusal));
    }
    content.extend(calls);
    Ok(content)
}

/// The arguments of a call as the object that they are.
fn input(arguments: &str) -> Result<Box<RawValue>, Error> {
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    RawValue::from_string(text.to_owned()).map_err(|_| broken("the arguments of a call are not JSON"))
}

fn citations(said: &Said<'_>) -> Option<Vec<Written>> {
    let cited: Vec<_> = said.annotations().iter().filter_map(|raw| citation(raw)).collect();
    Some(cited).filter(|cited| !cited.is_empty())
}

/// A page that the text names (`url_citation`), as Anthropic's web search names it; `None` of another annotation.
pub(super) fn citation(annotation: &RawValue) -> Option<Written> {
    #[derive(Deserialize)]
    struct Annotation<'a> {
        #[serde(borrow)]
        url_citation: Page<'a>,
    }
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        url: &'a RawValue,
        #[serde(borrow)]
        title: Option<&'a RawValue>,
    }
    let Annotation { url_citation: Page { url, title } } = serde_json::from_str(annotation.get()).ok()?;
    let page = Written::of("web_search_result_location").with("url", url).with("title", title);
    Some(page.with("cited_text", "").with("encrypted_index", ""))
}

/// Why the answer ended, in Anthropic's words. OpenAI itself says `stop` when a function was forced.
pub(super) fn stop_reason(reason: &str, said: &Said<'_>) -> &'static str {
    match reason {
        "stop" if !said.tool_calls().is_empty() => "tool_use",
        _ => stop_word(reason),
    }
}

/// The word for OpenAI's.
pub(super) fn stop_word(reason: &str) -> &'static str {
    match reason {
        "length" => "max_tokens",
        "tool_calls" | "function_call" => "tool_use",
        "content_filter" => "refusal",
        _ => "end_turn",
    }
}

/// The tokens as Anthropic counts them: what the prompt cache read or wrote stands beside `input_tokens`. Its clients
/// need both totals, so a count that nobody told is zero here; the log knows better.
pub(super) fn tokens(usage: &Usage) -> Written {
    let (cached, written) = (usage.cached(), usage.cache_written());
    let beside = cached.unwrap_or(0).saturating_add(written.unwrap_or(0));
    let mut tokens = Written::default();
    tokens.put("input_tokens", usage.prompt_tokens.unwrap_or(0).saturating_sub(beside));
    tokens.put_some("cache_creation_input_tokens", written);
    tokens.put_some("cache_read_input_tokens", cached);
    tokens.put("output_tokens", usage.completion_tokens.unwrap_or(0));
    let details = usage.reasoning().map(|reasoning| Written::default().with("thinking_tokens", reasoning));
    tokens.put_some("output_tokens_details", details);
    tokens
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the provider's answer is not a chat completion: {why}"))
}
