//! How the model answers: how hard it thinks, in what form, for whom.

use serde_json::value::RawValue;

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use crate::usage::Format;

/// The members `output_config`, or `output_format` as a part of it was called before, and `thinking`.
pub(super) fn output(
    asked: &mut Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let (mut effort, mut format) = (None, asked.take_object("output_format")?);
    if let Some(mut config) = asked.take_object("output_config")? {
        effort = config.take_as("effort", "a word")?;
        format = config.take_object("format")?.or(format);
        config.report_rest(LEFT_OUT, changes);
    }
    if let Some(format) = format {
        chat.put("response_format", schema(format, changes)?);
    }
    thinking(asked, effort, chat, takes, changes)
}

/// Thinking as an effort, or as what the target itself counts in.
fn thinking(
    asked: &mut Object<'_>,
    effort: Option<Text<'_>>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    if takes.format == Format::Bedrock && effort.is_none() {
        // Its Claude models take it as Anthropic's do.
        chat.put_some("thinking", asked.take("thinking"));
        return Ok(());
    }
    let Some(mut thinking) = asked.take_object("thinking")? else {
        chat.put_some("reasoning_effort", effort);
        return Ok(());
    };
    let kind: String = thinking.require_as("type", "enabled, adaptive or disabled")?;
    let budget: Option<u64> = thinking.take_as("budget_tokens", "a whole number of tokens")?;
    // Thoughts are shown wherever the model shows them.
    thinking.take_if("display", "\"summarized\"");
    let path = thinking.path().to_owned();
    thinking.report_rest(LEFT_OUT, changes);
    let mut change = |reason| changes.push(Change { path: path.clone(), reason });
    match (kind.as_str(), budget, effort) {
        ("disabled", ..) if takes.is_translated() => chat.put("reasoning_effort", "none"),
        ("disabled", ..) => change("a model that always reasons cannot be told not to: left out"),
        ("enabled", Some(budget), None) if takes.format == Format::Gemini => {
            let config = Written::default().with("thinkingBudget", budget).with("includeThoughts", true);
            chat.put("thinkingConfig", config);
        }
        ("enabled", Some(budget), None) => {
            change("efforts have names here: the nearest to this budget");
            chat.put("reasoning_effort", nearest(budget));
        }
        // How much a model thinks of its own accord is its own; Gemini shows it only when it is told to.
        ("adaptive" | "enabled", _, None) if takes.format == Format::Gemini => {
            chat.put("thinkingConfig", Written::default().with("includeThoughts", true));
        }
        ("adaptive" | "enabled", _, effort) => chat.put_some("reasoning_effort", effort),
        _ => return Err(Untranslatable::new(format!("{path}.type"), "expected enabled, adaptive or disabled")),
    }
    Ok(())
}

/// The budgets that Google's OpenAI-shaped endpoint counts for each effort (ai.google.dev/gemini-api/docs/openai).
fn nearest(budget: u64) -> &'static str {
    match budget {
        0..=4_096 => "low",
        4_097..=16_384 => "medium",
        _ => "high",
    }
}

fn schema(mut format: Object<'_>, changes: &mut Vec<Change>) -> Result<Written, Untranslatable> {
    let kind: String = format.require_as("type", "json_schema")?;
    if kind != "json_schema" {
        return Err(Untranslatable::new(format.at("type"), "expected json_schema"));
    }
    let schema: &RawValue = format.require_as("schema", "a JSON schema")?;
    format.report_rest(LEFT_OUT, changes);
    // Anthropic keeps to every schema; OpenAI has to be told to.
    let named = Written::default().with("name", "answer").with("schema", schema).with("strict", true);
    Ok(Written::of("json_schema").with("json_schema", named))
}

/// The id of the caller's own user.
pub(super) fn user(
    asked: &mut Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let Some(mut metadata) = asked.take_object("metadata")? else { return Ok(()) };
    if takes.member("user") {
        chat.put_some("user", metadata.take_as::<Text<'_>>("user_id", "a string")?);
    }
    metadata.report_rest(LEFT_OUT, changes);
    Ok(())
}

/// `auto` is what every provider does when nothing is said.
pub(super) fn service_tier(
    asked: &mut Object<'_>,
    chat: &mut Written,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    match asked.take_as::<String>("service_tier", "auto or standard_only")?.as_deref() {
        None | Some("auto") => {}
        Some("standard_only") => chat.put("service_tier", "default"),
        Some(_) => changes.push(Change { path: "service_tier".to_owned(), reason: LEFT_OUT }),
    }
    Ok(())
}
