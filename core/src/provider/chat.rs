//! Chat completions as callers of other shapes get them told: those of any OpenAI-shaped provider, and those that a
//! translation has written. Unknown members are passed over.
//! Format: <https://platform.openai.com/docs/api-reference/chat/object>, `chat/streaming`. Thoughts come as
//! `reasoning_content` (DeepSeek and most others), `reasoning` (OpenRouter, Groq) or parts of the content (Mistral).

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::text::Text;

/// A whole answer, or a piece of a streamed one.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) choices: Vec<Choice<'a>>,
    #[serde(default)]
    pub(super) usage: Option<Usage>,
    /// Of a stream that failed.
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    message: Option<Said<'a>>,
    #[serde(borrow)]
    delta: Option<Said<'a>>,
    finish_reason: Option<String>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

impl<'a> Choice<'a> {
    /// How likely each token of the text was.
    pub(super) fn logprobs(&self) -> Vec<&'a RawValue> {
        #[derive(Default, Deserialize)]
        struct Logprobs<'a> {
            #[serde(borrow, default)]
            content: Option<Vec<&'a RawValue>>,
        }
        let read = |raw: &'a RawValue| serde_json::from_str::<Logprobs<'a>>(raw.get()).ok()?.content;
        self.logprobs.and_then(read).unwrap_or_default()
    }

    /// What the model said, whole or in this piece.
    pub(super) fn said(self) -> (Said<'a>, Option<String>) {
        let reason = self.finish_reason.filter(|reason| !reason.is_empty());
        (self.message.or(self.delta).unwrap_or_default(), reason)
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Said<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_details: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    thinking_blocks: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    annotations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<ToolCall<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct ToolCall<'a> {
    pub(super) index: Option<usize>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) function: Function<'a>,
    #[serde(borrow)]
    pub(super) extra_content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    /// A text in OpenAI's own; some servers send the object itself.
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// What is shown, in the order in which models say it.
pub(super) struct Shown<'a> {
    pub(super) thoughts: Vec<Text<'a>>,
    pub(super) texts: Vec<Text<'a>>,
}

impl<'a> Said<'a> {
    /// Its thoughts and its texts, without empty ones.
    pub(super) fn shown(&self) -> Shown<'a> {
        let mut shown = Shown { thoughts: Vec::new(), texts: Vec::new() };
        let thoughts = [self.reasoning_content, self.reasoning];
        shown.thoughts.extend(thoughts.into_iter().flatten().filter_map(Text::of).take(1));
        match self.content {
            Some(raw) if raw.get().starts_with('[') => shown.parts(raw),
            raw => shown.texts.extend(raw.and_then(Text::of)),
        }
        shown.thoughts.retain(|text| !text.is_empty());
        shown.texts.retain(|text| !text.is_empty());
        shown
    }

    pub(super) fn refusal(&self) -> Option<Text<'a>> {
        self.refusal.filter(|text| !text.is_empty())
    }

    pub(super) fn thinking_blocks(&self) -> &[&'a RawValue] {
        self.thinking_blocks.as_deref().unwrap_or_default()
    }

    pub(super) fn reasoning_details(&self) -> &[&'a RawValue] {
        self.reasoning_details.as_deref().unwrap_or_default()
    }

    pub(super) fn annotations(&self) -> &[&'a RawValue] {
        self.annotations.as_deref().unwrap_or_default()
    }

    pub(super) fn tool_calls(&self) -> &[ToolCall<'a>] {
        self.tool_calls.as_deref().unwrap_or_default()
    }
}

impl<'a> Shown<'a> {
    /// Mistral's content of several parts (docs.mistral.ai/capabilities/reasoning).
    fn parts(&mut self, raw: &'a RawValue) {
        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(borrow)]
            text: Option<Text<'a>>,
            #[serde(borrow, default)]
            thinking: Vec<Part<'a>>,
        }
        let parts: Vec<Part<'a>> = serde_json::from_str(raw.get()).unwrap_or_default();
        for part in parts {
            self.thoughts.extend(part.thinking.into_iter().filter_map(|thought| thought.text));
            self.texts.extend(part.text);
        }
    }
}

