//! Tokens as each provider counts them, brought to one meaning: input includes what the provider's prompt cache had,
//! output includes reasoning.
//!
//! | format | reference | differs in |
//! |---|---|---|
//! | OpenAI | platform.openai.com/docs/api-reference: chat, responses, embeddings | – |
//! | Anthropic | docs.claude.com/en/api/messages: `Usage` | input leaves out cached tokens |
//! | Gemini | ai.google.dev/api/generate-content: `UsageMetadata` | prompt and candidates leave out tools and thoughts |
//! | Bedrock | docs.aws.amazon.com/bedrock: `TokenUsage` of Converse | input leaves out cached tokens |
//! | Workers AI | developers.cloudflare.com/workers-ai | – |
//! | Cohere | docs.cohere.com/reference/chat: `usage.billed_units` | counts what it charges apart from what it reads |

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::answer::{Lenient, read};
use crate::usage::{Format, Tier, Usage, UsageDetails, UsageSource};

/// Tokens as one usage object counts them, before Anthropic's parts are added up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
    audio: Option<u64>,
    details: UsageDetails,
}

impl Counts {
    /// Reads a usage object.
    pub(super) fn read(format: Format, json: &RawValue) -> Option<Self> {
        match format {
            Format::Openai | Format::WorkersAi => Some(read::<Openai>(json).counts()),
            Format::Anthropic => Some(read::<Anthropic>(json).counts()),
            Format::Gemini => Some(read::<Gemini>(json).counts()),
            Format::Bedrock => Some(read::<Bedrock>(json).counts()),
            Format::Other => None,
        }
    }

    /// These counts, with those of an earlier report of the same call where these are silent.
    pub(super) fn or(self, earlier: Self) -> Self {
        Self {
            input: self.input.or(earlier.input),
            output: self.output.or(earlier.output),
            cache_read: self.cache_read.or(earlier.cache_read),
            cache_write: self.cache_write.or(earlier.cache_write),
            reasoning: self.reasoning.or(earlier.reasoning),
            audio: self.audio.or(earlier.audio),
            details: self.details.or(earlier.details),
        }
    }

    /// `None` when neither input nor output is counted.
    pub(super) fn usage(self, format: Format) -> Option<Usage> {
        let tokens_in = match format {
            Format::Anthropic | Format::Bedrock => {
                sum([self.input?, self.cache_read.unwrap_or(0), self.cache_write.unwrap_or(0)])
            }
            _ => self.input,
        };
        if tokens_in.is_none() && self.output.is_none() && self.details.seconds.is_none() {
            return None;
        }
        Some(Usage {
            source: UsageSource::Reported,
            tokens_in,
            tokens_out: self.output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
            audio: self.audio,
            details: (self.details != UsageDetails::default()).then(|| Box::new(self.details)),
        })
    }
}

/// A number of tokens; what is not a whole number from 0 to 2^64 - 1 is no count, and hides nothing beside it.
#[derive(Clone, Copy, Default)]
struct Count(Option<u64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(json).map(|json| Self(json.get().parse().ok()))
    }
}

