//! How hard the model thinks and in what form it answers.
//! Formats: `thinking` and `output_config` of <https://platform.claude.com/docs/en/api/messages/create>, with
//! `build-with-claude/effort` and `build-with-claude/structured-outputs`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;

/// Whether the model thinks before it answers.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Thinking<'a> {
    config: Cow<'a, RawValue>,
    /// Tokens that are meant for thinking alone, and are part of `max_tokens`.
    #[serde(skip)]
    pub(super) budget_tokens: u64,
}

/// What the answer is to be.
#[derive(Debug, Default, Serialize)]
pub(super) struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[derive(Debug, Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'a RawValue,
}

/// The members `thinking` (Anthropic's own), `reasoning_effort` and `response_format` of a chat body.
///
/// An effort alone does not make every model think: which ones do by themselves is theirs to say, and the others are
/// asked with `thinking`.
pub(super) fn output<'a>(
    chat: &mut Object<'a>,
    changes: &mut Vec<Change>,
) -> Result<(Option<Thinking<'a>>, Option<OutputConfig<'a>>), Untranslatable> {
    let thinking = own_thinking(chat)?;
    let effort: Option<String> = chat.take_as("reasoning_effort", "a word")?;
    let format = format(chat, changes)?;
    let mut change = |reason| changes.push(Change { path: "reasoning_effort".to_owned(), reason });
    let effort = match effort.as_deref() {
        None => None,
        Some("none") if thinking.is_none() => return Ok((Some(disabled()), config(None, format))),
        Some("none") => {
            change("`thinking` says how to think: left out");
            None
        }
        Some("minimal") => {
            change("Anthropic's least effort is low: sent as low");
            Some("low")
        }
        Some("low") => Some("low"),
        Some("medium") => Some("medium"),
        Some("high") => Some("high"),
        Some("xhigh") => Some("xhigh"),
        Some("max") => Some("max"),
        Some(_) => {
            let words = "expected none, minimal, low, medium, high, xhigh or max";
            return Err(Untranslatable::new("reasoning_effort", words));
        }
    };
    Ok((thinking, config(effort, format)))
}

fn config<'a>(effort: Option<&'static str>, format: Option<Format<'a>>) -> Option<OutputConfig<'a>> {
    (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format })
}

fn own_thinking<'a>(chat: &mut Object<'a>) -> Result<Option<Thinking<'a>>, Untranslatable> {
    let Some(raw) = chat.take("thinking") else { return Ok(None) };
    let budget_tokens =
        Object::parse(chat.at("thinking"), raw)?.take_as("budget_tokens", "a whole number of tokens")?;
    Ok(Some(Thinking { config: Cow::Borrowed(raw), budget_tokens: budget_tokens.unwrap_or(0) }))
}

fn disabled() -> Thinking<'static> {
    let config = RawValue::from_string(r#"{"type":"disabled"}"#.to_owned()).expect("this is JSON");
    Thinking { config: Cow::Owned(config), budget_tokens: 0 }
}

fn format<'a>(chat: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Option<Format<'a>>, Untranslatable> {
    let Some(mut format) = chat.take_object("response_format")? else { return Ok(None) };
    let kind: String = format.require_as("type", "text, json_object or json_schema")?;
    let carried = match kind.as_str() {
        "text" => None,
        "json_object" => {
            let reason = "Anthropic has no JSON mode without a schema: left out; send json_schema, or ask for JSON";
            changes.push(Change { path: "response_format".to_owned(), reason });
            None
        }
        "json_schema" => {
            let mut schema = format.require_object("json_schema", "an object with a schema")?;
            let raw = schema.require_as("schema", "a JSON schema")?;
            // Anthropic keeps to every schema, so that `strict` asks for nothing more.
            schema.take("strict");
            schema.report_rest(LEFT_OUT, changes);
            Some(Format { kind: "json_schema", schema: raw })
        }
        _ => return Err(Untranslatable::new(format.at("type"), "expected text, json_object or json_schema")),
    };
    format.report_rest(LEFT_OUT, changes);
    Ok(carried)
}
