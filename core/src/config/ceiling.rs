//! How much passes a limit: a number of things, or an amount of money.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::units::Money;

/// How much passes a limit: a whole number, or money such as `"5 USD"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// So many requests, tokens, or calls at once.
    Number(u64),
    /// So much money.
    Money(Money),
}

impl Ceiling {
    /// The number, or the money in billionths of a dollar.
    #[must_use]
    pub fn amount(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Money(money) => money.nano_usd().unsigned_abs(),
        }
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Money(money) => money.fmt(f),
        }
    }
}

impl Serialize for Ceiling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Money(money) => money.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Ceiling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Ceiling;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or money such as \"5 USD\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Ceiling, E> {
                Ok(Ceiling::Number(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Ceiling, E> {
                let positive = u64::try_from(number);
                positive.map(Ceiling::Number).map_err(|_| {
                    E::custom(format!("{number} is negative; a limit starts at 0, which switches the rule off"))
                })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Ceiling, E> {
                text.parse().map(Ceiling::Money).map_err(|error: crate::error::Error| E::custom(error.message()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Ceiling {
    fn schema_name() -> Cow<'static, str> {
        "Ceiling".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let money = generator.subschema_for::<Money>();
        json_schema!({
            "anyOf": [{"type": "integer", "minimum": 0}, money],
            "description": "How much passes: a whole number, or an amount of money."
        })
    }
}
