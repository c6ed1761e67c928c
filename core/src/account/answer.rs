//! The few fields of an answer that accounting reads: of a whole body, or of one event of a stream.
//!
//! The names do not collide between the protocols, so one type reads them all. Everything stays raw JSON until it is
//! asked for: a body may be megabytes long, and one field of an unexpected type must not hide the others.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::usage::Tier;

/// A partial view of an answer, borrowing from its bytes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer<'a> {
    #[serde(rename = "type", borrow)]
    kind: Field<'a>,
    model: Field<'a>,
    #[serde(rename = "modelVersion")]
    model_version: Field<'a>,
    usage: Field<'a>,
    #[serde(rename = "usageMetadata")]
    usage_metadata: Field<'a>,
    pub(super) error: Field<'a>,
    choices: Field<'a>,
    candidates: Field<'a>,
    #[serde(rename = "promptFeedback")]
    prompt_feedback: Field<'a>,
    response: Field<'a>,
    message: Field<'a>,
    result: Field<'a>,
    x_groq: Field<'a>,
    /// Cohere's place for what it charges, where an answer has no usage.
    meta: Field<'a>,
    service_tier: Field<'a>,
    #[serde(rename = "serviceTier")]
    bedrock_tier: Field<'a>,
}

type Field<'a> = Option<&'a RawValue>;

impl<'a> Answer<'a> {
    /// `None` when the bytes are not one JSON object.
    pub(super) fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The event's type, where it carries one.
    pub(super) fn kind(&self) -> Option<String> {
        text(self.kind)
    }

    /// The usage object: the answer's own, or that of the answer inside.
    pub(super) fn usage(&self) -> Option<&'a RawValue> {
        self.usage.or(self.usage_metadata).or_else(|| self.inside()?.usage).or(self.meta)
    }

    /// The service tier that it says has served it.
    pub(super) fn tier(&self) -> Option<Tier> {
        let named = text(self.service_tier).or_else(|| text(self.inside()?.service_tier));
        let bedrock = || self.bedrock_tier.map(read::<BedrockTier>).map(|tier| tier.kind.0);
        Tier::of(&named.or_else(bedrock)?)
    }

    /// The model that the answer names.
    pub(super) fn model(&self) -> Option<String> {
        text(self.model).or_else(|| text(self.model_version)).or_else(|| text(self.inside()?.model))
    }

    /// Whether an OpenAI choice has its finish reason.
    pub(super) fn has_finished_choice(&self) -> bool {
        let choices: Vec<Choice> = self.choices.map(read).unwrap_or_default();
        choices.into_iter().any(|choice| choice.finish_reason.0.is_some_and(|reason| !reason.is_empty()))
    }

    /// Whether Gemini has given a reason for ending: a candidate's, or that the prompt was blocked.
    pub(super) fn has_finished_candidate(&self) -> bool {
        let candidates: Vec<Candidate> = self.candidates.map(read).unwrap_or_default();
        let blocked =
            self.prompt_feedback.map(read::<Feedback>).is_some_and(|feedback| feedback.block_reason.0.is_some());
        blocked || candidates.into_iter().any(|candidate| candidate.finish_reason.0.is_some())
    }

    /// The answer that this one wraps: OpenAI's Responses events put it under `response`, Anthropic's `message_start`
    /// under `message`, Cloudflare's REST API under `result`. Groq puts a stream's usage under `x_groq`.
    fn inside(&self) -> Option<Answer<'a>> {
        let wrapped = [self.response, self.message, self.result, self.x_groq];
        wrapped.into_iter().flatten().find_map(|json| Answer::parse(json.get().as_bytes()))
    }
}

#[derive(Default, Deserialize)]
struct BedrockTier {
    #[serde(rename = "type", default)]
    kind: Lenient<String>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    finish_reason: Lenient<Option<String>>,
}

#[derive(Deserialize)]
struct Candidate {
    #[serde(rename = "finishReason", default)]
    finish_reason: Lenient<Option<String>>,
}

#[derive(Default, Deserialize)]
struct Feedback {
    #[serde(rename = "blockReason", default)]
    block_reason: Lenient<Option<String>>,
}

/// A value that falls back to its default where the JSON is of another type or out of range.
#[derive(Clone, Copy, Default)]
pub(super) struct Lenient<T>(pub(super) T);

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(json).map(|json| Self(read(json)))
    }
}

/// What the JSON says, or the default where it is of another type or out of range.
pub(super) fn read<'a, T: Default + Deserialize<'a>>(json: &'a RawValue) -> T {
    serde_json::from_str(json.get()).unwrap_or_default()
}

fn text(field: Field) -> Option<String> {
    read(field?)
}
