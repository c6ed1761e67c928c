//! An amount of money in a currency that the configuration knows: `"100 EUR"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The currency in which prices are kept.
pub(crate) const USD: Currency = Currency(*b"USD");

/// A currency's code, three capital letters as in ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// An amount of money, exact to a billionth of its unit and never negative, written as `"100 EUR"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    nano: u64,
    currency: Currency,
}

impl Amount {
    /// The amount in billionths of its currency's unit.
    #[must_use]
    pub fn nano(self) -> u64 {
        self.nano
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let letters: Option<[u8; 3]> = text.as_bytes().try_into().ok();
        letters.filter(|letters| letters.iter().all(u8::is_ascii_uppercase)).map(Self).ok_or_else(|| {
            format!("{:?} is not the code of a currency; write three capital letters such as EUR", shorten(text))
        })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Decimal::from_i128_with_scale(self.nano.into(), 9).normalize(), self.currency)
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if trimmed.starts_with('-') {
            return Err(format!("{:?} is negative; an amount of money starts at 0", shorten(text)));
        }
        let end = trimmed.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(trimmed.len());
        let (number, code) = (&trimmed[..end], trimmed[end..].trim_start());
        let Ok(number) = Decimal::from_str_exact(number) else {
            return Err(format!("{:?} is not an amount of money; write it as \"100 USD\"", shorten(text)));
        };
        if code.is_empty() {
            return Err(format!("{number} has no currency; write \"{number} USD\""));
        }
        let currency = code.parse()?;
        let nano = number.checked_mul(Decimal::from(1_000_000_000));
        let nano = nano.ok_or_else(|| format!("{:?} is too large for an amount of money", shorten(text)))?;
        if !nano.fract().is_zero() {
            return Err(format!("{:?} is finer than a billionth of {currency}", shorten(text)));
        }
        let nano = nano.to_u64().filter(|nano| *nano <= i64::MAX.unsigned_abs());
        let nano = nano.ok_or_else(|| format!("{:?} is too large for an amount of money", shorten(text)))?;
        Ok(Self { nano, currency })
    }
}

/// The beginning of what was given: enough to find it, and not a page of it.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// What both have in common: they are texts outside.
macro_rules! text {
    ($type:ident, $schema:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

text!(
    Currency,
    json_schema!({
        "type": "string",
        "pattern": "^[A-Z]{3}$",
        "description": "The code of a currency, as in ISO 4217."
    })
);
text!(
    Amount,
    json_schema!({
        "type": "string",
        "pattern": r"^\s*\d+(\.\d+)?\s*[A-Z]{3}\s*$",
        "examples": ["100 USD", "49.50 EUR"],
        "description": "An amount of money in any currency that `currencies` has a rate for, exact to a billionth."
    })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_carry_their_currency() {
        for (text, nano, written) in [
            ("100 EUR", 100_000_000_000, "100 EUR"),
            ("0.50USD", 500_000_000, "0.5 USD"),
            (" 0 USD ", 0, "0 USD"),
            ("0.000000001 JPY", 1, "0.000000001 JPY"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!((amount.nano(), amount.to_string().as_str()), (nano, written), "{text}");
        }
        for (text, reason) in [
            ("100", "100 has no currency; write \"100 USD\""),
            ("-1 EUR", "\"-1 EUR\" is negative; an amount of money starts at 0"),
            ("1 eur", "\"eur\" is not the code of a currency; write three capital letters such as EUR"),
            ("$5", "\"$5\" is not an amount of money; write it as \"100 USD\""),
            ("1e9 USD", "\"e9 USD\" is not the code of a currency; write three capital letters such as EUR"),
            ("0.0000000001 USD", "\"0.0000000001 USD\" is finer than a billionth of USD"),
            ("9223372037 USD", "\"9223372037 USD\" is too large for an amount of money"),
            ("9999999999999999999999999 USD", "\"9999999999999999999999999 USD\" is too large for an amount of money"),
        ] {
            assert_eq!(text.parse::<Amount>().unwrap_err(), reason);
        }
    }
}
