//! Usage out of answers, as each provider counts it, brought to one meaning: `tokens_in` includes what the provider's
//! prompt cache had, `tokens_out` includes reasoning.
//!
//! | format | reference | differs in |
//! |---|---|---|
//! | OpenAI | platform.openai.com/docs/api-reference: `CompletionUsage`, `ResponseUsage`, embeddings | – |
//! | Anthropic | docs.claude.com/en/api/messages: `Usage` | `input_tokens` leaves out cached ones |
//! | Gemini | ai.google.dev/api/generate-content: `UsageMetadata` | candidates leave out thoughts, prompt leaves out tools |
//! | Workers AI | developers.cloudflare.com/workers-ai: `usage`, under `result` in the native API | – |

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Answer, Lenient, read};
use crate::usage::{Format, Usage, UsageSource};

/// The usage that a whole JSON answer reports; `None` where it reports none.
pub(crate) fn usage_of(format: Format, body: &[u8]) -> Option<Usage> {
    whole(format, body, |format, answer| Counts::read(format, answer.usage()?)?.usage(format))
}

/// The model that a whole JSON answer says it comes from.
pub(crate) fn model_of(format: Format, body: &[u8]) -> Option<String> {
    whole(format, body, |_, answer| answer.model())
}

/// Gemini streams a JSON array of answers when it is not asked for events: there the last that tells wins.
fn whole<T>(format: Format, body: &[u8], tell: fn(Format, &Answer) -> Option<T>) -> Option<T> {
    if format == Format::Gemini && body.trim_ascii_start().starts_with(b"[") {
        let answers: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
        return answers.iter().rev().find_map(|json| tell(format, &Answer::parse(json.get().as_bytes())?));
    }
    tell(format, &Answer::parse(body)?)
}

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
    /// Reads a usage object; a count that is not a whole number from 0 to 2^64 - 1 is no count.
    pub(super) fn read(format: Format, json: &RawValue) -> Option<Self> {
        match format {
            Format::Openai | Format::WorkersAi => Some(read::<Openai>(json).counts()),
            Format::Anthropic => Some(read::<Anthropic>(json).counts()),
            Format::Gemini => Some(read::<Gemini>(json).counts()),
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
            Format::Anthropic => sum([self.input?, self.cache_read.unwrap_or(0), self.cache_write.unwrap_or(0)]),
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
        })
    }
}

