//! What a whole JSON answer tells about a call.

use super::answer::Answer;
use super::counts::Counts;
use super::member::{first_text, last_object};
use crate::usage::{Format, Tier, Usage};

/// What a whole JSON answer tells, in one pass: its usage, and the model that it says it comes from.
pub(crate) fn read_answer(format: Format, body: &[u8]) -> (Option<Usage>, Option<String>) {
    let usage = |answer: &Answer| {
        let usage = Counts::read(format, answer.usage()?)?.usage(format)?;
        Some(if format == Format::Anthropic { usage } else { usage.in_tier(answer.tier()) })
    };
    // Gemini streams a JSON array of answers when it is not asked for events: there the last that tells wins.
    if format == Format::Gemini && body.trim_ascii_start().starts_with(b"[") {
        let answers: Vec<Answer> = serde_json::from_slice(body).unwrap_or_default();
        return (answers.iter().rev().find_map(usage), answers.iter().rev().find_map(Answer::model));
    }
    if let Some(found) = find(format, body) {
        return found;
    }
    Answer::parse(body).map_or((None, None), |answer| (usage(&answer), answer.model()))
}

/// What can be read without parsing the whole answer; `None` unless both usage and model stand where they usually do.
fn find(format: Format, body: &[u8]) -> Option<(Option<Usage>, Option<String>)> {
    let (usage, model) = match format {
        Format::Openai | Format::Anthropic => ("\"usage\"", "\"model\""),
        Format::Gemini => ("\"usageMetadata\"", "\"modelVersion\""),
        Format::Bedrock | Format::WorkersAi | Format::Other => return None,
    };
    let usage = Counts::read(format, last_object(body, usage)?)?.usage(format)?;
    let tier = (format == Format::Openai).then(|| first_text(body, "\"service_tier\"")).flatten();
    let usage = usage.in_tier(tier.and_then(|word| Tier::of(&word)));
    Some((Some(usage), Some(first_text(body, model)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::UsageSource;

    fn usage_of(format: Format, body: &[u8]) -> Option<Usage> {
        read_answer(format, body).0
    }

    fn model_of(format: Format, body: &[u8]) -> Option<String> {
        read_answer(format, body).1
    }

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
            ..Usage::default()
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
            ..Usage::default()
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

    #[test]
    fn parts_that_are_charged_apart() {
        let details = |format, body: &str| *usage(format, body).details();
        let heard = r#"{"text":"Toll","usage":{"type":"duration","seconds":62.4}}"#;
        assert_eq!((counts(Format::Openai, heard), details(Format::Openai, heard).seconds), ((None, None), Some(63)));
        let heard = r#"{"text":"Toll","usage":{"type":"tokens","input_tokens":14,"output_tokens":45,
            "input_token_details":{"text_tokens":10,"audio_tokens":4}}}"#;
        assert_eq!(
            (counts(Format::Openai, heard), usage(Format::Openai, heard).audio),
            ((Some(14), Some(45)), Some(4))
        );
        let drawn = r#"{"usage":{"input_tokens":50,"output_tokens":4160,"input_tokens_details":{"image_tokens":40}}}"#;
        assert_eq!(details(Format::Openai, drawn).image, Some(40));
        let said = r#"{"usage":{"prompt_tokens":9,"completion_tokens":8,"completion_tokens_details":{"audio_tokens":7},
            "prompt_tokens_details":{"audio_tokens":2,"cached_tokens":1}}}"#;
        assert_eq!((usage(Format::Openai, said).audio, details(Format::Openai, said).audio_out), (Some(9), Some(7)));
        let gemini = r#"{"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":8,"cachedContentTokenCount":5,
            "promptTokensDetails":[{"modality":"IMAGE","tokenCount":6},{"modality":"TEXT","tokenCount":3}],
            "cacheTokensDetails":[{"modality":"IMAGE","tokenCount":4}],
            "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":8}]}}"#;
        let told = details(Format::Gemini, gemini);
        assert_eq!((told.image, told.image_out, told.image_cached), (Some(14), Some(8), Some(4)));
    }

    #[test]
    fn the_tier_that_served_a_call() {
        let tier = |format, body: &str| usage(format, body).details().tier;
        let openai = |word: &str| {
            let body = format!(
                r#"{{"model":"m","usage":{{"prompt_tokens":1,"completion_tokens":1}},"service_tier":"{word}"}}"#
            );
            tier(Format::Openai, &body)
        };
        assert_eq!(openai("default"), None);
        assert_eq!(openai("flex"), Some(Tier::Flex));
        assert_eq!(openai("scale"), Some(Tier::Other));
        let body = r#"{"model":"m","usage":{"input_tokens":1,"output_tokens":1,"service_tier":"batch"}}"#;
        assert_eq!(tier(Format::Anthropic, body), Some(Tier::Batch));
    }

    #[test]
    fn cohere_and_bedrock() {
        let chat = r#"{"id":"c","usage":{"billed_units":{"input_tokens":5.0,"output_tokens":418.0},
            "tokens":{"input_tokens":71,"output_tokens":418}}}"#;
        assert_eq!(counts(Format::Openai, chat), (Some(5), Some(418)), "what is charged");
        let embedded = r#"{"id":"e","embeddings":{},"meta":{"billed_units":{"input_tokens":2}}}"#;
        assert_eq!(counts(Format::Openai, embedded), (Some(2), None));
        let converse = r#"{"output":{},"usage":{"inputTokens":100,"outputTokens":10,"totalTokens":140,
            "cacheReadInputTokens":20,"cacheWriteInputTokens":10},"serviceTier":{"type":"priority"}}"#;
        let told = usage(Format::Bedrock, converse);
        assert_eq!((told.tokens_in, told.tokens_out), (Some(130), Some(10)));
        assert_eq!(
            (told.cache_read, told.cache_write, told.details().tier),
            (Some(20), Some(10), Some(Tier::Priority))
        );
    }
}
