//! What may be changed in a log afterwards: what people think of the answer.
//! Reference: `AiGatewayPatchLog` in `@cloudflare/workers-types`.

use serde_json::{Map, Value};

use crate::config::nearest;
use crate::error::Error;
use crate::metadata;

const KEYS: [&str; 3] = ["feedback", "score", "metadata"];

/// Changes to one log. What is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPatch {
    /// 1 for a good answer, -1 for a bad one.
    pub feedback: Change<i8>,
    /// Any number, in the caller's own scale.
    pub score: Change<f64>,
    /// Takes the place of all metadata: flat, at most five entries.
    pub metadata: Change<Map<String, Value>>,
}

/// What happens to a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It becomes unknown.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    pub(super) fn is_made(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl LogPatch {
    /// Reads `{"feedback": 1 | -1 | null, "score": number | null, "metadata": object | null}`; each is optional, and null
    /// clears. Metadata keeps its first five entries, and none whose key starts with `cf.`.
    ///
    /// # Errors
    /// `InvalidRequest`, with the field that cannot be taken.
    pub fn from_json(patch: &Value) -> Result<Self, Error> {
        let Value::Object(fields) = patch else {
            return Err(Error::invalid("patch", "must be an object such as {\"feedback\": 1}"));
        };
        if let Some(unknown) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let hint = nearest(unknown, KEYS).map_or(String::new(), |key| format!("; did you mean {key:?}?"));
            return Err(Error::invalid(unknown, format!("cannot be changed{hint}")));
        }
        Ok(Self {
            feedback: change(fields, "feedback", |value| match value.as_i64() {
                Some(1) => Ok(1),
                Some(-1) => Ok(-1),
                _ => Err(String::from("must be 1, -1 or null")),
            })?,
            score: change(fields, "score", |value| {
                value.as_f64().ok_or_else(|| String::from("must be a number or null"))
            })?,
            metadata: change(fields, "metadata", |value| {
                value.as_object().ok_or_else(|| String::from("must be an object or null")).and_then(metadata::flat)
            })?,
        })
    }
}

fn change<T>(
    fields: &Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<Change<T>, Error> {
    match fields.get(name) {
        None => Ok(Change::Keep),
        Some(Value::Null) => Ok(Change::Clear),
        Some(value) => read(value).map(Change::Set).map_err(|message| Error::invalid(name, message)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field_of_error(patch: &Value) -> String {
        let error = LogPatch::from_json(patch).expect_err("the patch cannot be taken");
        assert_eq!(error.kind(), crate::ErrorKind::InvalidRequest);
        error.field().expect("every such error names a field").to_owned()
    }

    #[test]
    fn what_is_not_named_stays_and_null_clears() {
        assert_eq!(LogPatch::from_json(&json!({})).unwrap(), LogPatch::default());
        let patch = LogPatch::from_json(&json!({"feedback": null, "score": 99})).unwrap();
        assert_eq!(patch, LogPatch { feedback: Change::Clear, score: Change::Set(99.0), metadata: Change::Keep });
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for feedback in [json!(0), json!(2), json!("1"), json!(true), json!(1.5)] {
            assert_eq!(field_of_error(&json!({ "feedback": feedback })), "feedback");
        }
        assert_eq!(field_of_error(&json!({"score": "good"})), "score");
        assert_eq!(field_of_error(&json!({"metadata": []})), "metadata");
        assert_eq!(field_of_error(&json!({"metadata": {"a": {"b": 1}}})), "metadata");
        assert_eq!(field_of_error(&json!([])), "patch");
        assert_eq!(field_of_error(&json!({"feedbck": 1})), "feedbck");
    }

    #[test]
    fn a_slip_is_answered_with_the_right_name() {
        let error = LogPatch::from_json(&json!({"feedbck": 1})).unwrap_err();
        assert!(error.message().contains("\"feedback\""), "{error}");
    }
}
