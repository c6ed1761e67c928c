//! Finding and deleting logs.

use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;
use serde_json::Value;

use super::columns::COLUMNS;
use super::entry;
use super::filter::{Selection, unknown};
use crate::error::Error;

const DEFAULT_LIMIT: u64 = 20;

/// A page is held in memory as a whole.
const MAX_LIMIT: u64 = 1_000;

/// What a query may name beside what it selects by.
const KEYS: [&str; 7] = ["limit", "per_page", "page", "order_by", "direction", "order_by_direction", "search"];

/// The orders of the reference, and the columns that they go by.
const ORDERS: [(&str, &str); 6] = [
    ("created_at", "created_at_us"),
    ("provider", "provider"),
    ("model", "model"),
    ("model_type", "request_type"),
    ("success", "success"),
    ("cached", "cached"),
];

/// Which logs are wanted, in which order, and how many of them.
#[derive(Clone, Debug)]
pub struct LogQuery {
    selection: Selection,
    order_by: &'static str,
    direction: &'static str,
    page: u64,
    limit: Option<u64>,
}

/// One page of logs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogPage {
    /// The logs, without the beginnings of their bodies.
    pub logs: Vec<Value>,
    /// How many logs the query selects in all.
    pub total_count: u64,
    /// Which page this is, from 1.
    pub page: u64,
    /// How many logs a page has.
    pub per_page: u64,
}

impl LogQuery {
    /// Reads a query. All is optional:
    ///
    /// - `limit` (or `per_page`, 1 to 1,000, 20 if absent) and `page` (from 1);
    /// - `order_by`: `created_at`, `provider`, `model`, `model_type`, `success` or `cached`, and `direction`: `asc` or
    ///   `desc` (the newest first if absent);
    /// - `search`: a part of one of a log's texts;
    /// - `filters`: `[{"key": "model", "operator": "eq", "value": ["a", "b"]}]`, all of which must hold; operators are
    ///   `eq`, `neq`, `contains`, `lt` and `gt`;
    /// - in short: `since` and `until` (RFC 3339, a day, or a span back from `now_us` such as `"1h"`), `metadata` (an
    ///   object, all of whose entries must match), and every filter key with the value that it must equal.
    ///
    /// `now_us` is the present in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// `InvalidRequest`, with the field (such as `filters[1].key`) and the nearest name that is known.
    pub fn from_json(query: &Value, now_us: u64) -> Result<Self, Error> {
        let fields =
            query.as_object().ok_or_else(|| Error::invalid("query", "must be an object such as {\"limit\": 20}"))?;
        let mut query = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "limit" | "per_page" => query.limit = Some(whole(value, name, 1..=MAX_LIMIT)?),
                "page" => query.page = whole(value, name, 1..=u64::from(u32::MAX))?,
                "order_by" => query.order_by = choice(value, name, &ORDERS)?,
                "direction" | "order_by_direction" => {
                    query.direction = choice(value, name, &[("asc", "ASC"), ("desc", "DESC")])?;
                }
                "search" => query.selection.take_search(text(value, name)?),
                _ if query.selection.take(name, value, now_us)? => {}
                _ => return Err(unknown(name, name, KEYS.into_iter().chain(Selection::names()))),
            }
        }
        Ok(query)
    }

    /// The keys of single columns that filters may name.
    #[must_use]
    pub fn filter_keys() -> Vec<&'static str> {
        COLUMNS.iter().map(|column| column.key).collect()
    }
}

/// All logs, the newest first.
impl Default for LogQuery {
    fn default() -> Self {
        Self { selection: Selection::default(), order_by: "created_at_us", direction: "DESC", page: 1, limit: None }
    }
}

/// The page that `query` asks for.
pub(super) fn page(connection: &mut Connection, query: &LogQuery) -> rusqlite::Result<LogPage> {
    // One transaction, so that the count and the page are of the same moment.
    let transaction = connection.transaction()?;
    let chosen = query.selection.sql();
    let count = if query.selection.is_everything() {
        String::from("SELECT records FROM tally")
    } else {
        format!("SELECT count(*) FROM log WHERE {chosen}")
    };
    let values = || params_from_iter(query.selection.values());
    let total_count: i64 = transaction.query_row(&count, values(), |row| row.get(0))?;
    let per_page = query.limit.unwrap_or(DEFAULT_LIMIT);
    let skipped = (query.page - 1) * per_page;
    let order = query.order();
    let mut rows = transaction
        .prepare(&format!("SELECT * FROM log WHERE {chosen} ORDER BY {order} LIMIT {per_page} OFFSET {skipped}"))?;
    let entry = |row: &Row<'_>| entry::entry(row).map(Value::Object);
    let logs = rows.query_map(values(), entry)?.collect::<Result<_, _>>()?;
    Ok(LogPage { logs, total_count: total_count.unsigned_abs(), page: query.page, per_page })
}

/// Deletes what `query` selects: all of it, or the first ones in its order if it has a limit. Says how many.
pub(super) fn delete(connection: &Connection, query: &LogQuery) -> rusqlite::Result<u64> {
    let (chosen, order) = (query.selection.sql(), query.order());
    let limit = query.limit.map_or(String::new(), |limit| format!("ORDER BY {order} LIMIT {limit}"));
    let deleted = connection.execute(
        &format!("DELETE FROM log WHERE seq IN (SELECT seq FROM log WHERE {chosen} {limit})"),
        params_from_iter(query.selection.values()),
    )?;
    give_back_space(connection)?;
    Ok(deleted as u64)
}

impl LogQuery {
    fn order(&self) -> String {
        format!("{} {direction}, seq {direction}", self.order_by, direction = self.direction)
    }
}

/// Makes the file as small as its content, page by page.
fn give_back_space(connection: &Connection) -> rusqlite::Result<()> {
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

fn whole(value: &Value, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, Error> {
    value.as_u64().filter(|number| range.contains(number)).ok_or_else(|| {
        Error::invalid(name, format!("must be a whole number from {} to {}", range.start(), range.end()))
    })
}

fn choice(value: &Value, name: &str, choices: &[(&'static str, &'static str)]) -> Result<&'static str, Error> {
    let given = text(value, name)?;
    choices
        .iter()
        .find(|(choice, _)| *choice == given)
        .map(|(_, sql)| *sql)
        .ok_or_else(|| unknown(name, given, choices.iter().map(|(choice, _)| *choice)))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| Error::invalid(name, "must be a text"))
}
