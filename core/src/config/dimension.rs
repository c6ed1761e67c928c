//! By what calls are told apart: `provider`, `metadata.team`, and so on.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::nearest;
use crate::error::Error;

/// One thing that tells calls apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// All calls of the gateway.
    Gateway,
    /// The provider's slug.
    Provider,
    /// The model that is asked for.
    Model,
    /// The provider's key. Only a digest of it is ever kept.
    Key,
    /// Whom the call is made for: the metadata's `user`, or else the body's `user`.
    User,
    /// An entry of `cf-aig-metadata`.
    Metadata(String),
}

const NAMES: [&str; 5] = ["gateway", "provider", "model", "key", "user"];

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway => f.write_str("gateway"),
            Self::Provider => f.write_str("provider"),
            Self::Model => f.write_str("model"),
            Self::Key => f.write_str("key"),
            Self::User => f.write_str("user"),
            Self::Metadata(key) => write!(f, "metadata.{key}"),
        }
    }
}

impl FromStr for Dimension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "gateway" => Ok(Self::Gateway),
            "provider" => Ok(Self::Provider),
            "model" => Ok(Self::Model),
            "key" => Ok(Self::Key),
            "user" => Ok(Self::User),
            _ => match text.strip_prefix("metadata.") {
                Some(key) if !key.is_empty() => Ok(Self::Metadata(key.to_owned())),
                _ => Err(unknown(text)),
            },
        }
    }
}

fn unknown(text: &str) -> String {
    let hint = nearest(text, NAMES).map(|meant| format!("; did you mean \"{meant}\"?")).unwrap_or_default();
    format!("{text:?} does not tell calls apart; use {}, or metadata.KEY{hint}", NAMES.join(", "))
}

impl Serialize for Dimension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Dimension {
    fn schema_name() -> Cow<'static, str> {
        "Dimension".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(gateway|provider|model|key|user|metadata\\..+)$",
            "description": "What tells calls apart: `gateway`, `provider`, `model`, `key`, `user` or `metadata.{key}`."
        })
    }
}

/// Who has a count of their own: one thing that tells calls apart, or several together. None is the whole gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By(Vec<Dimension>);

impl By {
    /// The dimensions; none for the gateway as a whole.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.0
    }

    pub(super) fn validate(&self, path: &str) -> Result<(), Error> {
        for (at, dimension) in self.0.iter().enumerate() {
            if self.0[..at].contains(dimension) {
                return Err(Error::config(path, format!("{dimension} stands here twice; keep one of them")));
            }
        }
        Ok(())
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => Dimension::Gateway.serialize(serializer),
            [one] => one.serialize(serializer),
            all => all.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<Dimension>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![text.parse().map_err(E::custom)?])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut dimensions = Vec::new();
                while let Some(dimension) = list.next_element()? {
                    dimensions.push(dimension);
                }
                Ok(dimensions)
            }
        }
        let mut dimensions = deserializer.deserialize_any(Reader)?;
        // Everything is of this gateway, so the word alone says "all together" and beside others nothing.
        dimensions.retain(|dimension| *dimension != Dimension::Gateway);
        Ok(Self(dimensions))
    }
}

impl JsonSchema for By {
    fn schema_name() -> Cow<'static, str> {
        "By".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Dimension>();
        json_schema!({
            "anyOf": [one, {"type": "array", "items": one}],
            "description": "Who has a count of their own: one dimension, or a list of them."
        })
    }
}
