//! What a call may use at worst, told from its request before it is sent.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::exchange::Target;
use crate::usage::Usage;

/// Bytes of text in one token, at the least that people write: English has four, code and most other scripts three.
const BYTES_PER_TOKEN: u64 = 3;

/// A picture or a file that stands in the body as base64. Source: OpenAI's and Anthropic's guides on vision, where the
/// largest picture that is not scaled down costs 1,445 and about 1,600 tokens.
const TOKENS_PER_FILE: u64 = 1_600;

/// Longer texts without a blank are data and no words.
const LONGEST_WORD: usize = 4_096;

/// What models may answer at most, by the beginning of their names, the longest first.
/// Sources: platform.openai.com/docs/models and ai.google.dev/gemini-api/docs/models, each model's "max output tokens".
/// Anthropic's requests always name it.
const MAX_OUTPUT: [(&str, u64); 14] = [
    ("gpt-4o-2024-05-13", 4_096),
    ("gpt-3.5-turbo", 4_096),
    ("gpt-5-chat", 16_384),
    ("gpt-4-turbo", 4_096),
    ("gemini-2.0", 8_192),
    ("gpt-4.1", 32_768),
    ("gpt-4o", 16_384),
    ("gemini-", 65_536),
    ("gpt-4", 8_192),
    ("gpt-5", 128_000),
    ("gpt-6", 128_000),
    ("o1", 100_000),
    ("o3", 100_000),
    ("o4", 100_000),
];

/// What a model that is not in the table is taken to answer at most.
const UNKNOWN_OUTPUT: u64 = 16_384;

/// The worst case of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worst {
    tokens_in: u64,
    tokens_out: u64,
    /// Whether the request itself says how long the answer may be.
    is_named: bool,
}

impl Worst {
    /// Reads the request of `target`. What is no JSON object, or no call of a model, uses no tokens.
    pub(super) fn of(target: &Target) -> Self {
        let kind = target.request_type();
        let answers_in_text = matches!(kind, Some("chat" | "responses" | "completions"));
        let Ok(seen) = serde_json::from_slice::<Seen>(&target.body) else {
            return Self { tokens_in: 0, tokens_out: 0, is_named: true };
        };
        let tokens_in = seen.bytes.div_ceil(BYTES_PER_TOKEN) + seen.files * TOKENS_PER_FILE;
        let tokens_out = match seen.max_output {
            _ if !answers_in_text => 0,
            Some(max) => max.saturating_mul(seen.answers.unwrap_or(1).max(1)),
            None => max_output(&target.model).saturating_mul(seen.answers.unwrap_or(1).max(1)),
        };
        Self { tokens_in, tokens_out, is_named: !answers_in_text || seen.max_output.is_some() }
    }

    pub(super) fn tokens_in(&self) -> u64 {
        self.tokens_in
    }

    /// How much `amount` that is. A request that does not say how long its answer may be takes no more than the whole
    /// limit: it goes out alone rather than never.
    pub(super) fn within(&self, limit: u64, amount: impl Fn(&Usage) -> u64) -> u64 {
        let usage =
            |tokens_out| Usage { tokens_in: Some(self.tokens_in), tokens_out: Some(tokens_out), ..Usage::default() };
        let all = amount(&usage(self.tokens_out));
        let may_be_cut = !self.is_named && amount(&usage(0)) <= limit;
        if may_be_cut { all.min(limit) } else { all }
    }
}

/// How many tokens a model answers at most.
pub(crate) fn max_output(model: &str) -> u64 {
    let name = model.rsplit('/').next().unwrap_or_default();
    MAX_OUTPUT.iter().find(|(start, _)| name.starts_with(start)).map_or(UNKNOWN_OUTPUT, |(_, max)| *max)
}

/// What is seen of a body in one pass, without keeping any of it.
#[derive(Debug, Default)]
struct Seen {
    /// Of all texts, keys included.
    bytes: u64,
    files: u64,
    max_output: Option<u64>,
    /// How many answers are asked for.
    answers: Option<u64>,
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut seen = Self::default();
        deserializer.deserialize_map(Look { seen: &mut seen, key: Key::Other })?;
        Ok(seen)
    }
}

