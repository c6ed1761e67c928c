//! How long calls took, as quantiles of a sketch: durations are counted in buckets, each of which is 2 % wider than the one
//! before, so that a quantile is off by 1 % at most, and a sketch of any number of calls stays small.

use std::collections::BTreeMap;

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::{Connection, Result};
use serde_json::{Value, json};

/// The ratio between the bounds of a bucket.
const GROWTH: f64 = 1.02;

/// The name of the aggregate in SQL: `quantiles(us)` gives JSON, `{"p50": …, "p95": …, "p99": …}` in milliseconds, or null
/// where nothing is known.
pub(super) const NAME: &str = "quantiles";

/// The shares that are told, and their names.
const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// Teaches `connection` the aggregate.
pub(super) fn teach(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_aggregate_function(NAME, 1, flags, Quantiles)
}

struct Quantiles;

impl Aggregate<Sketch, Option<String>> for Quantiles {
    fn init(&self, _: &mut Context<'_>) -> Result<Sketch> {
        Ok(Sketch::default())
    }

    fn step(&self, context: &mut Context<'_>, sketch: &mut Sketch) -> Result<()> {
        if let Some(us) = context.get::<Option<i64>>(0)? {
            sketch.add(us.unsigned_abs());
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sketch: Option<Sketch>) -> Result<Option<String>> {
        Ok(sketch.and_then(|sketch| sketch.told()).map(|told| told.to_string()))
    }
}

#[derive(Default)]
struct Sketch {
    buckets: BTreeMap<i32, u64>,
    calls: u64,
}

impl Sketch {
    fn add(&mut self, us: u64) {
        *self.buckets.entry(bucket(us)).or_default() += 1;
        self.calls += 1;
    }

    fn told(&self) -> Option<Value> {
        (self.calls > 0)
            .then(|| SHARES.map(|(name, share)| (name.to_owned(), json!(self.quantile_ms(share)))))
            .map(|shares| Value::Object(shares.into_iter().collect()))
    }

    /// The duration that `share` of the calls did not exceed.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    fn quantile_ms(&self, share: f64) -> f64 {
        let rank = ((self.calls as f64 * share).ceil() as u64).max(1);
        let mut passed = 0;
        let found = self.buckets.iter().find(|(_, calls)| {
            passed += **calls;
            passed >= rank
        });
        found.map_or(0.0, |(bucket, _)| middle_ms(*bucket))
    }
}

/// The bucket of a duration; everything below two microseconds is in the first.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "2,200 buckets cover all durations")]
fn bucket(us: u64) -> i32 {
    (us.max(1) as f64).log(GROWTH).floor() as i32
}

/// What stands for all durations of a bucket, to the microsecond.
fn middle_ms(bucket: i32) -> f64 {
    (GROWTH.powi(bucket) * f64::midpoint(1.0, GROWTH)).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_off_by_one_percent_at_most() {
        let mut sketch = Sketch::default();
        (1..=100_000).rev().for_each(|ms| sketch.add(ms * 1_000));
        for (share, exact_ms) in [(0.5, 50_000.0), (0.95, 95_000.0), (0.99, 99_000.0)] {
            let told_ms = sketch.quantile_ms(share);
            assert!((told_ms / exact_ms - 1.0_f64).abs() <= 0.011, "{share}: {told_ms}");
        }
        assert!(sketch.buckets.len() < 600);
    }

    #[test]
    fn of_nothing_nothing_is_told() {
        let connection = Connection::open_in_memory().unwrap();
        teach(&connection).unwrap();
        let told = |sql| connection.query_row(sql, [], |row| row.get::<_, Option<String>>(0)).unwrap();
        assert_eq!(told("SELECT quantiles(1) WHERE false"), None);
        assert_eq!(told("SELECT quantiles(NULL)"), None);
        assert_eq!(told("SELECT quantiles(0)").unwrap(), r#"{"p50":0.001,"p95":0.001,"p99":0.001}"#);
    }
}
