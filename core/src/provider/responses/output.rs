//! A response, and the items that it is made of.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::chat::Usage;
use super::super::text::Text;
use super::super::written::Written;
use super::echo::Echo;

/// What all events and items of one answer are named after.
pub(super) struct Name {
    id: String,
    model: Box<RawValue>,
    created_s: u64,
}

impl Name {
    /// Of a chat completion, or its first chunk. `created_s` is in Unix seconds.
    pub(super) fn of(id: Option<&RawValue>, model: Option<&RawValue>, created_s: u64) -> Self {
        let text = |raw: Option<&RawValue>| raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let id = text(id).filter(|id| !id.is_empty()).unwrap_or_else(|| created_s.to_string());
        let model = to_raw_value(&text(model).unwrap_or_default()).expect("a string is JSON");
        Self { id, model, created_s }
    }

    /// The id of the item of this number: OpenAI's ids tell the kind.
    pub(super) fn item(&self, kind: &str, number: usize) -> String {
        format!("{kind}_{}_{number}", self.id)
    }

    /// The response as it stands.
    pub(super) fn response(&self, status: &Status, output: &[Written], usage: Option<&Usage>, echo: &Echo) -> Written {
        let mut response = Written::default()
            .with("id", format!("resp_{}", self.id))
            .with("object", "response")
            .with("created_at", self.created_s)
            .with("status", status.word())
            .with("background", false)
            .with("error", ())
            .with("incomplete_details", status.details())
            .with("model", &self.model)
            .with("output", output);
        echo.put(&mut response);
        response.with("usage", usage.and_then(tokens))
    }
}

/// How a response stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    /// With the reason why it is not whole.
    Incomplete(&'static str),
}

impl Status {
    /// How an answer stands that ended for this reason, in OpenAI's word for chats.
    pub(super) fn ended(finish_reason: &str) -> Self {
        match finish_reason {
            "length" => Self::Incomplete("max_output_tokens"),
            "content_filter" => Self::Incomplete("content_filter"),
            _ => Self::Completed,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }

    fn details(self) -> Option<Written> {
        match self {
            Self::Incomplete(reason) => Some(Written::default().with("reason", reason)),
            Self::InProgress | Self::Completed => None,
        }
    }
}

/// Thoughts, and what their provider wants back with them.
pub(super) fn reasoning(id: &str, thoughts: Option<&RawValue>, sealed: &str) -> Written {
    let summary: Vec<_> = thoughts.map(summary).into_iter().collect();
    Written::of("reasoning").with("id", id).with("summary", summary).with("encrypted_content", sealed)
}

pub(super) fn summary(text: impl Serialize) -> Written {
    Written::of("summary_text").with("text", text)
}

/// What is said.
pub(super) fn message(id: &str, status: &str, parts: &[Written]) -> Written {
    let item = Written::of("message").with("id", id).with("status", status);
    item.with("role", "assistant").with("content", parts)
}

pub(super) fn text(text: impl Serialize, annotations: &[Written], logprobs: &[&RawValue]) -> Written {
    let part = Written::of("output_text").with("text", text);
    part.with("annotations", annotations).with("logprobs", logprobs)
}

pub(super) fn refusal(text: impl Serialize) -> Written {
    Written::of("refusal").with("refusal", text)
}

/// A call of a function.
pub(super) fn call(id: &str, call_id: &str, name: Text<'_>, arguments: impl Serialize, status: &str) -> Written {
    let item = Written::of("function_call").with("id", id).with("call_id", call_id);
    item.with("name", name).with("arguments", arguments).with("status", status)
}

/// A page that the text names: the same members as in a chat, one level up. `None` of another annotation.
pub(super) fn annotation(annotation: &RawValue) -> Option<Written> {
    #[derive(serde::Deserialize)]
    struct Annotation<'a> {
        #[serde(borrow)]
        url_citation: Page<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        url: &'a RawValue,
        #[serde(borrow)]
        title: Option<&'a RawValue>,
        #[serde(default)]
        start_index: u64,
        #[serde(default)]
        end_index: u64,
    }
    let Annotation { url_citation: page } = serde_json::from_str(annotation.get()).ok()?;
    let carried = Written::of("url_citation").with("start_index", page.start_index).with("end_index", page.end_index);
    Some(carried.with("url", page.url).with("title", page.title))
}

/// Tokens under the names of responses; `None` where a total is not known.
fn tokens(usage: &Usage) -> Option<Written> {
    let (input, output) = (usage.prompt_tokens?, usage.completion_tokens?);
    let cached = Written::default().with("cached_tokens", usage.cached().unwrap_or(0));
    let cached = cached.with_some("cache_write_tokens", usage.cache_written());
    let reasoning = Written::default().with("reasoning_tokens", usage.reasoning().unwrap_or(0));
    let tokens = Written::default().with("input_tokens", input).with("input_tokens_details", cached);
    let tokens = tokens.with("output_tokens", output).with("output_tokens_details", reasoning);
    Some(tokens.with("total_tokens", input.saturating_add(output)))
}