/// Chat completions and embeddings say `prompt` and `completion`, responses say `input` and `output`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Openai {
    prompt_tokens: Count,
    completion_tokens: Count,
    prompt_tokens_details: Lenient<OpenaiDetails>,
    completion_tokens_details: Lenient<OpenaiDetails>,
    input_tokens: Count,
    output_tokens: Count,
    input_tokens_details: Lenient<OpenaiDetails>,
    output_tokens_details: Lenient<OpenaiDetails>,
    total_tokens: Count,
    /// DeepSeek's name for cached input (api-docs.deepseek.com/guides/kv_cache).
    prompt_cache_hit_tokens: Count,
    /// Of transcriptions: the details of their input have a name of their own, and some are charged by their length.
    input_token_details: Lenient<OpenaiDetails>,
    seconds: Lenient<Option<f64>>,
    /// Cohere's.
    billed_units: Lenient<BilledUnits>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct BilledUnits {
    input_tokens: Lenient<Option<f64>>,
    output_tokens: Lenient<Option<f64>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct OpenaiDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
    audio_tokens: Count,
    reasoning_tokens: Count,
    image_tokens: Count,
    /// Of the realtime API and of image models.
    cached_tokens_details: Lenient<CachedDetails>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct CachedDetails {
    audio_tokens: Count,
    image_tokens: Count,
}

impl Openai {
    fn counts(&self) -> Counts {
        let billed = self.billed_units.0;
        let input = self.prompt_tokens.0.or(self.input_tokens.0).or(billed.input_tokens.0.and_then(upwards));
        let put_in = [self.prompt_tokens_details.0, self.input_tokens_details.0, self.input_token_details.0];
        let put_out = [self.completion_tokens_details.0, self.output_tokens_details.0];
        let of = |all: &[OpenaiDetails], count: fn(&OpenaiDetails) -> Count| all.iter().find_map(|one| count(one).0);
        let reasoning = of(&put_out, |details| details.reasoning_tokens);
        let audio_out = of(&put_out, |details| details.audio_tokens);
        let image_out = of(&put_out, |details| details.image_tokens);
        Counts {
            input,
            output: self.output(input, reasoning).or(billed.output_tokens.0.and_then(upwards)),
            cache_read: of(&put_in, |details| details.cached_tokens).or(self.prompt_cache_hit_tokens.0),
            cache_write: of(&put_in, |details| details.cache_write_tokens),
            reasoning,
            audio: both(of(&put_in, |details| details.audio_tokens), audio_out),
            details: UsageDetails {
                audio_out: audio_out.filter(|tokens| *tokens > 0),
                audio_cached: of(&put_in, |details| details.cached_tokens_details.0.audio_tokens),
                image: both(of(&put_in, |details| details.image_tokens), image_out),
                image_out,
                image_cached: of(&put_in, |details| details.cached_tokens_details.0.image_tokens),
                seconds: self.seconds.0.and_then(upwards),
                ..UsageDetails::default()
            },
        }
    }

    /// Some providers of this format (xAI among them) leave reasoning out of the completion. The total tells: it is
    /// input, output and reasoning then, where OpenAI's is input and output.
    fn output(&self, input: Option<u64>, reasoning: Option<u64>) -> Option<u64> {
        let output = self.completion_tokens.0.or(self.output_tokens.0)?;
        let apart = reasoning.filter(|tokens| *tokens > 0).and_then(|tokens| sum([output, tokens]));
        let with_reasoning = apart.filter(|output| self.total_tokens.0 == both(input, Some(*output)));
        Some(with_reasoning.unwrap_or(output))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Anthropic {
    input_tokens: Count,
    output_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    output_tokens_details: Lenient<AnthropicDetails>,
    cache_creation: Lenient<CacheCreation>,
    server_tool_use: Lenient<ServerToolUse>,
    service_tier: Lenient<String>,
    speed: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_1h_input_tokens: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServerToolUse {
    web_search_requests: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnthropicDetails {
    thinking_tokens: Count,
}

impl Anthropic {
    fn counts(&self) -> Counts {
        Counts {
            input: self.input_tokens.0,
            output: self.output_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            cache_write: self.cache_creation_input_tokens.0,
            reasoning: self.output_tokens_details.0.thinking_tokens.0,
            audio: None,
            details: UsageDetails {
                tier: Tier::of(&self.service_tier.0).or_else(|| Tier::of(&self.speed.0)),
                cache_write_1h: self.cache_creation.0.ephemeral_1h_input_tokens.0.filter(|tokens| *tokens > 0),
                searches: self.server_tool_use.0.web_search_requests.0.filter(|searches| *searches > 0),
                ..UsageDetails::default()
            },
        }
    }
}

#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Bedrock {
    input_tokens: Count,
    output_tokens: Count,
    cache_read_input_tokens: Count,
    cache_write_input_tokens: Count,
}

impl Bedrock {
    fn counts(&self) -> Counts {
        Counts {
            input: self.input_tokens.0,
            output: self.output_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            cache_write: self.cache_write_input_tokens.0,
            ..Counts::default()
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Gemini {
    prompt_token_count: Count,
    tool_use_prompt_token_count: Count,
    candidates_token_count: Count,
    thoughts_token_count: Count,
    cached_content_token_count: Count,
    prompt_tokens_details: Lenient<Vec<Modality>>,
    candidates_tokens_details: Lenient<Vec<Modality>>,
    cache_tokens_details: Lenient<Vec<Modality>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Modality {
    modality: Lenient<String>,
    token_count: Count,
}

impl Gemini {
    fn counts(&self) -> Counts {
        let of = |details: &Lenient<Vec<Modality>>, modality: &str| {
            let parts = details.0.iter().filter(|part| part.modality.0 == modality);
            parts.map(|part| part.token_count.0).reduce(both).flatten()
        };
        let [audio_out, image_out] = ["AUDIO", "IMAGE"].map(|modality| of(&self.candidates_tokens_details, modality));
        Counts {
            input: both(self.prompt_token_count.0, self.tool_use_prompt_token_count.0),
            output: both(self.candidates_token_count.0, self.thoughts_token_count.0),
            cache_read: self.cached_content_token_count.0,
            cache_write: None,
            reasoning: self.thoughts_token_count.0,
            audio: both(of(&self.prompt_tokens_details, "AUDIO"), audio_out),
            details: UsageDetails {
                audio_out,
                audio_cached: of(&self.cache_tokens_details, "AUDIO"),
                image: both(of(&self.prompt_tokens_details, "IMAGE"), image_out),
                image_out,
                image_cached: of(&self.cache_tokens_details, "IMAGE"),
                ..UsageDetails::default()
            },
        }
    }
}

/// A number that may have decimals, as a whole one.
fn upwards(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to a range that fits")]
    (0.0..=9e15).contains(&number).then(|| number.ceil() as u64)
}

/// The sum of what is known.
fn both(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => one.checked_add(other),
        (known, None) | (None, known) => known,
    }
}

fn sum<const N: usize>(counts: [u64; N]) -> Option<u64> {
    counts.into_iter().try_fold(0, u64::checked_add)
}
