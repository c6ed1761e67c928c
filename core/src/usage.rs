//! What a call used and what it cost. Tokens are counted once: the subsets are parts of the totals.

use serde::{Deserialize, Serialize};

/// Money inside the gateway: billionths of a US dollar. `None` is unknown, which is never zero.
pub type NanoUsd = i64;

/// How a token count is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider said so.
    Reported,
    /// Counted here.
    Estimated,
    /// Nobody said and nothing was counted.
    #[default]
    Unknown,
}

/// Tokens of one call, normalised over the providers: `tokens_in` includes cached ones, `tokens_out` includes reasoning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// How the counts are known.
    pub source: UsageSource,
    /// All input tokens.
    pub tokens_in: Option<u64>,
    /// All output tokens.
    pub tokens_out: Option<u64>,
    /// Input tokens read from the provider's prompt cache; part of `tokens_in`.
    pub cache_read: Option<u64>,
    /// Input tokens written to the provider's prompt cache; part of `tokens_in`.
    pub cache_write: Option<u64>,
    /// Output tokens spent on reasoning; part of `tokens_out`.
    pub reasoning: Option<u64>,
    /// Audio tokens, in and out; parts of the totals.
    pub audio: Option<u64>,
    /// What else is charged apart, where the provider tells it.
    #[serde(flatten)]
    pub details: Option<Box<UsageDetails>>,
}

impl Usage {
    /// Both together, as far as they are known. What else is charged apart is that of `other`.
    pub(crate) fn plus(&self, other: Option<&Self>) -> Self {
        let Some(other) = other else { return self.clone() };
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            source: match (self.source, other.source) {
                (source, UsageSource::Unknown) => source,
                (UsageSource::Estimated, _) => UsageSource::Estimated,
                (_, source) => source,
            },
            tokens_in: sum(self.tokens_in, other.tokens_in),
            tokens_out: sum(self.tokens_out, other.tokens_out),
            cache_read: sum(self.cache_read, other.cache_read),
            cache_write: sum(self.cache_write, other.cache_write),
            reasoning: sum(self.reasoning, other.reasoning),
            audio: sum(self.audio, other.audio),
            details: other.details.clone().or_else(|| self.details.clone()),
        }
    }

    /// This usage, served so.
    pub(crate) fn in_tier(mut self, tier: Option<Tier>) -> Self {
        if tier.is_some() {
            let details = UsageDetails { tier, ..*self.details() };
            self.details = Some(Box::new(details));
        }
        self
    }

    /// What else is charged apart; where nothing was told, that.
    #[must_use]
    pub fn details(&self) -> &UsageDetails {
        const NONE: &UsageDetails = &UsageDetails::none();
        self.details.as_deref().unwrap_or(NONE)
    }
}

/// What some providers tell beyond the counts that all have, as far as it is charged apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageDetails {
    /// The service tier that served the call; none where it was the standard one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Input tokens written to a cache that lasts an hour; part of `cache_write`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<u64>,
    /// Audio tokens put out; part of `audio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_out: Option<u64>,
    /// Audio tokens read from the cache; part of `audio` and of `cache_read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_cached: Option<u64>,
    /// Image tokens, in and out; parts of the totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<u64>,
    /// Image tokens put out; part of `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_out: Option<u64>,
    /// Image tokens read from the cache; part of `image` and of `cache_read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_cached: Option<u64>,
    /// Images that were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<u64>,
    /// Searches on the web that the provider made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searches: Option<u64>,
    /// Seconds of sound that were listened to, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

impl UsageDetails {
    /// These, and those of an earlier report of the same call where these are silent.
    pub(crate) fn or(self, earlier: Self) -> Self {
        Self {
            tier: self.tier.or(earlier.tier),
            cache_write_1h: self.cache_write_1h.or(earlier.cache_write_1h),
            audio_out: self.audio_out.or(earlier.audio_out),
            audio_cached: self.audio_cached.or(earlier.audio_cached),
            image: self.image.or(earlier.image),
            image_out: self.image_out.or(earlier.image_out),
            image_cached: self.image_cached.or(earlier.image_cached),
            images: self.images.or(earlier.images),
            searches: self.searches.or(earlier.searches),
            seconds: self.seconds.or(earlier.seconds),
        }
    }

    const fn none() -> Self {
        Self {
            tier: None,
            cache_write_1h: None,
            audio_out: None,
            audio_cached: None,
            image: None,
            image_out: None,
            image_cached: None,
            images: None,
            searches: None,
            seconds: None,
        }
    }
}

/// How a provider serves a call, where it is not the standard way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// In a batch, within a day.
    Batch,
    /// Slower.
    Flex,
    /// Before others.
    Priority,
    /// Faster.
    Fast,
    /// By an agreement of its own, whose price no list has.
    Other,
}

impl Tier {
    /// By the providers' own words: OpenAI's and Groq's `service_tier`, Anthropic's `service_tier` and `speed`, Bedrock's
    /// `serviceTier`. None is the standard one.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "" | "auto" | "default" | "standard" | "on_demand" => None,
            "batch" => Some(Self::Batch),
            "flex" => Some(Self::Flex),
            "priority" => Some(Self::Priority),
            "fast" => Some(Self::Fast),
            _ => Some(Self::Other),
        }
    }
}

/// The format that a provider's bodies are in: it decides how usage and stream ends are read, and whether an
/// OpenAI-shaped call needs translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// OpenAI: chat completions, responses, embeddings.
    Openai,
    /// Anthropic messages.
    Anthropic,
    /// Google Gemini `generateContent`.
    Gemini,
    /// Amazon Bedrock's Converse.
    Bedrock,
    /// Cloudflare Workers AI.
    WorkersAi,
    /// Anything else: passed through, neither metered nor translated.
    Other,
}
