//! What serde says about a document, said for the person who wrote it. The value itself is never repeated, because it
//! may be a key that stands in the wrong place; where a value is shown, the type that refused it chose to.

use super::nearest;
use crate::error::{Error, ErrorKind};

/// The error for what serde says (`message`) about the value at `path`.
pub(super) fn error(path: &str, message: &str) -> Error {
    let path = if path == "." { "" } else { path };
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, expected) = rest.split_once("`, ").unwrap_or((rest, ""));
        // Here the path already ends in the key.
        return Error::config(path, unknown_key(key, &quoted(expected)));
    }
    if let Some(key) = message.strip_prefix("missing field `") {
        let key = key.trim_end_matches('`');
        let field = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        return Error::config(field, "this key is required");
    }
    let text = wrong_value(message);
    if path.is_empty() { Error::new(ErrorKind::Config, text) } else { Error::config(path, text) }
}

/// What serde says about JSON of the caller's.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, place)) => format!("{} at line {place}", wrong_value(message)),
        None => wrong_value(&text),
    }
}

fn unknown_key(key: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(meant) => format!("unknown key; did you mean \"{meant}\"?"),
        None => format!("unknown key; the keys here are {}", known.join(", ")),
    }
}

fn wrong_value(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (word, expected) = rest.split_once("`, ").unwrap_or((rest, ""));
        let known = quoted(expected);
        let hint = nearest(word, known.iter().copied()).map(|meant| format!("; did you mean \"{meant}\"?"));
        return format!("{word:?} is not one of {}{}", known.join(", "), hint.unwrap_or_default());
    }
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let expected = in_plain_words(expected);
    if let Some(found) = found.strip_prefix("invalid type: ") {
        return format!("expected {expected}, found {}", kind_of(found));
    }
    if found.starts_with("invalid value: ") { format!("out of range; expected {expected}") } else { message.to_owned() }
}

/// What serde expected, without the names of Rust types.
fn in_plain_words(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u64" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "path string" | "string or map" => "a text",
        "a map" => "a table",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") => "a table of settings",
        _ => expected,
    }
}

/// What was found, without its value.
fn kind_of(found: &str) -> &'static str {
    match found.split([' ', ',']).next().unwrap_or_default() {
        "string" | "character" => "a text",
        "integer" => "a whole number",
        "floating" => "a number",
        "boolean" => "true or false",
        "map" => "a table",
        "sequence" => "a list",
        "null" | "unit" => "nothing (null)",
        _ => "something else",
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
