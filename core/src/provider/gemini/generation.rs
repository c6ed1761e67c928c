//! How the model answers: sampling, bounds, form, and how hard it thinks.
//! Formats: `GenerationConfig` of <https://ai.google.dev/api/generate-content>; what an effort means stands in
//! <https://ai.google.dev/gemini-api/docs/openai> and <https://ai.google.dev/gemini-api/docs/thinking>.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Cow<'a, RawValue>>,
}

impl Generation<'_> {
    pub(super) fn is_empty(&self) -> bool {
        serde_json::to_string(self).is_ok_and(|text| text == "{}")
    }
}

/// The members of a chat body that say how to answer.
pub(super) fn generation<'a>(
    model: &str,
    chat: &mut Object<'a>,
    changes: &mut Vec<Change>,
) -> Result<Generation<'a>, Untranslatable> {
    let (response_mime_type, response_json_schema) = form(chat, changes)?;
    Ok(Generation {
        max_output_tokens: max_output_tokens(chat)?,
        temperature: number(chat, "temperature")?,
        top_p: number(chat, "top_p")?,
        top_k: number(chat, "top_k")?,
        seed: number(chat, "seed")?,
        presence_penalty: number(chat, "presence_penalty")?,
        frequency_penalty: number(chat, "frequency_penalty")?,
        stop_sequences: stop(chat)?,
        response_mime_type,
        response_json_schema,
        thinking_config: thinking(model, chat, changes)?,
    })
}

/// Digit for digit.
fn number<'a>(chat: &mut Object<'a>, key: &str) -> Result<Option<&'a RawValue>, Untranslatable> {
    let raw = chat.take(key);
    if raw.is_some_and(|raw| raw.get().parse::<f64>().is_err()) {
        return Err(Untranslatable::new(key, "expected a number"));
    }
    Ok(raw)
}

fn max_output_tokens(chat: &mut Object<'_>) -> Result<Option<u64>, Untranslatable> {
    const EXPECTED: &str = "a whole number of tokens";
    match chat.take_as("max_completion_tokens", EXPECTED)? {
        Some(tokens) => Ok(Some(tokens)),
        None => chat.take_as("max_tokens", EXPECTED),
    }
}

fn stop(chat: &mut Object<'_>) -> Result<Vec<String>, Untranslatable> {
    let Some(raw) = chat.take("stop") else { return Ok(Vec::new()) };
    let sequences = serde_json::from_str(raw.get()).map(|one| vec![one]).or_else(|_| serde_json::from_str(raw.get()));
    sequences.map_err(|_| Untranslatable::new("stop", "expected a string or an array of strings"))
}

fn form<'a>(
    chat: &mut Object<'a>,
    changes: &mut Vec<Change>,
) -> Result<(Option<&'static str>, Option<&'a RawValue>), Untranslatable> {
    const JSON: Option<&str> = Some("application/json");
    let Some(mut format) = chat.take_object("response_format")? else { return Ok((None, None)) };
    let kind: String = format.require_as("type", "text, json_object or json_schema")?;
    let carried = match kind.as_str() {
        "text" => (None, None),
        "json_object" => (JSON, None),
        "json_schema" => {
            let mut schema = format.require_object("json_schema", "an object with a schema")?;
            let raw = schema.require_as("schema", "a JSON schema")?;
            // Gemini keeps to every schema, so that `strict` asks for nothing more; and it takes no name.
            schema.take("strict");
            schema.take("name");
            schema.report_rest(LEFT_OUT, changes);
            (JSON, Some(raw))
        }
        _ => return Err(Untranslatable::new(format.at("type"), "expected text, json_object or json_schema")),
    };
    format.report_rest(LEFT_OUT, changes);
    Ok(carried)
}

/// `thinkingConfig` (Gemini's own) as it is, or what `reasoning_effort` stands for: Gemini 2.5 counts tokens, all later
/// models have levels. Who asks for an effort wants to see the thoughts as well.
fn thinking<'a>(
    model: &str,
    chat: &mut Object<'a>,
    changes: &mut Vec<Change>,
) -> Result<Option<Cow<'a, RawValue>>, Untranslatable> {
    let own = chat.take("thinkingConfig");
    let effort: Option<String> = chat.take_as("reasoning_effort", "a word")?;
    let Some(effort) = effort else { return Ok(own.map(Cow::Borrowed)) };
    let mut change = |reason| changes.push(Change { path: "reasoning_effort".to_owned(), reason });
    if own.is_some() {
        change("`thinkingConfig` says how to think: left out");
        return Ok(own.map(Cow::Borrowed));
    }
    let (level, budget) = match effort.as_str() {
        "none" => ("", 0),
        "minimal" => ("minimal", 512),
        "low" => ("low", 1024),
        "medium" => ("medium", 8192),
        "high" => ("high", 24576),
        "xhigh" | "max" => {
            change("Gemini's greatest effort is high: sent as high");
            ("high", 24576)
        }
        _ => {
            let words = "expected none, minimal, low, medium, high, xhigh or max";
            return Err(Untranslatable::new("reasoning_effort", words));
        }
    };
    let counts = model.contains("gemini-2.5");
    let config = match (counts, level) {
        (_, "") => r#"{"thinkingBudget":0}"#.to_owned(),
        (true, _) => format!(r#"{{"thinkingBudget":{budget},"includeThoughts":true}}"#),
        (false, _) => format!(r#"{{"thinkingLevel":"{level}","includeThoughts":true}}"#),
    };
    Ok(Some(Cow::Owned(RawValue::from_string(config).expect("this is JSON"))))
}
