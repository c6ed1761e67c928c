//! Durations as plain numbers: `ttl_ms = 60000` says the same as `ttl = "60s"`.

use serde_json::Value;

use crate::error::Error;

/// Every duration of the configuration: the tables it stands in, and its name.
pub(super) const SPANS: [(&[&str], &str); 7] = [
    (&["cache"], "ttl"),
    (&["limits", "requests"], "per"),
    (&["retries"], "delay"),
    (&["timeouts"], "connect"),
    (&["timeouts"], "first_byte"),
    (&["timeouts"], "total"),
    (&["timeouts"], "between_chunks"),
];

/// Replaces the `_ms` form of every duration by the one with a unit.
pub(super) fn spell_out(document: &mut Value) -> Result<(), Error> {
    for (tables, name) in SPANS {
        let mut place = Some(&mut *document);
        for table in tables {
            place = place.and_then(|value| value.get_mut(table));
        }
        let Some(table) = place.and_then(Value::as_object_mut) else { continue };
        let plain_name = format!("{name}_ms");
        let Some(plain) = table.shift_remove(&plain_name) else { continue };
        let refuse = |message: String| Err(Error::config(format!("{}.{plain_name}", tables.join(".")), message));
        if table.contains_key(name) {
            return refuse(format!("{name} and {plain_name} say the same; keep one of them"));
        }
        let Some(millis) = plain.as_u64() else {
            return refuse(format!("expected a whole number of milliseconds; with a unit it is called {name}"));
        };
        table.insert(name.to_owned(), format!("{millis}ms").into());
    }
    Ok(())
}
