//! What each target takes of each shape, as a table for people: every feature is sent through the translations, and what
//! becomes of it is written down. `TOLLHOUSE_BLESS` writes the page anew.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};

use super::dialect::{Dialect, Takes};
use super::fixtures::{Folder, PLAIN};
use super::translation;
use crate::usage::Format;

/// A feature, and how a call in each shape asks for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    #[serde(rename = "feature")]
    name: String,
    chat: Option<Value>,
    messages: Option<Value>,
    responses: Option<Value>,
}

const TARGETS: [(&str, Format); 4] = [
    ("OpenAI's format", Format::Openai),
    ("Anthropic", Format::Anthropic),
    ("Gemini", Format::Gemini),
    ("Bedrock", Format::Bedrock),
];

#[test]
fn the_table_of_support_is_what_the_translations_do() {
    let features: Vec<Feature> = serde_json::from_slice(&Folder("support").read("features", "json")).unwrap();
    let mut page = String::from(
        "<!-- Made by the test `the_table_of_support_is_what_the_translations_do`: do not edit. -->\n\n# What reaches which model\n\n\
         Every feature is sent through the translations, in each shape that callers may speak: *yes*, or what becomes of it. *Changed* is named in \
         `x-tollhouse-changes`, and refused\nunder `translation.strict`; *refused* is refused always, before any provider is called. What a model of that \
         provider can do is another question.\n",
    );
    let mut notes: Vec<String> = Vec::new();
    for (title, dialect) in [
        ("Chat completions", Dialect::Chat),
        ("Anthropic's messages", Dialect::Messages),
        ("OpenAI's responses", Dialect::Responses),
    ] {
        let targets = TARGETS.iter().filter(|(_, format)| dialect != Dialect::Messages || *format != Format::Anthropic);
        let names: Vec<_> = targets.clone().map(|(name, _)| *name).collect();
        write!(page, "\n## {title}\n\n| | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len())).unwrap();
        for feature in &features {
            let asked = match dialect {
                Dialect::Chat => &feature.chat,
                Dialect::Messages => &feature.messages,
                Dialect::Responses => &feature.responses,
            };
            let Some(asked) = asked else { continue };
            let cells: Vec<_> = targets.clone().map(|(_, format)| cell(dialect, *format, asked, &mut notes)).collect();
            writeln!(page, "| {} | {} |", feature.name, cells.join(" | ")).unwrap();
        }
    }
    page.push_str("\nAnthropic takes its own messages as they are, and OpenAI its own responses.\n\n");
    for (index, note) in notes.iter().enumerate() {
        writeln!(page, "{}. {note}", index + 1).unwrap();
    }
    Folder("../../docs/reference").compare("support", "md", &page);
}

/// What becomes of a feature, with the number of the note that tells why.
fn cell(dialect: Dialect, format: Format, asked: &Value, notes: &mut Vec<String>) -> String {
    let mut body = match dialect {
        Dialect::Responses => json!({"model": "m", "input": "hi", "max_output_tokens": 9}),
        _ => json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}),
    };
    body.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    let (word, note) = match carried(dialect, format, &body) {
        Ok(changes) if changes.is_empty() => return "yes".to_owned(),
        Ok(changes) => ("changed", changes.join("; ")),
        Err(refusal) => ("refused", refusal),
    };
    let place = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    });
    format!("{word} ({})", place + 1)
}

/// The reasons of all changes, or that of a refusal.
fn carried(dialect: Dialect, format: Format, body: &Value) -> Result<Vec<&'static str>, String> {
    let takes = Takes { format, ..PLAIN };
    let mut chat = body.to_string().into_bytes();
    let mut changes = Vec::new();
    if let Some(heard) = dialect.hear(&chat, &takes).map_err(|fault| fault.message)? {
        chat = heard.chat.to_vec();
        changes.extend(heard.changes);
    }
    if let Some(translation) = translation(format) {
        changes.extend(translation.request(&chat).map_err(|fault| fault.message)?.changes);
    }
    let mut reasons: Vec<_> = changes.into_iter().map(|change| change.reason).collect();
    reasons.dedup();
    Ok(reasons)
}
