//! What a retry may follow, as people write it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something after which a target may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `not_sent`: the provider never saw the request.
    NotSent,
    /// `maybe_processed`: it was sent, and no answer that could be used came back.
    MaybeProcessed,
    /// `429`: an answer with this status, 400 to 599.
    Status(u16),
    /// `5xx`: an answer with any status from 500 on.
    ServerError,
}

impl Cause {
    /// What may end otherwise the next time.
    pub const USUAL: [Cause; 6] = [
        Cause::NotSent,
        Cause::MaybeProcessed,
        Cause::Status(408),
        Cause::Status(425),
        Cause::Status(429),
        Cause::ServerError,
    ];

    /// Whether an answer of `status` is meant.
    #[must_use]
    pub fn is_status(self, status: u16) -> bool {
        match self {
            Self::Status(own) => own == status,
            Self::ServerError => (500..600).contains(&status),
            Self::NotSent | Self::MaybeProcessed => false,
        }
    }
}

impl FromStr for Cause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "not_sent" => Ok(Self::NotSent),
            "maybe_processed" => Ok(Self::MaybeProcessed),
            "5xx" => Ok(Self::ServerError),
            _ => match text.parse() {
                Ok(status @ 400..=599) => Ok(Self::Status(status)),
                _ => Err("expected not_sent, maybe_processed, 5xx, or a status from 400 to 599".to_owned()),
            },
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("not_sent"),
            Self::MaybeProcessed => f.write_str("maybe_processed"),
            Self::ServerError => f.write_str("5xx"),
            Self::Status(status) => status.fmt(f),
        }
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => serializer.serialize_u16(*status),
            word => serializer.collect_str(word),
        }
    }
}

/// A status may be a number.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected not_sent, maybe_processed, 5xx, or a status from 400 to 599")]
enum Written<'a> {
    Number(u16),
    Text(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let text = match &written {
            Written::Number(status) => status.to_string(),
            Written::Text(text) => text.to_string(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Cause {
    fn schema_name() -> Cow<'static, str> {
        "Cause".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Something after which a target may be tried again.",
            "anyOf": [
                { "type": "string", "enum": ["not_sent", "maybe_processed", "5xx"] },
                { "type": "integer", "minimum": 400, "maximum": 599 },
            ],
        })
    }
}
