//! Reconciling: what a provider's own export says, held against the log, by day and model.
//!
//! Sources: OpenAI, platform.openai.com/docs/api-reference/usage (`completions`, `embeddings` and `costs`); Anthropic,
//! docs.claude.com/en/api/admin-api/usage-cost (`usage_report/messages` and `cost_report`).

use std::collections::BTreeMap;

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde_json::Value;

use super::append::integer;
use super::filter::{Selection, unknown};
use super::time;
use crate::error::Error;
use crate::usage::NanoUsd;

const BASIS: &str = "Provider is what the export says, own what the log says of calls that this provider answered well and the \
    cache did not; difference is own less provider. Days are those of UTC. What the export does not tell is null and not \
    compared; a model that it does not name stands for all.";

/// What one side says of a day and a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Requests that were answered.
    pub requests: Option<i64>,
    /// All input tokens, cached ones included.
    pub tokens_in: Option<i64>,
    /// All output tokens.
    pub tokens_out: Option<i64>,
    /// Billionths of a dollar.
    pub cost_nano_usd: Option<NanoUsd>,
}

/// A day and a model, as both sides see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// `2026-11-22`.
    pub day: String,
    /// The model, or null for all of them.
    pub model: Option<String>,
    /// What the export says.
    pub provider: Side,
    /// What the log says.
    pub own: Side,
    /// Own less provider, where both are known.
    pub difference: Side,
}

/// What a provider's export says, held against the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// How the numbers are counted, in words.
    pub basis: String,
    /// One for each day and model, in their order.
    pub rows: Vec<Reconciled>,
    /// Everything together.
    pub total: Reconciled,
}

/// An export that was read, and which logs are held against it.
#[derive(Clone, Debug)]
pub(crate) struct ReconcileQuery {
    provider: String,
    selection: Selection,
    said: BTreeMap<(String, Option<String>), Side>,
    since_us: u64,
    until_us: u64,
}

impl ReconcileQuery {
    /// Reads an export of `openai` or `anthropic`: a page as their API answers it, or a list of pages. `options` selects logs
    /// as [`LogQuery::from_json`](super::query::LogQuery::from_json) does.
    pub(crate) fn from_json(provider: &str, report: &Value, options: &Value, now_us: u64) -> Result<Self, Error> {
        let read = match provider {
            "openai" => openai,
            "anthropic" => anthropic,
            other => return Err(unknown("provider", other, ["openai", "anthropic"].into_iter())),
        };
        let (said, selection) = (BTreeMap::new(), Selection::default());
        let mut query = Self { provider: provider.to_owned(), selection, said, since_us: u64::MAX, until_us: 0 };
        for (name, value) in options.as_object().into_iter().flatten() {
            if !query.selection.take(name, value, now_us)? {
                return Err(unknown(&format!("options.{name}"), name, Selection::names()));
            }
        }
        let pages = report.as_array().map_or(std::slice::from_ref(report), Vec::as_slice);
        for (number, page) in pages.iter().enumerate() {
            let at = if report.is_array() { format!("report[{number}].data") } else { "report.data".to_owned() };
            for (number, bucket) in list(&page["data"], &at)?.iter().enumerate() {
                query.take(bucket, &format!("{at}[{number}]"), read)?;
            }
        }
        if query.said.is_empty() {
            return Err(Error::invalid("report", "holds no results; is it a page of the usage or cost report?"));
        }
        Ok(query)
    }

    fn take(&mut self, bucket: &Value, at: &str, read: Read) -> Result<(), Error> {
        let (start_us, end_us) = span(bucket, at)?;
        let results = list(&bucket["results"], &format!("{at}.results"))?;
        if results.is_empty() {
            return Ok(());
        }
        self.since_us = self.since_us.min(start_us);
        self.until_us = self.until_us.max(end_us);
        let day = time::to_rfc3339(start_us)[..10].to_owned();
        for (number, result) in results.iter().enumerate() {
            let (model, side) = read(result, &format!("{at}.results[{number}]"))?;
            let sum = self.said.entry((day.clone(), model)).or_default();
            *sum = sum.with(&side, i64::saturating_add);
        }
        Ok(())
    }
}