/// What the key in front of a value says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    MaxOutput,
    Answers,
    Other,
}

impl Key {
    fn of(name: &str) -> Self {
        match name {
            "max_tokens" | "max_completion_tokens" | "max_output_tokens" | "maxOutputTokens" => Self::MaxOutput,
            "n" | "candidateCount" => Self::Answers,
            _ => Self::Other,
        }
    }
}

struct Look<'a> {
    seen: &'a mut Seen,
    key: Key,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            self.seen.bytes += name.len() as u64;
            map.next_value_seed(Look { seen: &mut *self.seen, key: Key::of(&name) })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Look { seen: &mut *self.seen, key: Key::Other })?.is_some() {}
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        let is_file = text.starts_with("data:")
            || text.len() > LONGEST_WORD && !text.bytes().any(|byte| byte.is_ascii_whitespace() || !byte.is_ascii());
        if is_file {
            self.seen.files += 1;
        } else {
            self.seen.bytes += text.len() as u64;
        }
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        match self.key {
            // Where several are named the largest counts.
            Key::MaxOutput => self.seen.max_output = self.seen.max_output.max(Some(number)),
            Key::Answers => self.seen.answers = Some(number),
            Key::Other => self.seen.bytes += BYTES_PER_TOKEN,
        }
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.visit_f64(0.0)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.seen.bytes += BYTES_PER_TOKEN;
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(body: &str) -> (u64, u64, Option<u64>) {
        let seen: Seen = serde_json::from_str(body).unwrap();
        (seen.bytes.div_ceil(BYTES_PER_TOKEN), seen.files, seen.max_output)
    }

    #[test]
    fn texts_count_and_files_do_not() {
        let question = r#"{"messages":[{"role":"user","content":"How many roads must a man walk down?"}]}"#;
        assert_eq!(seen(question), (20, 0, None));
        let picture = format!(r#"{{"a":"data:image/png;base64,{}","b":"{}"}}"#, "A".repeat(99_999), "B".repeat(99_999));
        assert_eq!(seen(&picture), (1, 2, None));
        assert_eq!(seen(&format!(r#"{{"a":"{}"}}"#, "über ".repeat(3_000))), (6_001, 0, None));
    }

    #[test]
    fn the_longest_answer_is_the_one_that_is_named() {
        assert_eq!(seen(r#"{"max_tokens":5}"#).2, Some(5));
        assert_eq!(seen(r#"{"generationConfig":{"maxOutputTokens":7}}"#).2, Some(7));
        assert_eq!(seen(r#"{"max_tokens":5,"max_completion_tokens":9}"#).2, Some(9));
        assert_eq!(seen(r#"{"max_tokens":-5,"n":1e3}"#).2, None);
        for (model, max) in [
            ("gpt-4o-mini-2024-07-18", 16_384),
            ("openai/gpt-4.1-nano", 32_768),
            ("gemini-2.0-flash", 8_192),
            ("gemini-2.5-pro", 65_536),
            ("o3-mini", 100_000),
            ("", UNKNOWN_OUTPUT),
        ] {
            assert_eq!(max_output(model), max, "{model}");
        }
    }

    #[test]
    fn a_call_without_a_bound_takes_the_whole_limit_at_most() {
        let amount = |usage: &Usage| usage.tokens_in.unwrap() + usage.tokens_out.unwrap();
        let worst = |tokens_in, is_named| Worst { tokens_in, tokens_out: 1_000, is_named };
        assert_eq!(worst(10, false).within(5_000, amount), 1_010);
        assert_eq!(worst(10, false).within(500, amount), 500);
        assert_eq!(worst(10, true).within(500, amount), 1_010, "it said so itself, and can say less");
        assert_eq!(worst(501, false).within(500, amount), 1_501, "its input alone is too much");
    }
}
