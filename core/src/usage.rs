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
    /// Cloudflare Workers AI.
    WorkersAi,
    /// Anything else: passed through, neither metered nor translated.
    Other,
}
