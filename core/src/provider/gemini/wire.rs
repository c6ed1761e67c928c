//! What Gemini answers, as far as a translation reads it. Unknown members are passed over.
//! Formats: `GenerateContentResponse` of <https://ai.google.dev/api/generate-content>, with
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::completion::{self, CompletionDetails, Finish, PromptDetails};
use super::super::text::Text;

/// A whole answer, and each event of a streamed one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) response_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) model_version: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) candidates: Vec<Candidate<'a>>,
    pub(super) prompt_feedback: Option<Feedback>,
    #[serde(default)]
    pub(super) usage_metadata: Option<Usage>,
    pub(super) error: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow)]
    pub(super) content: Option<Content<'a>>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Content<'a> {
    #[serde(borrow, default)]
    pub(super) parts: Vec<&'a RawValue>,
}

/// A part. Which members are there is what says its kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(default)]
    pub(super) thought: bool,
    #[serde(borrow)]
    pub(super) thought_signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) function_call: Option<Call<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
}

/// Why a prompt was not answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback {
    pub(super) block_reason: Option<String>,
}

/// An error body.
#[derive(Deserialize)]
pub(super) struct ErrorAnswer {
    pub(super) error: Failure,
}

/// The error itself (google.rpc.Status over HTTP).
#[derive(Deserialize)]
pub(super) struct Failure {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) details: Vec<Detail>,
}

/// One of the error's details; `reason` is that of a google.rpc.ErrorInfo.
#[derive(Deserialize)]
pub(super) struct Detail {
    pub(super) reason: Option<String>,
}

/// Tokens. Thoughts and the prompts of tools are counted beside candidates and prompt.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the names are Gemini's")]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Usage {
    #[serde(deserialize_with = "count")]
    prompt_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    tool_use_prompt_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    candidates_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    thoughts_token_count: Option<u64>,
    #[serde(deserialize_with = "count")]
    cached_content_token_count: Option<u64>,
}

impl Usage {
    /// The same counts as OpenAI states them; `None` where the prompt is not counted.
    pub(super) fn as_openai(&self) -> Option<completion::Usage> {
        let tools = self.tool_use_prompt_token_count.unwrap_or(0);
        let prompt = self.prompt_token_count?.saturating_add(tools);
        let thoughts = self.thoughts_token_count;
        let completion = self.candidates_token_count.unwrap_or(0).saturating_add(thoughts.unwrap_or(0));
        Some(completion::Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt.saturating_add(completion),
            prompt_tokens_details: PromptDetails {
                cached_tokens: self.cached_content_token_count,
                cache_write_tokens: None,
            },
            completion_tokens_details: CompletionDetails { reasoning_tokens: thoughts },
        })
    }
}

/// A count that is no whole number of tokens is unknown, not an error: usage may not break an answer.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(<&RawValue>::deserialize(deserializer)?.get().parse().ok())
}

/// Why the answer ended, in OpenAI's words; `None` where the model failed to write what it began. Gemini has no word of
/// its own for an end with calls. A reason that is not documented yet counts as a stop.
pub(super) fn finish(reason: &str, has_calls: bool) -> Option<Finish> {
    match reason {
        "MAX_TOKENS" => Some(Finish::Length),
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Some(Finish::ContentFilter),
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MISSING_THOUGHT_SIGNATURE" => None,
        _ if has_calls => Some(Finish::ToolCalls),
        _ => Some(Finish::Stop),
    }
}
