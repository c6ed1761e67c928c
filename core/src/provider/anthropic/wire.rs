//! What Anthropic answers, as far as a translation reads it. Unknown members and events are passed over, as its
//! versioning page allows for.
//! Formats: <https://platform.claude.com/docs/en/api/messages/create>, `build-with-claude/streaming`, `api/errors`.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::completion::{self, CompletionDetails, Finish, PromptDetails};
use super::super::text::Text;

/// A whole answer, and the head of a streamed one.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) model: Text<'a>,
    #[serde(borrow, default)]
    pub(super) content: Vec<&'a RawValue>,
    pub(super) stop_reason: Option<String>,
    #[serde(borrow)]
    pub(super) stop_details: Option<StopDetails<'a>>,
    #[serde(default)]
    pub(super) usage: Usage,
}

/// A block of the content. Which members are there depends on `kind`.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
}

/// An event of a stream. Which members are there depends on `kind`.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(super) content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) delta: Option<Delta<'a>>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<Failure>,
}

/// What a stream adds to a block (the first four) or to the message.
#[derive(Default, Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) partial_json: Option<Text<'a>>,
    pub(super) stop_reason: Option<String>,
    #[serde(borrow)]
    pub(super) stop_details: Option<StopDetails<'a>>,
}

/// Why the model refused.
#[derive(Deserialize)]
pub(super) struct StopDetails<'a> {
    #[serde(borrow)]
    pub(super) explanation: Option<Text<'a>>,
}

/// An error body.
#[derive(Deserialize)]
pub(super) struct ErrorAnswer {
    pub(super) error: Failure,
    pub(super) request_id: Option<String>,
}

/// The error itself.
#[derive(Deserialize)]
pub(super) struct Failure {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) message: String,
}

/// Tokens. `input_tokens` leaves out what the prompt cache read or wrote; in a stream the counts are running totals.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are Anthropic's")]
#[serde(default)]
pub(super) struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    #[serde(deserialize_with = "count")]
    thinking_tokens: Option<u64>,
}

impl Usage {
    /// Takes over what a later event says.
    pub(super) fn update(&mut self, later: Usage) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
    }

    /// The same counts as OpenAI states them; `None` where a total is not known.
    pub(super) fn as_openai(&self) -> Option<completion::Usage> {
        let (cached, written) = (self.cache_read_input_tokens, self.cache_creation_input_tokens);
        let prompt = self.input_tokens?.saturating_add(cached.unwrap_or(0)).saturating_add(written.unwrap_or(0));
        let completion = self.output_tokens?;
        Some(completion::Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt.saturating_add(completion),
            prompt_tokens_details: PromptDetails { cached_tokens: cached, cache_write_tokens: written },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: self.output_tokens_details.and_then(|details| details.thinking_tokens),
            },
        })
    }
}

/// A count that is no whole number of tokens is unknown, not an error: usage may not break an answer.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(<&RawValue>::deserialize(deserializer)?.get().parse().ok())
}

/// Why the answer ended, in OpenAI's words. A reason that is not documented yet counts as a stop: the end marker is
/// what proves an answer whole.
pub(super) fn finish(stop_reason: &str) -> Finish {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "refusal" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(json: &str) -> Usage {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn cached_tokens_are_part_of_the_prompt() {
        let openai = usage(
            r#"{"input_tokens":5,"cache_read_input_tokens":7,"cache_creation_input_tokens":11,"output_tokens":2,
                "output_tokens_details":{"thinking_tokens":1}}"#,
        )
        .as_openai();
        assert_eq!(
            serde_json::to_string(&openai).unwrap(),
            concat!(
                r#"{"prompt_tokens":23,"completion_tokens":2,"total_tokens":25,"#,
                r#""prompt_tokens_details":{"cached_tokens":7,"cache_write_tokens":11},"#,
                r#""completion_tokens_details":{"reasoning_tokens":1}}"#
            )
        );
    }

    #[test]
    fn unknown_counts_are_not_zero() {
        assert!(usage(r#"{"input_tokens":5}"#).as_openai().is_none());
        let odd = usage(r#"{"input_tokens":-1,"output_tokens":36893488147419103232,"cache_read_input_tokens":"x"}"#);
        assert!(odd.as_openai().is_none());
        let bare = usage(r#"{"input_tokens":18446744073709551615,"output_tokens":1}"#).as_openai();
        assert_eq!(
            serde_json::to_string(&bare).unwrap(),
            r#"{"prompt_tokens":18446744073709551615,"completion_tokens":1,"total_tokens":18446744073709551615}"#
        );
    }

    #[test]
    fn later_counts_replace_earlier_ones() {
        let mut running = usage(r#"{"input_tokens":5,"output_tokens":1}"#);
        running.update(usage(r#"{"output_tokens":9,"input_tokens":null}"#));
        let openai = running.as_openai().unwrap();
        assert_eq!((openai.prompt_tokens, openai.completion_tokens), (5, 9));
    }
}
