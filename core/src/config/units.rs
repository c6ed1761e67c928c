//! Durations, sizes and money, written with their unit and kept exactly.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::quantity::{Quantity, Unit};
use crate::error::{Error, ErrorKind};
use crate::usage::NanoUsd;

/// A span of time in whole milliseconds, written as `"250ms"`, `"10s"`, `"1m"`, `"1h"`, `"7d"` or `"0"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    /// A span of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The span in milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// The span as the standard library's type.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// Whether the span is empty, which means "off" wherever a setting can be switched off.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn unless_zero(span: Option<Span>) -> Option<Duration> {
        span.filter(|span| !span.is_zero()).map(Span::duration)
    }
}

/// Parts of a millisecond are dropped.
impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

/// A number of bytes, written as `"64KB"`, `"256MB"`, `"1GB"` (steps of 1000), `"64KiB"`, `"256MiB"`, `"1GiB"` (steps
/// of 1024), `"512B"`, or as a plain number, because the names of its settings end in `_bytes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// A size of `bytes` bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// An amount in US dollars, exact to a billionth and never negative, written as `"0.02 USD"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

impl Money {
    /// So many billionths of a dollar; more than there may be are as many as there may be.
    pub(crate) fn from_nano_usd(nano: u64) -> Self {
        Self(nano.min(i64::MAX.unsigned_abs()))
    }

    /// The amount in billionths of a dollar, never negative.
    #[must_use]
    pub const fn nano_usd(self) -> NanoUsd {
        self.0.cast_signed()
    }
}

const SPAN: Quantity = Quantity {
    name: "a duration",
    example: r#""250ms", "10s", "1m", "1h" or "7d""#,
    smallest: "a millisecond",
    units: &[
        Unit { name: "ms", factor: 1, slips: &["msec", "msecs", "millis", "millisecond", "milliseconds"] },
        Unit { name: "s", factor: 1_000, slips: &["s", "sec", "secs", "second", "seconds"] },
        Unit { name: "m", factor: 60_000, slips: &["m", "min", "mins", "minute", "minutes"] },
        Unit { name: "h", factor: 3_600_000, slips: &["h", "hr", "hrs", "hour", "hours"] },
        Unit { name: "d", factor: 86_400_000, slips: &["d", "day", "days"] },
    ],
    plain: 0..=0,
    plain_hint: r#"write "{}s", or a plain number under the key's name with _ms"#,
    max: u64::MAX,
};

const SIZE: Quantity = Quantity {
    name: "a size",
    example: r#""64KB", "256MB", "1GB" or "256MiB""#,
    smallest: "a byte",
    units: &[
        Unit { name: "B", factor: 1, slips: &["b", "byte", "bytes"] },
        Unit { name: "KB", factor: 1_000, slips: &["k", "kb", "kilobyte", "kilobytes"] },
        Unit { name: "MB", factor: 1_000_000, slips: &["m", "mb", "megabyte", "megabytes"] },
        Unit { name: "GB", factor: 1_000_000_000, slips: &["g", "gb", "gigabyte", "gigabytes"] },
        Unit { name: "KiB", factor: 1 << 10, slips: &["ki", "kib"] },
        Unit { name: "MiB", factor: 1 << 20, slips: &["mi", "mib"] },
        Unit { name: "GiB", factor: 1 << 30, slips: &["gi", "gib"] },
    ],
    plain: 0..=u64::MAX,
    plain_hint: "",
    max: u64::MAX,
};

const MONEY: Quantity = Quantity {
    name: "an amount of money",
    example: r#""0.02 USD""#,
    smallest: "a billionth of a dollar",
    units: &[Unit { name: "USD", factor: 1_000_000_000, slips: &["$", "usd", "dollar", "dollars", "us$"] }],
    plain: 0..=0,
    plain_hint: r#"write "{} USD""#,
    max: i64::MAX.cast_unsigned(),
};

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&SPAN.write(self.0))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&SIZE.write(self.0))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} USD", Decimal::from_i128_with_scale(self.0.into(), 9).normalize())
    }
}