/// How one result of a provider's export is read: its model, and its numbers.
type Read = fn(&Value, &str) -> Result<(Option<String>, Side), Error>;

fn openai(result: &Value, at: &str) -> Result<(Option<String>, Side), Error> {
    if !result["amount"].is_null() {
        // The line item of a cost is the model and what of it: `gpt-4o-2024-08-06, input`.
        let item = result["line_item"].as_str().map(|item| item.split(',').next().unwrap_or(item).trim().to_owned());
        let cost = money(&result["amount"]["value"], 1_000_000_000, &format!("{at}.amount.value"))?;
        return Ok((item, Side { cost_nano_usd: Some(cost), ..Side::default() }));
    }
    let number = |key: &str| whole(&result[key], &format!("{at}.{key}"));
    let side = Side {
        requests: number("num_model_requests")?,
        tokens_in: number("input_tokens")?,
        tokens_out: number("output_tokens")?,
        cost_nano_usd: None,
    };
    Ok((result["model"].as_str().map(str::to_owned), side))
}

fn anthropic(result: &Value, at: &str) -> Result<(Option<String>, Side), Error> {
    let model = result["model"].as_str().map(str::to_owned);
    if !result["amount"].is_null() {
        // In cents.
        let cost = money(&result["amount"], 10_000_000, &format!("{at}.amount"))?;
        return Ok((model, Side { cost_nano_usd: Some(cost), ..Side::default() }));
    }
    let number = |value: &Value, key: &str| whole(&value[key], &format!("{at}.{key}"));
    let created = &result["cache_creation"];
    let parts = [
        number(result, "uncached_input_tokens")?,
        number(result, "cache_read_input_tokens")?,
        number(created, "ephemeral_5m_input_tokens")?,
        number(created, "ephemeral_1h_input_tokens")?,
    ];
    let tokens_in = parts.into_iter().flatten().reduce(i64::saturating_add);
    Ok((model, Side { tokens_in, tokens_out: number(result, "output_tokens")?, ..Side::default() }))
}

/// Holds the export against the log.
pub(super) fn report(connection: &mut Connection, query: &ReconcileQuery) -> rusqlite::Result<Reconciliation> {
    let own = own(connection, query)?;
    let mut sides: BTreeMap<(String, Option<String>), (Side, Side)> = BTreeMap::new();
    for (key, said) in &query.said {
        sides.entry(key.clone()).or_default().0 = *said;
    }
    for ((day, model), side) in own {
        // Where the export tells no models apart, ours are one too.
        let all = (day.clone(), None);
        let key = if query.said.contains_key(&all) { all } else { (day, Some(model)) };
        let sum = &mut sides.entry(key).or_default().1;
        *sum = sum.with(&side, i64::saturating_add);
    }
    let rows: Vec<_> =
        sides.into_iter().map(|((day, model), (said, own))| Reconciled::of(day, model, said, own)).collect();
    let all = |of: fn(&Reconciled) -> Side| {
        rows.iter().fold(Side::default(), |sum, row| sum.with(&of(row), i64::saturating_add))
    };
    let total = Reconciled::of(String::new(), None, all(|row| row.provider), all(|row| row.own));
    Ok(Reconciliation { basis: BASIS.to_owned(), rows, total })
}