impl ToolCall<'_> {
    /// The id as text; one made of its number where there is none.
    pub(super) fn id(&self, number: usize) -> String {
        let known = self.id.and_then(|id| serde_json::from_str(id.raw().get()).ok());
        known.filter(|id: &String| !id.is_empty()).unwrap_or_else(|| format!("call_{number}"))
    }
}

impl<'a> Function<'a> {
    /// The arguments, or the piece of them that is there: the text of a JSON document.
    pub(super) fn arguments(&self) -> Cow<'a, str> {
        let Some(raw) = self.arguments else { return Cow::Borrowed("") };
        if !raw.get().starts_with('"') {
            return Cow::Borrowed(if raw.get() == "null" { "" } else { raw.get() });
        }
        serde_json::from_str(raw.get()).map(Cow::Owned).unwrap_or_default()
    }

    /// The piece of the arguments that is there, as it is written.
    pub(super) fn piece(&self) -> Option<Text<'a>> {
        self.arguments.and_then(Text::of).filter(|piece| !piece.is_empty())
    }
}

/// Tokens. The details are parts of the totals.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are OpenAI's")]
#[serde(default)]
pub(super) struct Usage {
    #[serde(deserialize_with = "count")]
    pub(super) prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub(super) completion_tokens: Option<u64>,
    #[serde(deserialize_with = "details")]
    prompt_tokens_details: Details,
    #[serde(deserialize_with = "details")]
    completion_tokens_details: Details,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are OpenAI's")]
#[serde(default)]
struct Details {
    #[serde(deserialize_with = "count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    cache_write_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

impl Usage {
    pub(super) fn cached(&self) -> Option<u64> {
        self.prompt_tokens_details.cached_tokens
    }

    pub(super) fn cache_written(&self) -> Option<u64> {
        self.prompt_tokens_details.cache_write_tokens
    }

    pub(super) fn reasoning(&self) -> Option<u64> {
        self.completion_tokens_details.reasoning_tokens
    }
}

/// A count that is no whole number of tokens is unknown, not an error: usage may not break an answer.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(<&RawValue>::deserialize(deserializer)?.get().parse().ok())
}

fn details<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Details, D::Error> {
    Ok(serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(said: &str) -> (String, String) {
        let said: Said<'_> = serde_json::from_str(said).unwrap();
        let shown = said.shown();
        let all = |texts: &[Text<'_>]| texts.iter().map(|text| text.inside()).collect();
        (all(&shown.thoughts), all(&shown.texts))
    }

    #[test]
    fn thoughts_are_found_under_every_name() {
        let told = ("t".to_owned(), "a".to_owned());
        assert_eq!(shown(r#"{"content":"a","reasoning_content":"t","reasoning":"t"}"#), told);
        assert_eq!(shown(r#"{"content":"a","reasoning_content":null,"reasoning":"t"}"#), told);
        let parts =
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"a"}]}"#;
        assert_eq!(shown(parts), told);
        assert_eq!(shown(r#"{"content":null,"reasoning":{"x":1}}"#), Default::default());
    }

    #[test]
    fn arguments_are_a_text_or_the_object_itself() {
        let of = |json: &str| serde_json::from_str::<Function<'_>>(json).unwrap().arguments().into_owned();
        assert_eq!(of(r#"{"name":"f","arguments":"{\"a\":1e400}"}"#), r#"{"a":1e400}"#);
        assert_eq!(of(r#"{"name":"f","arguments":{"a":1e400}}"#), r#"{"a":1e400}"#);
        assert_eq!((of(r#"{"arguments":null}"#), of("{}")), (String::new(), String::new()));
    }

    #[test]
    fn odd_counts_are_unknown() {
        let usage: Usage =
            serde_json::from_str(r#"{"prompt_tokens":-1,"completion_tokens":2,"prompt_tokens_details":null}"#).unwrap();
        assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.cached()), (None, Some(2), None));
    }
}
