//! What was used: requests, tokens and money, by group.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;
use serde_json::{Map, Value};

use super::entry::usd;
use super::filter::{Selection, unknown};
use super::latency;
use crate::config::Span;
use crate::error::Error;
use crate::usage::NanoUsd;

/// How the numbers are counted, printed beside them.
pub(super) const BASIS: &str = "A request is one call to the gateway, however many attempts it took; attempts are those \
    that reached a provider. \
    Errors are requests that neither succeeded nor were cancelled by the caller. \
    Tokens are those that providers counted: of answers from the cache none, and none where the count is unknown; \
    estimated is the number of requests whose tokens were counted by the gateway. \
    Cost is the sum of what is known; unpriced is the number of requests that a provider answered well and whose cost \
    is unknown. Saved is what the answers from the cache would have cost.";

/// What can be grouped by, and the texts and numbers it comes from. Days and hours are those of UTC.
const GROUPS: [(&str, &str); 15] = [
    ("user", "user"),
    ("key", "key_digest"),
    ("model", "model"),
    ("provider", "provider"),
    ("day", "strftime('%Y-%m-%d', created_at_us / 1000000, 'unixepoch')"),
    ("hour", "strftime('%Y-%m-%dT%H:00:00Z', created_at_us / 1000000, 'unixepoch')"),
    ("month", "strftime('%Y-%m', created_at_us / 1000000, 'unixepoch')"),
    ("status", "status_code"),
    ("outcome", OUTCOME),
    ("model_served", "model_served"),
    ("model_type", "request_type"),
    ("request_type", "request_type"),
    ("path", "path"),
    ("user_agent", "user_agent"),
    ("gateway", "gateway"),
];

/// How a request ended, in one word.
const OUTCOME: &str = "CASE
    WHEN cancelled THEN 'cancelled' WHEN cached THEN 'cached' WHEN truncated THEN 'truncated'
    WHEN success THEN 'answered' WHEN status_code IS NULL THEN 'no_answer' WHEN status_code = 429 THEN 'rate_limited'
    WHEN status_code >= 500 THEN 'server_error' ELSE 'client_error' END";

/// Columns that are true or false, which can be grouped by as well.
const FLAGS: [&str; 3] = ["cached", "success", "stream"];

/// What stands before the key of an entry of the metadata.
const METADATA: &str = "metadata.";

/// A sum over what is known is unknown if nothing is; over no requests at all it is zero.
pub(super) const COUNTS: &str = "
    count(*) AS requests,
    coalesce(sum(sent), 0) AS attempts,
    count(*) FILTER (WHERE cached) AS cached,
    count(*) FILTER (WHERE NOT success AND NOT cancelled) AS errors,
    count(*) FILTER (WHERE cancelled) AS cancelled,
    iif(count(*) FILTER (WHERE NOT cached) = 0, 0, sum(tokens_in) FILTER (WHERE NOT cached)) AS tokens_in,
    iif(count(*) FILTER (WHERE NOT cached) = 0, 0, sum(tokens_out) FILTER (WHERE NOT cached)) AS tokens_out,
    sum(cache_read) FILTER (WHERE NOT cached) AS cache_read,
    sum(cache_write) FILTER (WHERE NOT cached) AS cache_write,
    sum(reasoning) FILTER (WHERE NOT cached) AS reasoning,
    sum(audio) FILTER (WHERE NOT cached) AS audio,
    count(*) FILTER (WHERE NOT cached AND usage_source = 'estimated') AS estimated,
    iif(count(*) = 0, 0, sum(cost_nano_usd)) AS cost_nano_usd,
    count(*) FILTER (WHERE NOT cached AND success AND cost_nano_usd IS NULL) AS unpriced,
    iif(count(*) FILTER (WHERE cached) = 0, 0, sum(saved_nano_usd)) AS saved_nano_usd";

/// Which requests are counted, and by what they are told apart.
#[derive(Clone, Debug, Default)]
pub struct UsageQuery {
    selection: Selection,
    groups: Vec<Group>,
    latency: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// Yields JSON.
    pub(super) sql: String,
    /// What stands for the question mark in `sql`, if there is one.
    pub(super) metadata_key: Option<String>,
}

/// Requests, tokens and cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageReport {
    /// How the numbers are counted, in words.
    pub basis: String,
    /// One row for each group, in the order of the groups' values; none if nothing is grouped by.
    pub rows: Vec<UsageRow>,
    /// Everything together.
    pub total: UsageRow,
}

