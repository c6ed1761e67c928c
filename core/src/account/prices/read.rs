//! Reads a price list, and says where what cannot be.

use serde_json::{Map, Value};

use super::rates::{Kind, Rate, Rates};
use super::row::{Row, TIERS};
use super::rows::Rows;
use crate::money::Amount;

/// Nothing costs more than this: US dollars per million tokens, and each.
const MOST_PER_MILLION: u64 = 100_000;
const MOST_EACH: u64 = 10_000;
const NANO: u64 = 1_000_000_000;

/// What is wrong, and where: the path grows from the inside out.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) reason: String,
}

type Read<T> = Result<T, Wrong>;

impl Wrong {
    pub(super) fn here(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    pub(super) fn under(mut self, name: &str) -> Self {
        let join = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{join}{}", self.path);
        self
    }
}

fn object(value: &Value) -> Read<&Map<String, Value>> {
    value.as_object().ok_or_else(|| Wrong::here("is not an object"))
}

fn texts(value: &Value) -> Read<Vec<String>> {
    let texts = value.as_array().map(|all| all.iter().map(|text| text.as_str().map(str::to_owned)).collect());
    texts.flatten().ok_or_else(|| Wrong::here("is not a list of texts"))
}

/// A provider: `{"see": […], "models": {…}}`.
pub(super) fn provider(value: &Value) -> Read<Rows> {
    let mut rows = Rows::default();
    for (key, value) in object(value)? {
        match key.as_str() {
            "see" => rows.see = texts(value).map_err(|wrong| wrong.under("see"))?,
            "models" => {
                let models = object(value).map_err(|wrong| wrong.under("models"))?;
                for (name, value) in models {
                    let at = |wrong: Wrong| wrong.under(name).under("models");
                    let (row, also) = row(name, value).map_err(at)?;
                    rows.add(row, also);
                }
            }
            _ => return Err(Wrong::here("is not a key of a provider: use models or see").under(key)),
        }
    }
    Ok(rows)
}

fn row(name: &str, value: &Value) -> Read<(Row, Vec<String>)> {
    let mut row = Row { name: name.to_owned(), ..Row::default() };
    let mut also = Vec::new();
    for (key, value) in object(value)? {
        let at = |wrong: Wrong| wrong.under(key);
        match (key.as_str(), TIERS.iter().find(|(name, _)| name == key)) {
            (_, Some((_, tier))) => row.tiers.push((*tier, rates(value).map_err(at)?)),
            ("also", _) => also = texts(value).map_err(at)?,
            ("until", _) => row.until = until(value).map_err(at)?,
            ("hours", _) => row.hours = hours(value).map_err(at)?,
            _ => rate(&mut row.rates, key, value).map_err(at)?,
        }
    }
    if row.rates.is_empty() {
        return Err(Wrong::here("has no rate, such as input"));
    }
    row.except = also.iter().filter_map(|name| name.strip_prefix('!').map(str::to_owned)).collect();
    also.retain(|name| !name.starts_with('!'));
    Ok((row, also))
}

fn rates(value: &Value) -> Read<Rates> {
    let mut rates = Rates::default();
    for (key, value) in object(value)? {
        rate(&mut rates, key, value).map_err(|wrong| wrong.under(key))?;
    }
    Ok(rates)
}

fn rate(rates: &mut Rates, key: &str, value: &Value) -> Read<()> {
    let Some((_, kind)) = Kind::ALL.iter().find(|(name, _)| *name == key) else {
        return Err(Wrong::here("is not a rate that is known"));
    };
    let rate = match value {
        Value::Array(parts) => lengths(*kind, parts)?,
        value => amount(*kind, value)?.into(),
    };
    rates.set(*kind, rate);
    Ok(())
}

/// `[rate, tokens, rate, tokens, rate, …]`
fn lengths(kind: Kind, parts: &[Value]) -> Read<Rate> {
    let at = |place: usize| move |wrong: Wrong| wrong.under(&format!("[{place}]"));
    let Some((first, rest)) = parts.split_first() else { return Err(Wrong::here("is empty")) };
    let base = amount(kind, first).map_err(at(0))?;
    let mut longer: Vec<(u64, u64)> = Vec::new();
    for (step, pair) in rest.chunks(2).enumerate() {
        let place = 1 + step * 2;
        let [tokens, rate] = pair else { return Err(at(place)(Wrong::here("has no rate behind it"))) };
        let shortest = longer.last().map_or(0, |(tokens, _)| *tokens);
        let tokens = tokens.as_u64().filter(|tokens| *tokens > shortest);
        let tokens = tokens.ok_or_else(|| at(place)(Wrong::here("is not a number of tokens that grows")))?;
        longer.push((tokens, amount(kind, rate).map_err(at(place + 1))?));
    }
    Ok(Rate { base, longer: longer.into() })
}

/// US dollars as decimal text or as a number, in nano-dollars.
fn amount(kind: Kind, value: &Value) -> Read<u64> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Wrong::here("is not an amount of US dollars such as \"0.15\"")),
    };
    let nanos = Amount::from_decimal(&text).map_err(Wrong::here)?.nanos();
    let most = if kind.is_fee() { MOST_EACH } else { MOST_PER_MILLION };
    match nanos {
        None => Err(Wrong::here("is finer than a billionth of a dollar, or too large")),
        Some(nanos) if nanos > most * NANO => Err(Wrong::here(format!("is absurd: more than {most} US dollars"))),
        Some(nanos) => Ok(nanos),
    }
}

fn until(value: &Value) -> Read<Vec<(u64, Rates)>> {
    let mut until = Vec::new();
    for (day, value) in object(value)? {
        let at = |wrong: Wrong| wrong.under(day);
        let us = day_us(day).ok_or_else(|| at(Wrong::here("is not a day such as 2026-11-24")))?;
        until.push((us, rates(value).map_err(at)?));
    }
    until.sort_by_key(|(us, _)| *us);
    Ok(until)
}

fn hours(value: &Value) -> Read<Vec<(u64, u64, Rates)>> {
    let all = value.as_array().ok_or_else(|| Wrong::here("is not a list"))?;
    let one = |(place, value): (usize, &Value)| {
        let at = |wrong: Wrong| wrong.under(&format!("[{place}]"));
        let Some([from, to, rest]) = value.as_array().map(Vec::as_slice) else {
            return Err(at(Wrong::here("is not [from, to, rates]")));
        };
        let (Some(from), Some(to)) = (minute(from), minute(to)) else {
            return Err(at(Wrong::here("has no hours such as \"16:30\"")));
        };
        Ok((from, to, rates(rest).map_err(at)?))
    };
    all.iter().enumerate().map(one).collect()
}

/// `16:30` in minutes.
fn minute(value: &Value) -> Option<u64> {
    let (hour, minute) = value.as_str()?.split_once(':')?;
    let (hour, minute) = (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// The microsecond at which a day such as `2026-11-24` begins.
fn day_us(text: &str) -> Option<u64> {
    let mut parts = text.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some()
        || !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
    {
        return None;
    }
    // Years that begin in March have the day that is sometimes missing at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400_000_000)
}
