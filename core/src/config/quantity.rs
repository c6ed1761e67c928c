//! A number with its unit, read exactly.

use std::fmt;
use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{Error, Visitor};

/// A kind of quantity: what it is called, which units it is written in, and how many of the smallest there may be.
pub(super) struct Quantity {
    /// With its article: `a duration`.
    pub(super) name: &'static str,
    /// How it is written, for messages.
    pub(super) example: &'static str,
    /// What its smallest part is called: `a millisecond`.
    pub(super) smallest: &'static str,
    /// The units. One of them has the factor 1, unless the type writes itself.
    pub(super) units: &'static [Unit],
    /// The plain numbers that need no unit.
    pub(super) plain: RangeInclusive<u64>,
    /// What a plain number may be written as instead, for messages.
    pub(super) plain_hint: &'static str,
    /// The largest number of smallest parts.
    pub(super) max: u64,
}

/// A unit, and the other ways in which people write it.
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) factor: u64,
    /// In lower case. They are not accepted, so that there is one way to write a thing, but they are understood.
    pub(super) slips: &'static [&'static str],
}

impl Quantity {
    /// The number of smallest parts that `text` stands for, or what is wrong with it.
    pub(super) fn parse(&self, text: &str) -> Result<u64, String> {
        let trimmed = text.trim();
        if trimmed.starts_with('-') {
            return Err(format!("{text:?} is negative; {} starts at 0", self.name));
        }
        let (number, unit_name) = split(trimmed);
        let Ok(number) = Decimal::from_str_exact(number) else {
            return Err(format!("{:?} is not {}; write it as {}", shorten(text), self.name, self.example));
        };
        if unit_name.is_empty() && self.is_plain(number) {
            return number.to_u64().ok_or_else(|| self.too_large(text));
        }
        let Some(unit) = self.units.iter().find(|unit| unit.name == unit_name) else {
            return Err(self.misspelt(text, number, unit_name));
        };
        let parts = number.checked_mul(Decimal::from(unit.factor)).ok_or_else(|| self.too_large(text))?;
        if !parts.fract().is_zero() {
            return Err(format!("{text:?} is finer than {}", self.smallest));
        }
        parts.to_u64().filter(|parts| *parts <= self.max).ok_or_else(|| self.too_large(text))
    }

    /// How `parts` is written, in the largest unit that divides it. Nothing needs no unit.
    pub(super) fn write(&self, parts: u64) -> String {
        let whole = self.units.iter().filter(|unit| parts >= unit.factor && parts.is_multiple_of(unit.factor));
        match whole.max_by_key(|unit| unit.factor) {
            Some(unit) => format!("{}{}", parts / unit.factor, unit.name),
            None => parts.to_string(),
        }
    }

    fn is_plain(&self, number: Decimal) -> bool {
        number.is_integer() && number.to_u64().is_some_and(|number| self.plain.contains(&number))
    }

    fn misspelt(&self, text: &str, number: Decimal, unit_name: &str) -> String {
        let lower = unit_name.to_lowercase();
        let meant = self.units.iter().find(|unit| unit.slips.contains(&lower.as_str()));
        let (meant, space) = (meant.map(|unit| unit.name), if self.units.len() == 1 { " " } else { "" });
        match meant {
            Some(meant) => format!("{text:?} is not {}; did you mean \"{number}{space}{meant}\"?", self.name),
            None if unit_name.is_empty() => self.without_unit(text),
            None => format!("{:?} is not {}; write it as {}", shorten(text), self.name, self.example),
        }
    }

    fn without_unit(&self, number: impl fmt::Display) -> String {
        format!("{number} has no unit; {}", self.plain_hint.replace("{}", &number.to_string()))
    }

    fn too_large(&self, text: &str) -> String {
        format!("{:?} is too large for {}", shorten(text), self.name)
    }
}

/// Splits `1.5 GB` into its number and its unit. A currency sign in front counts as the unit.
fn split(text: &str) -> (&str, &str) {
    if let Some(number) = text.strip_prefix('$') {
        return (number.trim(), "$");
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// The beginning of what was given: enough to find it, and not a page of it.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

impl Visitor<'_> for &Quantity {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} such as {}", self.name, self.example)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        self.parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        if self.plain.contains(&number) { Ok(number) } else { Err(E::custom(self.without_unit(number))) }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::custom(format!("{number} is negative; {} starts at 0", self.name))),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        Err(E::custom(self.without_unit(number)))
    }
}