/// The numbers of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageRow {
    /// What the group has in common, by the names of `group_by`. A value that a log does not have is null.
    pub group: Map<String, Value>,
    /// Calls to the gateway.
    pub requests: u64,
    /// Tries that reached a provider: retries and fallbacks are more of them than requests.
    pub attempts: u64,
    /// Those that the cache answered.
    pub cached: u64,
    /// Those that neither succeeded nor were cancelled.
    pub errors: u64,
    /// Those that the caller let go of.
    pub cancelled: u64,
    /// Input tokens, where any are known.
    pub tokens_in: Option<u64>,
    /// Output tokens, where any are known.
    pub tokens_out: Option<u64>,
    /// Input tokens read from providers' prompt caches; part of `tokens_in`.
    pub cache_read: Option<u64>,
    /// Input tokens written to them; part of `tokens_in`.
    pub cache_write: Option<u64>,
    /// Output tokens spent on reasoning; part of `tokens_out`.
    pub reasoning: Option<u64>,
    /// Audio tokens; part of both.
    pub audio: Option<u64>,
    /// Requests whose tokens were counted here and not by the provider.
    pub estimated: u64,
    /// US dollars, where any cost is known.
    pub cost: Option<f64>,
    /// The same, exact: in billionths of a dollar.
    pub cost_nano_usd: Option<NanoUsd>,
    /// Requests that a provider answered well and whose cost is unknown.
    pub unpriced: u64,
    /// US dollars that the cache saved, where it is known.
    pub saved: Option<f64>,
    /// The same, exact: in billionths of a dollar.
    pub saved_nano_usd: Option<NanoUsd>,
    /// How long the calls took that a provider answered: `{"p50", "p95", "p99"}` in milliseconds, off by 1 % at most. Only
    /// where `latency` was asked for, as the next one.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub duration_ms: Value,
    /// How long they took to the first byte.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub first_byte_ms: Value,
}

impl UsageQuery {
    /// Reads a query. All is optional: `group_by` is a name or a list of names (`model`, `provider`, `day`, `hour`,
    /// `month`, `status`, `cached`, `success`, `stream`, `model_served`, `model_type`, `request_type`, `path`,
    /// `user_agent`, or `metadata.KEY`), and `filters`, `since`, `until`, `metadata` and the filter keys select as in
    /// [`LogQuery::from_json`](super::query::LogQuery::from_json). `step` is a span such as `"5m"`, a minute at least: the
    /// rows are then told apart by the part of time that they fall into, `at` being its first moment. `latency: true` adds
    /// quantiles of how long calls took.
    ///
    /// `now_us` is the present in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// `InvalidRequest`, with the field and the nearest name that is known.
    pub fn from_json(query: &Value, now_us: u64) -> Result<Self, Error> {
        let fields = query
            .as_object()
            .ok_or_else(|| Error::invalid("query", "must be an object such as {\"group_by\": \"model\"}"))?;
        let mut query = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "group_by" => query.groups.extend(groups(value, name)?),
                // The parts of time come first, so that rows stand in their order.
                "step" => query.groups.insert(0, part_of_time(value)?),
                "latency" => {
                    let message = "must be true or false";
                    query.latency = value.as_bool().ok_or_else(|| Error::invalid("latency", message))?;
                }
                _ if query.selection.take(name, value, now_us)? => {}
                _ => {
                    return Err(unknown(
                        name,
                        name,
                        ["group_by", "latency", "step"].into_iter().chain(Selection::names()),
                    ));
                }
            }
        }
        Ok(query)
    }
}

/// Counts what `query` selects.
pub(super) fn report(connection: &mut Connection, query: &UsageQuery) -> rusqlite::Result<UsageReport> {
    // One transaction, so that the rows and their total are of the same moment.
    let transaction = connection.transaction()?;
    let chosen = query.selection.sql();
    let counts = counts(query.latency);
    let total = transaction.query_row(
        &format!("SELECT {counts} FROM log WHERE {chosen}"),
        params_from_iter(query.selection.values()),
        |counts| row(counts, &[]),
    )?;
    if query.groups.is_empty() {
        return Ok(UsageReport { basis: String::from(BASIS), rows: Vec::new(), total });
    }
    let columns = query.groups.iter().map(|group| group.sql.as_str()).collect::<Vec<_>>().join(", ");
    let places = (1..=query.groups.len()).map(|place| place.to_string()).collect::<Vec<_>>().join(", ");
    let mut statement = transaction
        .prepare(&format!("SELECT {columns}, {counts} FROM log WHERE {chosen} GROUP BY {places} ORDER BY {places}"))?;
    let keys = query.groups.iter().filter_map(|group| group.metadata_key.clone()).map(SqlValue::from);
    let values = keys.chain(query.selection.values().cloned());
    let rows = statement
        .query_map(params_from_iter(values), |counts| row(counts, &query.groups))?
        .collect::<Result<_, _>>()?;
    Ok(UsageReport { basis: String::from(BASIS), rows, total })
}