type Count = Lenient<Option<u64>>;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(format: Format, body: &str) -> Usage {
        usage_of(format, body.as_bytes()).unwrap()
    }

    fn counts(format: Format, body: &str) -> (Option<u64>, Option<u64>) {
        usage_of(format, body.as_bytes()).map_or((None, None), |usage| (usage.tokens_in, usage.tokens_out))
    }

    fn model(format: Format, body: &str) -> Option<String> {
        model_of(format, body.as_bytes())
    }

    #[test]
    fn openai_chat() {
        let body = include_str!("../../../tests/fixtures/openai/chat.json");
        let expected = Usage {
            source: UsageSource::Reported,
            tokens_in: Some(1117),
            tokens_out: Some(46),
            cache_read: Some(1024),
            cache_write: None,
            reasoning: Some(0),
            audio: Some(0),
        };
        assert_eq!(usage(Format::Openai, body), expected);
        assert_eq!(model(Format::Openai, body).as_deref(), Some("gpt-4o-mini-2024-07-18"));
    }

    #[test]
    fn openai_responses_and_embeddings() {
        let responses = include_str!("../../../tests/fixtures/openai/responses.json");
        let told = usage(Format::Openai, responses);
        assert_eq!((told.tokens_in, told.tokens_out), (Some(2006), Some(300)));
        assert_eq!((told.cache_read, told.reasoning), (Some(1920), Some(256)));
        assert_eq!(model(Format::Openai, responses).as_deref(), Some("gpt-5-mini-2025-08-07"));

        let embeddings = include_str!("../../../tests/fixtures/openai/embeddings.json");
        assert_eq!(counts(Format::Openai, embeddings), (Some(8), None));
        assert_eq!(model(Format::Openai, embeddings).as_deref(), Some("text-embedding-3-small"));
    }

    #[test]
    fn anthropic_input_includes_what_was_cached() {
        let body = include_str!("../../../tests/fixtures/anthropic/messages.json");
        let told = usage(Format::Anthropic, body);
        assert_eq!((told.tokens_in, told.tokens_out), (Some(50 + 200 + 1800), Some(503)));
        assert_eq!((told.cache_read, told.cache_write), (Some(1800), Some(200)));
        assert_eq!(model(Format::Anthropic, body).as_deref(), Some("claude-sonnet-4-5-20250929"));
    }

    #[test]
    fn a_tool_call_that_looks_like_usage_is_not_read() {
        let body = include_str!("../../../tests/fixtures/anthropic/messages.tools.json");
        assert_eq!(counts(Format::Anthropic, body), (Some(472), Some(89)));
        assert_eq!(model(Format::Anthropic, body).as_deref(), Some("claude-sonnet-4-5-20250929"));
    }

    #[test]
    fn gemini_counts_thoughts_as_output_and_tool_prompts_as_input() {
        let body = include_str!("../../../tests/fixtures/gemini/generate.json");
        let expected = Usage {
            source: UsageSource::Reported,
            tokens_in: Some(4120 + 30),
            tokens_out: Some(11 + 313),
            cache_read: Some(4096),
            cache_write: None,
            reasoning: Some(313),
            audio: Some(24),
        };
        assert_eq!(usage(Format::Gemini, body), expected);
        assert_eq!(model(Format::Gemini, body).as_deref(), Some("gemini-2.5-flash"));
    }

    #[test]
    fn a_gemini_array_tells_by_its_last_answer() {
        let body = r#" [{"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1},"modelVersion":"gemini-2.5-pro"},
            {"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":9}}]"#;
        assert_eq!(counts(Format::Gemini, body), (Some(4), Some(9)));
        assert_eq!(model(Format::Gemini, body).as_deref(), Some("gemini-2.5-pro"));
    }

    #[test]
    fn workers_ai_in_both_shapes() {
        let native = r#"{"result":{"response":"Toll.","usage":{"prompt_tokens":26,"completion_tokens":7,
            "total_tokens":33}},"success":true,"errors":[],"messages":[]}"#;
        assert_eq!(counts(Format::WorkersAi, native), (Some(26), Some(7)));
        let openai = include_str!("../../../tests/fixtures/openai/chat.json");
        assert_eq!(counts(Format::WorkersAi, openai), (Some(1117), Some(46)));
    }

    #[test]
    fn dialects_of_openai() {
        let deepseek = r#"{"usage":{"prompt_tokens":70,"completion_tokens":9,"prompt_cache_hit_tokens":64}}"#;
        assert_eq!(usage(Format::Openai, deepseek).cache_read, Some(64));
        let apart = r#"{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,
            "completion_tokens_details":{"reasoning_tokens":100}}}"#;
        assert_eq!(counts(Format::Openai, apart), (Some(10), Some(105)), "reasoning beside the completion");
        let within = apart.replace("115", "15").replace("100", "3");
        assert_eq!(counts(Format::Openai, &within), (Some(10), Some(5)), "reasoning within the completion");
    }

    #[test]
    fn hostile_counts_are_unknown_and_hide_nothing_else() {
        for number in ["-1", "1e400", "18446744073709551616", "1.5", "\"7\"", "null", "true", "[]", "{}"] {
            let body = format!(r#"{{"model":"m","usage":{{"prompt_tokens":{number},"completion_tokens":7}}}}"#);
            assert_eq!(counts(Format::Openai, &body), (None, Some(7)), "{number}");
            let body = format!(r#"{{"usage":{{"prompt_tokens":1,"prompt_tokens_details":{number}}}}}"#);
            assert_eq!(counts(Format::Openai, &body), (Some(1), None), "{number}");
        }
        let body = r#"{"usage":{"input_tokens":18446744073709551615,"cache_read_input_tokens":1,"output_tokens":2}}"#;
        assert_eq!(counts(Format::Anthropic, body), (None, Some(2)), "a sum beyond u64");
        let body = r#"{"usageMetadata":{"promptTokenCount":1,"promptTokensDetails":[{"modality":7},9]}}"#;
        assert_eq!(counts(Format::Gemini, body), (Some(1), None));
        assert_eq!(model(Format::Openai, r#"{"model":7,"usage":{}}"#), None);
    }

    #[test]
    fn no_usage_is_none() {
        let deep = format!(r#"{{"x":{}"#, "[".repeat(200_000));
        for body in
            ["", "{", "null", "[]", "7", "{}", r#"{"usage":null}"#, r#"{"usage":{}}"#, r#"{"usage":"x"}"#, &deep]
        {
            for format in [Format::Openai, Format::Anthropic, Format::Gemini, Format::WorkersAi, Format::Other] {
                assert_eq!(usage_of(format, body.as_bytes()), None, "{format:?} {body:.40}");
                assert_eq!(model_of(format, body.as_bytes()), None, "{format:?} {body:.40}");
            }
        }
        let answer = include_str!("../../../tests/fixtures/openai/chat.json");
        assert_eq!(usage_of(Format::Other, answer.as_bytes()), None);
    }

    #[test]
    fn bytes_that_are_not_utf_8_do_not_hide_the_usage() {
        let body = b"{\"text\":\"\xff\xfe\",\"usage\":{\"prompt_tokens\":3}}";
        assert_eq!(usage_of(Format::Openai, body).unwrap().tokens_in, Some(3));
    }
}
