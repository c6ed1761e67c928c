//! How the model answers: how hard it thinks, in what form, and what is told beside it.

use serde_json::value::RawValue;

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use crate::usage::Format;

/// The member `reasoning`. Thoughts are shown wherever the model shows them, so a summary is never asked for.
pub(super) fn reasoning(
    asked: &mut Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let Some(mut reasoning) = asked.take_object("reasoning")? else { return Ok(()) };
    let effort: Option<Text<'_>> = reasoning.take_as("effort", "a word")?;
    let summary = reasoning.take("summary").or(reasoning.take("generate_summary"));
    // Gemini shows thoughts only when it is told to.
    if takes.format == Format::Gemini && effort.is_none() && summary.is_some() {
        chat.put("thinkingConfig", Written::default().with("includeThoughts", true));
    }
    chat.put_some("reasoning_effort", effort);
    reasoning.report_rest(LEFT_OUT, changes);
    Ok(())
}

/// The member `text`.
pub(super) fn text(
    asked: &mut Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let Some(mut text) = asked.take_object("text")? else { return Ok(()) };
    if let Some(format) = text.take_object("format")? {
        chat.put_some("response_format", form(format, changes)?);
    }
    if takes.extra("verbosity") {
        chat.put_some("verbosity", text.take("verbosity"));
    }
    text.take_if("verbosity", "\"medium\"");
    text.report_rest(LEFT_OUT, changes);
    Ok(())
}

fn form(mut format: Object<'_>, changes: &mut Vec<Change>) -> Result<Option<Written>, Untranslatable> {
    let kind: String = format.require_as("type", "text, json_object or json_schema")?;
    let carried = match kind.as_str() {
        "text" => None,
        "json_object" => Some(Written::of("json_object")),
        "json_schema" => {
            let mut schema =
                Written::default().with("name", format.require_as::<Text<'_>>("name", "the schema's name")?);
            schema.put_some("description", format.take("description"));
            schema.put("schema", format.require_as::<&RawValue>("schema", "a JSON schema")?);
            schema.put_some("strict", format.take_as::<bool>("strict", "true or false")?);
            Some(Written::of("json_schema").with("json_schema", schema))
        }
        _ => return Err(Untranslatable::new(format.at("type"), "expected text, json_object or json_schema")),
    };
    format.report_rest(LEFT_OUT, changes);
    Ok(carried)
}

/// The member `include`. What a provider wants back of its reasoning is always told.
pub(super) fn include(
    asked: &mut Object<'_>,
    chat: &mut Written,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    for (path, raw) in asked.take_list("include")? {
        match raw.get() {
            "\"reasoning.encrypted_content\"" => {}
            "\"message.output_text.logprobs\"" => chat.put("logprobs", true),
            _ => changes.push(Change { path, reason: LEFT_OUT }),
        }
    }
    Ok(())
}

/// Takes out the members that only say what holds without them.
pub(super) fn neutral(asked: &mut Object<'_>) -> Result<(), Untranslatable> {
    const NEUTRAL: [(&str, &str); 7] = [
        ("store", "false"),
        ("background", "false"),
        ("truncation", "\"disabled\""),
        ("service_tier", "\"auto\""),
        ("metadata", "{}"),
        ("stream_options", r#"{"include_obfuscation":false}"#),
        ("stream_options", r#"{"include_obfuscation": false}"#),
    ];
    for (name, value) in NEUTRAL {
        asked.take_if(name, value);
    }
    if asked.take_as::<bool>("background", "true or false")? == Some(true) {
        let remedy = "nothing is kept here that could be asked for later; leave it out, and stream if it takes long";
        return Err(Untranslatable::new("background", remedy));
    }
    Ok(())
}
