//! What a response repeats of its request.

use serde_json::value::{RawValue, to_raw_value};

use super::super::object::Object;
use super::super::written::Written;

/// The members, each with what holds where it was not set.
const MEMBERS: [(&str, &str); 14] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("service_tier", "null"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "null"),
    ("truncation", r#""disabled""#),
    ("user", "null"),
];

/// Their texts, on one line, since events are lines.
#[derive(Clone)]
pub(super) struct Echo(Vec<(&'static str, Box<RawValue>)>);

impl Echo {
    pub(super) fn of(asked: &Object<'_>) -> Self {
        let member = |(name, default): (&'static str, &'static str)| {
            let text = asked.texts(name).last().filter(|text| *text != "null").unwrap_or(default);
            let raw = RawValue::from_string(text.replace(['\n', '\r'], " "));
            (name, raw.unwrap_or_else(|_| to_raw_value(&()).expect("null is JSON")))
        };
        Self(MEMBERS.into_iter().map(member).collect())
    }

    /// Adds them to a response.
    pub(super) fn put(&self, response: &mut Written) {
        for (name, value) in &self.0 {
            response.put(name, value);
        }
        response.put("store", false);
    }
}