/// What all three have in common: they are texts outside and whole numbers inside.
macro_rules! quantity {
    ($type:ident, $quantity:ident, $schema:expr) => {
        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                $quantity.parse(text).map(Self).map_err(|message| Error::new(ErrorKind::Config, message))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(&$quantity).map(Self)
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

quantity!(
    Span,
    SPAN,
    json_schema!({
        "description": "A duration with its unit. Zero needs none.",
        "examples": ["250ms", "10s", "1m", "1h", "7d"],
        "anyOf": [{ "type": "string", "pattern": r"^\s*(0|\d+(\.\d+)?\s*(ms|s|m|h|d))\s*$" }, { "const": 0 }]
    })
);
quantity!(
    Size,
    SIZE,
    json_schema!({
        "description": "A number of bytes. KB, MB and GB go in steps of 1000; KiB, MiB and GiB in steps of 1024.",
        "examples": ["64KB", "256MB", "1GB", "256MiB"],
        "anyOf": [
            { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMG]i?)?B\s*$" },
            { "type": "integer", "minimum": 0 }
        ]
    })
);
quantity!(
    Money,
    MONEY,
    json_schema!({
        "description": "US dollars, exact to a billionth.",
        "examples": ["0.02 USD", "2.50 USD"],
        "anyOf": [{ "type": "string", "pattern": r"^\s*(0|\d+(\.\d+)?\s*USD)\s*$" }, { "const": 0 }]
    })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused<T: FromStr<Err = Error> + fmt::Debug>(text: &str, message: &str) {
        assert_eq!(text.parse::<T>().unwrap_err().message(), message);
    }

    #[test]
    fn durations() {
        for (text, millis, written) in [
            ("250ms", 250, "250ms"),
            ("10s", 10_000, "10s"),
            ("1m", 60_000, "1m"),
            ("1h", 3_600_000, "1h"),
            ("7d", 604_800_000, "7d"),
            ("90m", 5_400_000, "90m"),
            ("1.5 s", 1_500, "1500ms"),
            (" 24h ", 86_400_000, "1d"),
            ("0s", 0, "0"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.millis(), span.to_string().as_str()), (millis, written), "{text}");
            assert_eq!(written.parse::<Span>().unwrap(), span);
        }
        refused::<Span>("1 minute", "\"1 minute\" is not a duration; did you mean \"1m\"?");
        refused::<Span>("1H", "\"1H\" is not a duration; did you mean \"1h\"?");
        refused::<Span>("60", "60 has no unit; write \"60s\", or a plain number under the key's name with _ms");
        refused::<Span>("-1s", "\"-1s\" is negative; a duration starts at 0");
        refused::<Span>("0.5ms", "\"0.5ms\" is finer than a millisecond");
        refused::<Span>("99999999999999999999d", "\"99999999999999999999d\" is too large for a duration");
        let example = "write it as \"250ms\", \"10s\", \"1m\", \"1h\" or \"7d\"";
        for text in ["", "soon", "1h30m", "1e3s", "1..5s", "+1s", "1w", "٣s"] {
            refused::<Span>(text, &format!("{text:?} is not a duration; {example}"));
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes, written) in [
            ("64KB", 64_000, "64KB"),
            ("256MB", 256_000_000, "256MB"),
            ("256MiB", 256 << 20, "256MiB"),
            ("1.5 KiB", 1_536, "1536B"),
            ("1GiB", 1 << 30, "1GiB"),
            ("512", 512, "512B"),
            ("0B", 0, "0"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, written), "{text}");
            assert_eq!(written.parse::<Size>().unwrap(), size);
        }
        refused::<Size>("64kb", "\"64kb\" is not a size; did you mean \"64KB\"?");
        refused::<Size>("64 megabytes", "\"64 megabytes\" is not a size; did you mean \"64MB\"?");
        refused::<Size>("0.5B", "\"0.5B\" is finer than a byte");
        refused::<Size>("-1B", "\"-1B\" is negative; a size starts at 0");
    }

    #[test]
    fn money() {
        for (text, nano, written) in [
            ("0.02 USD", 20_000_000, "0.02 USD"),
            ("2.50USD", 2_500_000_000, "2.5 USD"),
            ("100 USD", 100_000_000_000, "100 USD"),
            ("0.000000001 USD", 1, "0.000000001 USD"),
            ("0", 0, "0 USD"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!((money.nano_usd(), money.to_string().as_str()), (nano, written), "{text}");
            assert_eq!(written.parse::<Money>().unwrap(), money);
        }
        refused::<Money>("$0.02", "\"$0.02\" is not an amount of money; did you mean \"0.02 USD\"?");
        refused::<Money>("2.5", "2.5 has no unit; write \"2.5 USD\"");
        refused::<Money>("1 EUR", "\"1 EUR\" is not an amount of money; write it as \"0.02 USD\"");
        refused::<Money>("0.0000000001 USD", "\"0.0000000001 USD\" is finer than a billionth of a dollar");
        refused::<Money>("9223372037 USD", "\"9223372037 USD\" is too large for an amount of money");
    }

    #[test]
    fn parts_of_a_millisecond_are_dropped() {
        assert_eq!(Span::from(Duration::from_micros(1_999)).millis(), 1);
    }
}
