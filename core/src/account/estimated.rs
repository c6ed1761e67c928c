//! What a stream used that was cut off before its provider could say so: counted from what was asked and from what came.

use serde_json::Value;

#[cfg(feature = "tokens")]
use super::tokens::{TokenInput, count_tokens};
use crate::usage::{Usage, UsageSource};

/// More of a stream is not kept; the rest is taken to be like it.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// The events of a stream, kept unread: only one that is cut off must be counted.
#[derive(Default)]
pub(super) struct Said {
    /// Each ends with a zero, which no JSON has.
    events: Vec<u8>,
    missed: u64,
}

impl Said {
    pub(super) fn add(&mut self, data: &[u8]) {
        if self.events.len() + data.len() < MAX_KEPT_BYTES {
            self.events.extend_from_slice(data);
            self.events.push(0);
        } else {
            self.missed = self.missed.saturating_add(data.len() as u64);
        }
    }

    /// How many tokens of text, reasoning and calls of tools came.
    fn tokens(&self, model: &str) -> u64 {
        let mut text = String::new();
        for event in self.events.split(|byte| *byte == 0) {
            said(&serde_json::from_slice(event).unwrap_or_default(), &mut text);
        }
        let (tokens, kept) = (count(model, &text), self.events.len() as u64);
        tokens.saturating_add(tokens.saturating_mul(self.missed).checked_div(kept).unwrap_or(0))
    }

    /// The usage of a call of `model` with this `body`, of whose answer no more came. What its provider has `reported` stands
    /// as far as it covers that.
    pub(super) fn usage(&self, model: &str, body: &[u8], reported: Option<Usage>) -> Usage {
        let said = self.tokens(model);
        match reported {
            Some(usage) if usage.tokens_in.is_some() && usage.tokens_out.is_some_and(|told| told >= said) => usage,
            reported => {
                let told = reported.unwrap_or_default();
                let tokens_in = told.tokens_in.or_else(|| Some(asked(model, body)));
                let tokens_out = Some(told.tokens_out.unwrap_or(0).max(said));
                Usage { source: UsageSource::Estimated, tokens_in, tokens_out, ..told }
            }
        }
    }
}

/// How many tokens the request has, in whatever format.
fn asked(model: &str, body: &[u8]) -> u64 {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    #[cfg(feature = "tokens")]
    if let (Some(messages), None) = (body.get("messages"), body.get("system"))
        && let Ok(count) = TokenInput::of_chat(messages, &body).and_then(|chat| count_tokens(model, &chat))
    {
        return count.tokens;
    }
    let mut text = String::new();
    for key in ["system", "systemInstruction", "system_instruction", "instructions", "messages", "contents", "input"] {
        gather(&body[key], &mut text);
    }
    for key in ["prompt", "tools", "toolConfig"] {
        gather(&body[key], &mut text);
    }
    count(model, &text)
}

/// What an event adds to the answer, in any of the formats.
fn said(event: &Value, text: &mut String) {
    // Sound is no text; what it says in words has events of its own.
    if event["type"].as_str().is_some_and(|kind| kind.ends_with("audio.delta")) {
        return;
    }
    gather(&event["delta"], text);
    for choice in event["choices"].as_array().into_iter().flatten() {
        gather(&choice["delta"], text);
        gather(&choice["text"], text);
    }
    for candidate in event["candidates"].as_array().into_iter().flatten() {
        gather(&candidate["content"], text);
    }
    // Workers AI; of OpenAI's responses it is the whole answer, which its deltas have told.
    text.push_str(event["response"].as_str().unwrap_or_default());
}

/// All text in a part of a message.
fn gather(part: &Value, text: &mut String) {
    /// What frames the text, and what is data.
    const NOT_SAID: [&str; 15] = [
        "role",
        "id",
        "type",
        "index",
        "status",
        "stop_reason",
        "stop_sequence",
        "call_id",
        "tool_call_id",
        "signature",
        "thoughtSignature",
        "data",
        "url",
        "bytes",
        "obfuscation",
    ];
    match part {
        Value::String(said) => text.push_str(said),
        Value::Array(items) => items.iter().for_each(|item| gather(item, text)),
        Value::Object(fields) => {
            let said = fields.iter().filter(|(name, _)| !NOT_SAID.contains(&name.as_str()));
            said.for_each(|(_, value)| gather(value, text));
        }
        _ => {}
    }
}

/// English has four bytes to a token; that stands in where no vocabulary is known.
fn count(model: &str, text: &str) -> u64 {
    #[cfg(feature = "tokens")]
    if let Ok(count) = count_tokens(model, &TokenInput::Text(text)) {
        return count.tokens;
    }
    let _ = model;
    (text.len() as u64).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(events: &[&str]) -> String {
        let mut text = String::new();
        for event in events {
            said(&serde_json::from_str(event).unwrap(), &mut text);
        }
        text
    }

    #[test]
    fn every_format_says_its_text_once() {
        let openai = [
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"lo"}}],"obfuscation":"aaaa"}"#,
        ];
        assert_eq!(text(&openai), "Hello");
        let responses = [
            r#"{"type":"response.created","response":{"instructions":"be kind"}}"#,
            r#"{"type":"response.output_text.delta","item_id":"msg_1","delta":"Hello"}"#,
            r#"{"type":"response.audio.delta","delta":"AAAA"}"#,
            r#"{"type":"response.output_text.done","text":"Hello"}"#,
        ];
        assert_eq!(text(&responses), "Hello");
        let anthropic = [
            r#"{"type":"message_start","message":{"content":[],"usage":{"input_tokens":9,"output_tokens":1}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hel"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"zz"}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        ];
        assert_eq!(text(&anthropic), "Hello");
        let gemini = [r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"},{"text":"lo"}]}}]}"#];
        assert_eq!(text(&gemini), "Hello");
        let bedrock = [r#"{"contentBlockIndex":0,"delta":{"text":"Hello"},"p":"abcd"}"#];
        assert_eq!(text(&bedrock), "Hello");
        assert_eq!(text(&[r#"{"response":"Hello"}"#]), "Hello");
    }

    #[test]
    fn what_was_reported_stands_as_far_as_it_goes() {
        let mut said = Said::default();
        said.add(br#"{"choices":[{"delta":{"content":"one two three four five"}}]}"#);
        let told =
            |tokens_in, tokens_out| Usage { tokens_in, tokens_out, source: UsageSource::Reported, ..Usage::default() };
        let usage = |reported| said.usage("nobody/knows", br#"{"prompt":"12345678"}"#, reported);
        let estimate = usage(None);
        assert_eq!(
            (estimate.source, estimate.tokens_in, estimate.tokens_out),
            (UsageSource::Estimated, Some(2), Some(6))
        );
        let begun = usage(Some(told(Some(40), Some(1))));
        assert_eq!((begun.source, begun.tokens_in, begun.tokens_out), (UsageSource::Estimated, Some(40), Some(6)));
        assert_eq!(usage(Some(told(Some(40), Some(90)))), told(Some(40), Some(90)));
    }

    #[test]
    fn a_very_long_stream_is_reckoned_from_its_beginning() {
        let (mut said, piece) = (Said::default(), format!(r#"{{"response":"{}"}}"#, "x".repeat(1_000)));
        (0..2_000).for_each(|_| said.add(piece.as_bytes()));
        assert!(said.events.len() < MAX_KEPT_BYTES);
        let tokens = said.tokens("nobody/knows");
        assert!((490_000..=510_000).contains(&tokens), "{tokens}");
    }
}