fn own(connection: &Connection, query: &ReconcileQuery) -> rusqlite::Result<Vec<((String, String), Side)>> {
    let chosen = query.selection.sql();
    let mut select = connection.prepare(&format!(
        "SELECT strftime('%Y-%m-%d', created_at_us / 1000000, 'unixepoch'), coalesce(model_served, model), count(*),
            coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), sum(cost_nano_usd)
         FROM log WHERE provider = ? AND created_at_us >= ? AND created_at_us < ? AND NOT cached
            AND coalesce(status_code, 500) < 400 AND {chosen} GROUP BY 1, 2"
    ))?;
    let fixed: [SqlValue; 3] =
        [query.provider.clone().into(), integer(query.since_us).into(), integer(query.until_us).into()];
    let values = fixed.into_iter().chain(query.selection.values().cloned());
    let side = |row: &rusqlite::Row<'_>| {
        let (requests, tokens_in, tokens_out) = (Some(row.get(2)?), Some(row.get(3)?), Some(row.get(4)?));
        let side = Side { requests, tokens_in, tokens_out, cost_nano_usd: row.get(5)? };
        Ok(((row.get(0)?, row.get(1)?), side))
    };
    select.query_map(params_from_iter(values), side)?.collect()
}

impl Reconciled {
    fn of(day: String, model: Option<String>, provider: Side, own: Side) -> Self {
        // A day of which the log knows nothing is a day on which it has nothing.
        let own = if own == Side::default() {
            Side { requests: Some(0), tokens_in: Some(0), tokens_out: Some(0), cost_nano_usd: Some(0) }
        } else {
            own
        };
        let less = |own: Option<i64>, said: Option<i64>| Some(own?.saturating_sub(said?));
        let difference = Side {
            requests: less(own.requests, provider.requests),
            tokens_in: less(own.tokens_in, provider.tokens_in),
            tokens_out: less(own.tokens_out, provider.tokens_out),
            cost_nano_usd: less(own.cost_nano_usd, provider.cost_nano_usd),
        };
        Self { day, model, provider, own, difference }
    }
}

impl Side {
    /// Both together; what one of them does not know is the other's.
    fn with(&self, other: &Self, act: fn(i64, i64) -> i64) -> Self {
        let both = |one: Option<i64>, two: Option<i64>| match (one, two) {
            (Some(one), Some(two)) => Some(act(one, two)),
            (one, two) => one.or(two),
        };
        Self {
            requests: both(self.requests, other.requests),
            tokens_in: both(self.tokens_in, other.tokens_in),
            tokens_out: both(self.tokens_out, other.tokens_out),
            cost_nano_usd: both(self.cost_nano_usd, other.cost_nano_usd),
        }
    }
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a [Value], Error> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Error::invalid(at, "is missing, or no list"))
}

/// When a bucket begins and ends: seconds since 1970 (OpenAI) or RFC 3339 (Anthropic).
fn span(bucket: &Value, at: &str) -> Result<(u64, u64), Error> {
    let moment = |keys: [&str; 2]| {
        let seconds = bucket[keys[0]].as_u64().and_then(|seconds| seconds.checked_mul(1_000_000));
        let read = seconds.or_else(|| time::instant(bucket[keys[1]].as_str()?, 0));
        read.ok_or_else(|| {
            Error::invalid(format!("{at}.{}", keys[0]), format!("there is neither {} nor {}", keys[0], keys[1]))
        })
    };
    Ok((moment(["start_time", "starting_at"])?, moment(["end_time", "ending_at"])?))
}

fn whole(value: &Value, at: &str) -> Result<Option<i64>, Error> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_i64().filter(|number| *number >= 0);
    number.map(Some).ok_or_else(|| Error::invalid(at, "must be a whole number of 0 or more"))
}

/// An amount as a number or a text of one, in units of `unit` billionths of a dollar, rounded half up.
fn money(value: &Value, unit: i64, at: &str) -> Result<NanoUsd, Error> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let decimal =
        if text.contains(['e', 'E']) { Decimal::from_scientific_lossy(&text) } else { text.parse::<Decimal>() };
    let nano = decimal.ok().and_then(|decimal| decimal.checked_mul(Decimal::from(unit)));
    let rounded = nano.map(|nano| nano.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero));
    rounded.and_then(|nano| nano.to_i64()).ok_or_else(|| Error::invalid(at, "is no amount of money"))
}
