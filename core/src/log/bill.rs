//! The bill: what calls have cost in a period, by customer, and for each the lines that it comes to.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;
use serde_json::{Map, Value};

use super::append::integer;
use super::bill_text;
use super::filter::{Selection, unknown};
use super::time;
use super::usage::{self, BASIS, Group, UsageRow, counts};
use crate::error::Error;
use crate::usage::NanoUsd;

/// A thousand percent on top is a slip of the hand.
const MAX_MARKUP_PERCENT: u64 = 1_000;

/// What a query may name beside what it selects by.
const KEYS: [&str; 5] = ["by", "lines", "since", "until", "markup_percent"];

/// How a bill is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv,
    Html,
}

/// Whose bill, of which period, and how it is written.
#[derive(Clone, Debug)]
pub struct BillQuery {
    selection: Selection,
    by: Vec<Group>,
    lines: Vec<Group>,
    since_us: u64,
    until_us: u64,
    markup_percent: u64,
    format: Format,
}

/// What calls have cost in a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// How the numbers are counted, in words.
    pub basis: String,
    /// From when on calls are on it: RFC 3339.
    pub since: String,
    /// Up to when; that moment is not.
    pub until: String,
    /// Always `USD`.
    pub currency: &'static str,
    /// What was added to the cost, in percent of it.
    pub markup_percent: u64,
    /// Whether no log of the period was deleted or refused, so that it is the whole of it.
    pub complete: bool,
    /// One for each customer, in the order of their values.
    pub customers: Vec<Customer>,
    /// Everything together.
    pub total: BillLine,
    /// The bill as a document, where the query asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One customer's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Customer {
    /// Who it is, by the names of the query's `by`. What a log does not have is null.
    pub customer: Map<String, Value>,
    /// One for each provider and model, or what else the query names in `lines`.
    pub lines: Vec<BillLine>,
    /// All lines together.
    pub total: BillLine,
}

/// A line: the counts of a usage report, and what is charged for them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BillLine {
    /// The counts.
    #[serde(flatten)]
    pub usage: UsageRow,
    /// The cost and what is added to it, in US dollars; `None` where no cost is known.
    pub charge: Option<f64>,
    /// The same, exact: in billionths of a dollar.
    pub charge_nano_usd: Option<NanoUsd>,
}

impl BillQuery {
    /// Reads a query. All is optional: `by` says who a customer is (`user`, `key`, `provider`, `model`, `metadata.KEY`, or a
    /// list of them; all are one without it), `lines` what a line is (`["provider", "model"]`), `since` and `until` the
    /// period (the last 31 days), `markup_percent` what is added, `format` (`json`, `csv`, `html`) as what it is written
    /// too; everything else selects as in [`LogQuery::from_json`](super::query::LogQuery::from_json).
    ///
    /// # Errors
    /// `InvalidRequest`, with the field and the nearest name that is known.
    pub fn from_json(query: &Value, now_us: u64) -> Result<Self, Error> {
        let none = Map::new();
        let fields = match query {
            Value::Null => &none,
            other => other
                .as_object()
                .ok_or_else(|| Error::invalid("query", "must be an object such as {\"by\": \"user\"}"))?,
        };
        let mut read = Self {
            selection: Selection::default(),
            by: Vec::new(),
            lines: usage::groups(&serde_json::json!(["provider", "model"]), "lines")?,
            since_us: now_us.saturating_sub(31 * 86_400_000_000),
            until_us: now_us.saturating_add(1),
            markup_percent: 0,
            format: Format::Json,
        };
        for (name, value) in fields {
            let instant = || {
                let at = value.as_str().and_then(|text| time::instant(text, now_us));
                at.ok_or_else(|| {
                    Error::invalid(name, "must be an instant such as \"2026-11-01\", or a span back such as \"31d\"")
                })
            };
            match name.as_str() {
                "by" => read.by = usage::groups(value, name)?,
                "lines" => read.lines = usage::groups(value, name)?,
                "since" => read.since_us = instant()?,
                "until" => read.until_us = instant()?,
                "markup_percent" => {
                    let percent = value.as_u64().filter(|percent| *percent <= MAX_MARKUP_PERCENT);
                    read.markup_percent =
                        percent.ok_or_else(|| Error::invalid(name, "must be a whole number from 0 to 1000"))?;
                }
                "format" => {
                    read.format = match value.as_str() {
                        Some("json") => Format::Json,
                        Some("csv") => Format::Csv,
                        Some("html") => Format::Html,
                        _ => return Err(Error::invalid(name, "must be one of json, csv, html")),
                    }
                }
                _ if read.selection.take(name, value, now_us)? => {}
                _ => return Err(unknown(name, name, KEYS.into_iter().chain(["format"]).chain(Selection::names()))),
            }
        }
        if read.until_us <= read.since_us {
            return Err(Error::invalid("until", "is not after since"));
        }
        Ok(read)
    }
}

