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

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::answer::{Lenient, read};
use crate::usage::{Format, Usage, UsageSource};

/// Tokens as one usage object counts them, before Anthropic's parts are added up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
    audio: Option<u64>,
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
        if tokens_in.is_none() && self.output.is_none() {
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
            details: None,
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
}

#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct OpenaiDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
    audio_tokens: Count,
    reasoning_tokens: Count,
}

impl Openai {
    fn counts(&self) -> Counts {
        let input = self.prompt_tokens.0.or(self.input_tokens.0);
        let (prompt, inputs) = (self.prompt_tokens_details.0, self.input_tokens_details.0);
        let (completion, outputs) = (self.completion_tokens_details.0, self.output_tokens_details.0);
        let reasoning = completion.reasoning_tokens.0.or(outputs.reasoning_tokens.0);
        Counts {
            input,
            output: self.output(input, reasoning),
            cache_read: prompt.cached_tokens.0.or(inputs.cached_tokens.0).or(self.prompt_cache_hit_tokens.0),
            cache_write: prompt.cache_write_tokens.0.or(inputs.cache_write_tokens.0),
            reasoning,
            audio: both(
                prompt.audio_tokens.0.or(inputs.audio_tokens.0),
                completion.audio_tokens.0.or(outputs.audio_tokens.0),
            ),
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
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Modality {
    modality: Lenient<String>,
    token_count: Count,
}

impl Gemini {
    fn counts(&self) -> Counts {
        let details = self.prompt_tokens_details.0.iter().chain(&self.candidates_tokens_details.0);
        let audio = details.filter(|part| part.modality.0 == "AUDIO").map(|part| part.token_count.0);
        Counts {
            input: both(self.prompt_token_count.0, self.tool_use_prompt_token_count.0),
            output: both(self.candidates_token_count.0, self.thoughts_token_count.0),
            cache_read: self.cached_content_token_count.0,
            cache_write: None,
            reasoning: self.thoughts_token_count.0,
            audio: audio.reduce(both).flatten(),
        }
    }
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
