//! Prices what was logged once more, after a price was mended.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, Row, TransactionBehavior, params, params_from_iter};
use serde::Serialize;
use serde_json::Value;

use super::entry::usd;
use super::filter::{Selection, unknown};
use crate::error::Error;
use crate::usage::{NanoUsd, Usage, UsageDetails, UsageSource};

/// How many logs are held in memory at a time.
const PAGE: usize = 1_000;

/// Which logs are priced once more.
#[derive(Clone, Debug, Default)]
pub struct RecostQuery {
    selection: Selection,
}

/// What a logged call is priced by.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) model_served: Option<String>,
    pub(crate) created_at_us: u64,
    pub(crate) usage: Usage,
}

/// What a call costs now, and the price that it comes from.
pub(crate) type Again = (NanoUsd, Option<String>);

/// What came of it. Answers from the cache, failed calls and the caller's own prices are left as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recosted {
    /// Calls that were looked at.
    pub requests: u64,
    /// Those whose cost is another one now.
    pub changed: u64,
    /// Those for which there is no price now: they keep the cost that they have.
    pub unpriced: u64,
    /// US dollars before, of those that were looked at.
    pub cost_before: f64,
    /// The same, exact: in billionths of a dollar.
    pub cost_before_nano_usd: NanoUsd,
    /// US dollars now.
    pub cost_after: f64,
    /// The same, exact: in billionths of a dollar.
    pub cost_after_nano_usd: NanoUsd,
    /// By how much that is more, in US dollars.
    pub difference: f64,
    /// The same, exact: in billionths of a dollar.
    pub difference_nano_usd: NanoUsd,
}

impl RecostQuery {
    /// Reads a query: `filters`, `since`, `until`, `metadata` and the filter keys select as in
    /// [`LogQuery::from_json`](super::query::LogQuery::from_json); nothing selects all.
    ///
    /// # Errors
    /// `InvalidRequest`, with the field and the nearest name that is known.
    pub fn from_json(query: &Value, now_us: u64) -> Result<Self, Error> {
        let fields = query
            .as_object()
            .ok_or_else(|| Error::invalid("query", "must be an object such as {\"since\": \"2026-11-01\"}"))?;
        let mut query = Self::default();
        for (name, value) in fields {
            if !query.selection.take(name, value, now_us)? {
                return Err(unknown(name, name, Selection::names()));
            }
        }
        Ok(query)
    }
}

/// All of it in one transaction, or nothing. `price` gives the cost of a call and what it comes from.
pub(super) fn recost(
    connection: &mut Connection,
    query: &RecostQuery,
    price: &dyn Fn(&Past) -> Option<Again>,
) -> rusqlite::Result<Recosted> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut told = Recosted::default();
    {
        let mut select = transaction.prepare(&format!(
            "SELECT * FROM log WHERE {} AND NOT cached AND NOT custom_cost AND status_code < 400 AND seq > ?
             ORDER BY seq LIMIT {PAGE}",
            query.selection.sql()
        ))?;
        let mut update =
            transaction.prepare("UPDATE log SET rev = rev + 1, cost_nano_usd = ?2, priced_by = ?3 WHERE seq = ?1")?;
        let mut last = 0_i64;
        loop {
            let values = query.selection.values().cloned().chain([SqlValue::from(last)]);
            let page = select.query_map(params_from_iter(values), past)?.collect::<rusqlite::Result<Vec<_>>>()?;
            let Some((seq, ..)) = page.last() else { break };
            last = *seq;
            for (seq, cost, past) in page {
                let new = price(&past);
                told.count(cost, new.as_ref().map(|(cost, _)| *cost));
                if let Some((cost, by)) = new {
                    update.execute(params![seq, cost, by])?;
                }
            }
        }
    }
    transaction.commit()?;
    told.cost_before = usd(told.cost_before_nano_usd);
    told.cost_after = usd(told.cost_after_nano_usd);
    told.difference_nano_usd = told.cost_after_nano_usd.saturating_sub(told.cost_before_nano_usd);
    told.difference = usd(told.difference_nano_usd);
    Ok(told)
}

impl Recosted {
    fn count(&mut self, before: Option<NanoUsd>, new: Option<NanoUsd>) {
        let after = new.or(before);
        self.requests += 1;
        self.changed += u64::from(after != before);
        self.unpriced += u64::from(new.is_none());
        self.cost_before_nano_usd = self.cost_before_nano_usd.saturating_add(before.unwrap_or(0));
        self.cost_after_nano_usd = self.cost_after_nano_usd.saturating_add(after.unwrap_or(0));
    }
}

fn past(row: &Row<'_>) -> rusqlite::Result<(i64, Option<NanoUsd>, Past)> {
    let count = |name| row.get::<_, Option<i64>>(name).map(|count| count.map(i64::unsigned_abs));
    let details: String = row.get("usage_details")?;
    let usage = Usage {
        source: UsageSource::Reported,
        tokens_in: count("tokens_in")?,
        tokens_out: count("tokens_out")?,
        cache_read: count("cache_read")?,
        cache_write: count("cache_write")?,
        reasoning: count("reasoning")?,
        audio: count("audio")?,
        details: serde_json::from_str::<UsageDetails>(&details).ok().map(Box::new),
    };
    let past = Past {
        provider: row.get("provider")?,
        model: row.get("model")?,
        model_served: row.get("model_served")?,
        created_at_us: row.get::<_, i64>("created_at_us")?.unsigned_abs(),
        usage,
    };
    Ok((row.get("seq")?, row.get("cost_nano_usd")?, past))
}