pub(super) fn counts(latency: bool) -> String {
    let answered = "FILTER (WHERE NOT cached AND NOT cancelled AND status_code IS NOT NULL)";
    let quantiles =
        |column: &str| if latency { format!("{}({column}) {answered}", latency::NAME) } else { "NULL".into() };
    let (duration, first_byte) = (quantiles("duration_us"), quantiles("first_byte_us"));
    format!("{COUNTS}, {duration} AS duration, {first_byte} AS first_byte")
}

/// What tells rows apart by the part of time that they fall into.
fn part_of_time(value: &Value) -> Result<Group, Error> {
    let span = value.as_str().and_then(|text| text.parse::<Span>().ok()).filter(|span| span.millis() >= 60_000);
    let seconds =
        span.ok_or_else(|| Error::invalid("step", "must be a span of a minute or more, such as \"5m\""))?.millis()
            / 1_000;
    let sql = format!(
        "json_quote(strftime('%Y-%m-%dT%H:%M:%SZ', created_at_us / 1000000 / {seconds} * {seconds}, 'unixepoch'))"
    );
    Ok(Group { name: String::from("at"), sql, metadata_key: None })
}

/// How many tokens the last hundred good answers of a model had on average.
pub(super) fn usual_length(connection: &Connection, provider: &str, model: &str) -> rusqlite::Result<Option<u64>> {
    let average: Option<f64> = connection.query_row(
        "SELECT avg(tokens_out) FROM (
             SELECT tokens_out FROM log
             WHERE provider = ?1 AND model = ?2 AND success AND NOT cached AND tokens_out IS NOT NULL
             ORDER BY seq DESC LIMIT 100)",
        (provider, model),
        |row| row.get(0),
    )?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are never negative")]
    Ok(average.map(|tokens| tokens.round() as u64))
}

pub(super) fn row(counts: &Row<'_>, groups: &[Group]) -> rusqlite::Result<UsageRow> {
    let number = |name| counts.get::<_, Option<i64>>(name);
    let count = |name| number(name).map(|count| count.map(i64::unsigned_abs));
    let quantiles = |name| {
        let told: Option<String> = counts.get(name)?;
        Ok::<_, rusqlite::Error>(told.and_then(|told| serde_json::from_str(&told).ok()).unwrap_or_default())
    };
    let mut group = Map::new();
    for (place, Group { name, .. }) in groups.iter().enumerate() {
        let value: String = counts.get(place)?;
        group.insert(name.clone(), serde_json::from_str(&value).unwrap_or_default());
    }
    Ok(UsageRow {
        group,
        requests: count("requests")?.unwrap_or(0),
        attempts: count("attempts")?.unwrap_or(0),
        cached: count("cached")?.unwrap_or(0),
        errors: count("errors")?.unwrap_or(0),
        cancelled: count("cancelled")?.unwrap_or(0),
        tokens_in: count("tokens_in")?,
        tokens_out: count("tokens_out")?,
        cache_read: count("cache_read")?,
        cache_write: count("cache_write")?,
        reasoning: count("reasoning")?,
        audio: count("audio")?,
        estimated: count("estimated")?.unwrap_or(0),
        cost: number("cost_nano_usd")?.map(usd),
        cost_nano_usd: number("cost_nano_usd")?,
        unpriced: count("unpriced")?.unwrap_or(0),
        saved: number("saved_nano_usd")?.map(usd),
        saved_nano_usd: number("saved_nano_usd")?,
        duration_ms: quantiles("duration")?,
        first_byte_ms: quantiles("first_byte")?,
    })
}

pub(super) fn groups(value: &Value, at: &str) -> Result<Vec<Group>, Error> {
    let names = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let at = if value.is_array() { format!("{at}[{index}]") } else { at.to_owned() };
            let name = name.as_str().ok_or_else(|| Error::invalid(&at, "must be a text such as \"model\""))?;
            group(name).ok_or_else(|| {
                unknown(&at, name, GROUPS.iter().map(|(name, _)| *name).chain(FLAGS).chain(["metadata.KEY"]))
            })
        })
        .collect()
}

fn group(name: &str) -> Option<Group> {
    if let Some(key) = name.strip_prefix(METADATA).filter(|key| !key.is_empty()) {
        let sql = "coalesce((
            SELECT iif(type IN ('true', 'false', 'null'), type, json_quote(value))
            FROM json_each(log.metadata) WHERE key = ?), 'null')";
        return Some(Group { name: name.to_owned(), sql: sql.to_owned(), metadata_key: Some(key.to_owned()) });
    }
    let sql = if FLAGS.contains(&name) {
        format!("iif({name}, 'true', 'false')")
    } else {
        format!("json_quote({})", GROUPS.iter().find(|(group, _)| *group == name)?.1)
    };
    Some(Group { name: name.to_owned(), sql, metadata_key: None })
}
