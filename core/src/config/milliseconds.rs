//! Durations as plain numbers: `ttl_ms = 60000` says the same as `ttl = "60s"`.

use serde_json::{Map, Value};

use crate::error::Error;

/// Every duration of the configuration: the tables it stands in, and its name. `*` stands for tables of any name.
pub(super) const SPANS: &[(&[&str], &str)] = &[
    (&["cache"], "ttl"),
    (&["cache"], "stale_while_revalidate"),
    (&["cache"], "stale_if_error"),
    (&["cache", "semantic"], "timeout"),
    (&["cache"], "redis_timeout"),
    (&["cache"], "memory_ttl"),
    (&["limits", "requests"], "per"),
    (&["limits", "requests"], "max_wait"),
    (&["limits", "tokens"], "per"),
    (&["limits", "tokens"], "max_wait"),
    (&["limits", "cost"], "per"),
    (&["limits", "cost"], "max_wait"),
    (&["limits", "concurrency"], "per"),
    (&["limits", "concurrency"], "max_wait"),
    (&["limits", "rules", "*"], "per"),
    (&["limits", "rules", "*"], "max_wait"),
    (&["limits", "quotas"], "max_wait"),
    (&["budgets", "*"], "per"),
    (&["retries"], "delay"),
    (&["timeouts"], "connect"),
    (&["timeouts"], "first_byte"),
    (&["timeouts"], "total"),
    (&["timeouts"], "between_chunks"),
    (&["hedging"], "after"),
    (&["routes", "*", "breaker"], "pause"),
    (&["routes", "*"], "first_byte"),
    (&["routes", "*"], "hedge_after"),
    (&["uploads", "*"], "batch_age"),
];

/// Replaces the `_ms` form of every duration by the one with a unit.
pub(super) fn spell_out(document: &mut Value) -> Result<(), Error> {
    SPANS.iter().try_for_each(|(tables, name)| spell_out_in(document, "", tables, name))
}

fn spell_out_in(value: &mut Value, path: &str, tables: &[&str], name: &str) -> Result<(), Error> {
    let Some(table) = value.as_object_mut() else { return Ok(()) };
    let Some((next, rest)) = tables.split_first() else { return replace(table, path, name) };
    for (key, below) in table.iter_mut().filter(|(key, _)| *next == "*" || key == next) {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        spell_out_in(below, &path, rest, name)?;
    }
    Ok(())
}

fn replace(table: &mut Map<String, Value>, path: &str, name: &str) -> Result<(), Error> {
    let plain_name = format!("{name}_ms");
    let Some(plain) = table.shift_remove(&plain_name) else { return Ok(()) };
    let refuse = |message: String| Err(Error::config(format!("{path}.{plain_name}"), message));
    if table.contains_key(name) {
        return refuse(format!("{name} and {plain_name} say the same; keep one of them"));
    }
    let Some(millis) = plain.as_u64() else {
        return refuse(format!("expected a whole number of milliseconds; with a unit it is called {name}"));
    };
    table.insert(name.to_owned(), format!("{millis}ms").into());
    Ok(())
}
