//! A text that must not be shown.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What stands for a secret wherever the configuration is shown.
const SHOWN: &str = "set";

/// A key or a token. It can be read only through [`Secret::expose`]: debug output and JSON say `set`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every use of this method is a place where a secret can get out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is the secret, in a time that does not tell how much of it is right.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), candidate.as_bytes());
        let difference = ours.iter().zip(theirs).fold(0, |difference, (a, b)| difference | (a ^ b));
        ours.len() == theirs.len() && difference == 0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(SHOWN)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer).map_err(|_| de::Error::custom("must be a text"))?;
        match text.trim() {
            "" => Err(de::Error::custom("is empty; leave the key out instead")),
            // A configuration that was shown and is read back would otherwise send this word to a provider.
            SHOWN => Err(de::Error::custom(r#""set" only stands for a secret; write the secret itself"#)),
            trimmed => Ok(Self::new(trimmed)),
        }
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "writeOnly": true,
            "description": "A secret. It is never shown again: `set` stands in its place."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown() {
        let secret = Secret::new("sk-canary");
        assert_eq!(format!("{secret:?}"), "set");
        assert_eq!(format!("{:#?}", Some(&secret)), "Some(\n    set,\n)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""set""#);
        assert_eq!(secret.expose(), "sk-canary");
    }

    #[test]
    fn it_is_compared_whole() {
        let secret = Secret::new("sk-canary");
        assert!(secret.matches("sk-canary"));
        for other in ["", "sk-canar", "sk-canary2", "Sk-canary", "sk-canarz"] {
            assert!(!secret.matches(other), "{other}");
        }
    }

    #[test]
    fn errors_do_not_show_what_was_given() {
        for text in [r#""""#, r#"" ""#, r#""set""#, "4711", r#"["sk-canary"]"#, r#"{"sk-canary": 1}"#] {
            let error = serde_json::from_str::<Secret>(text).unwrap_err().to_string();
            assert!(!error.contains("canary") && !error.contains("4711"), "{error}");
        }
        assert_eq!(serde_json::from_str::<Secret>(r#"" sk-canary\n""#).unwrap().expose(), "sk-canary");
    }
}