/// Draws the bill up.
pub(super) fn report(connection: &mut Connection, query: &BillQuery) -> rusqlite::Result<Bill> {
    // One transaction, so that lines and totals are of the same moment.
    let transaction = connection.transaction()?;
    let missing_until_us: i64 = transaction.query_row("SELECT missing_until_us FROM tally", [], |row| row.get(0))?;
    let groups: Vec<&Group> = query.by.iter().chain(&query.lines).collect();
    let all = rows(&transaction, query, &groups)?;
    let totals = rows(&transaction, query, &query.by.iter().collect::<Vec<_>>())?;
    let total = rows(&transaction, query, &[])?.remove(0);
    let mut lines = all.into_iter().peekable();
    let mut customers = Vec::with_capacity(totals.len());
    for total in totals.into_iter().filter(|total| total.requests > 0) {
        let customer = total.group.clone();
        let mut own = Vec::new();
        while let Some(mut row) =
            lines.next_if(|row| customer.iter().all(|(name, value)| row.group.get(name) == Some(value)))
        {
            row.group.retain(|name, _| {
                query.by.iter().all(|by| by.name != *name) || query.lines.iter().any(|line| line.name == *name)
            });
            own.push(charged(row, query.markup_percent));
        }
        customers.push(Customer { total: summed(total, &own), customer, lines: own });
    }
    let charges = customers.iter().map(|customer| &customer.total);
    let total = summed_from(total, charges.filter_map(|total| total.charge_nano_usd));
    let mut bill = Bill {
        basis: format!(
            "{BASIS} A charge is the cost and {} % of it, rounded half up line by line.",
            query.markup_percent
        ),
        since: time::to_rfc3339(query.since_us),
        until: time::to_rfc3339(query.until_us),
        currency: "USD",
        markup_percent: query.markup_percent,
        complete: missing_until_us <= integer(query.since_us),
        customers,
        total,
        text: None,
    };
    bill.text = match query.format {
        Format::Json => None,
        Format::Csv => Some(bill_text::csv(&bill)),
        Format::Html => Some(bill_text::html(&bill)),
    };
    Ok(bill)
}

fn rows(connection: &Connection, query: &BillQuery, groups: &[&Group]) -> rusqlite::Result<Vec<UsageRow>> {
    let chosen = query.selection.sql();
    let columns: String = groups.iter().flat_map(|group| [group.sql.as_str(), ", "]).collect();
    let places = (1..=groups.len()).map(|place| place.to_string()).collect::<Vec<_>>().join(", ");
    let order = if groups.is_empty() { String::new() } else { format!("GROUP BY {places} ORDER BY {places}") };
    let mut select = connection.prepare(&format!(
        "SELECT {columns}{} FROM log WHERE created_at_us >= ? AND created_at_us < ? AND {chosen} {order}",
        counts(false)
    ))?;
    let keys = groups.iter().filter_map(|group| group.metadata_key.clone()).map(SqlValue::from);
    let period = [integer(query.since_us).into(), integer(query.until_us).into()];
    let values = keys.chain(period).chain(query.selection.values().cloned());
    let groups: Vec<Group> = groups.iter().map(|group| (*group).clone()).collect();
    select.query_map(params_from_iter(values), |counts| usage::row(counts, &groups))?.collect()
}

fn charged(usage: UsageRow, markup_percent: u64) -> BillLine {
    let charge = usage.cost_nano_usd.and_then(|cost| {
        let charge = (i128::from(cost) * (100 + i128::from(markup_percent)) + 50).div_euclid(100);
        NanoUsd::try_from(charge).ok()
    });
    line(usage, charge)
}

fn summed(usage: UsageRow, lines: &[BillLine]) -> BillLine {
    summed_from(usage, lines.iter().filter_map(|line| line.charge_nano_usd))
}

/// A sum over what is known is unknown if nothing is.
fn summed_from(usage: UsageRow, charges: impl Iterator<Item = NanoUsd>) -> BillLine {
    let charge = charges.reduce(NanoUsd::saturating_add).or_else(|| usage.cost_nano_usd.map(|_| 0));
    line(usage, charge)
}

fn line(usage: UsageRow, charge: Option<NanoUsd>) -> BillLine {
    BillLine { usage, charge: charge.map(super::entry::usd), charge_nano_usd: charge }
}
