//! The cache of one process: moka, bounded in bytes.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::store::{CacheStore, Found, Now, Stored};
use crate::exchange::CacheKey;

/// Answers in memory. moka holds the bound; the time of each entry is ours, so that a manual clock can turn it.
pub(crate) struct Memory {
    entries: Cache<CacheKey, Timed>,
    max_entry_bytes: u64,
}

#[derive(Clone)]
struct Timed {
    stored: Arc<Stored>,
    /// When it was stored (monotonic). Of an answer that is older than this process's clock it is before its zero.
    since_us: i64,
}

impl Memory {
    /// A cache of at most `max_bytes`, no answer larger than `max_entry_bytes`.
    pub(crate) fn new(max_bytes: u64, max_entry_bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, timed: &Timed| u32::try_from(timed.stored.weight()).unwrap_or(u32::MAX))
            .build();
        Self { entries, max_entry_bytes }
    }

    /// As [`get`](CacheStore::get), at once.
    pub(crate) fn peek(&self, key: &CacheKey, now: Now) -> Option<Found> {
        let timed = self.entries.get(key)?;
        let age_us = now.monotonic_us.cast_signed().saturating_sub(timed.since_us);
        let age = Duration::from_micros(age_us.max(0).unsigned_abs());
        if age < timed.stored.keep {
            return Some(Found { stored: Stored::clone(&timed.stored), age });
        }
        self.entries.invalidate(key);
        None
    }
}

impl CacheStore for Memory {
    async fn get(&self, key: &CacheKey, now: Now) -> Option<Found> {
        self.peek(key, now)
    }

    fn put(&self, key: CacheKey, stored: Stored, now: Now) {
        if stored.entry.body.len() as u64 > self.max_entry_bytes {
            return;
        }
        // Of an answer that came from elsewhere a part of the time is over. The wall clock may have gone back since.
        let age_us = now.wall_us.saturating_sub(stored.at_us);
        let since_us = now.monotonic_us.cast_signed().saturating_sub(age_us.cast_signed());
        self.entries.insert(key, Timed { stored: Arc::new(stored), since_us });
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::super::{Entry, Kept};
    use super::*;

    fn at(us: u64) -> Now {
        Now { monotonic_us: us, wall_us: 1_000_000 + us }
    }

    fn stored(bytes: usize, keep_us: u64, now: Now) -> Stored {
        let body = Kept::Whole(vec![b'x'; bytes].into());
        let entry = Entry { status: StatusCode::OK, headers: HeaderMap::new(), body, model_served: None, cost: None };
        let keep = Duration::from_micros(keep_us);
        Stored { entry, asked: Arc::default(), at_us: now.wall_us, ttl: keep / 2, keep }
    }

    #[test]
    fn an_entry_lives_exactly_its_time() {
        let cache = Memory::new(1 << 20, 1 << 20);
        cache.put([1; 32], stored(10, 100, at(1_000)), at(1_000));
        assert!(cache.peek(&[1; 32], at(1_049)).is_some_and(|found| found.age < found.stored.ttl));
        assert!(cache.peek(&[1; 32], at(1_099)).is_some_and(|found| found.age >= found.stored.ttl));
        assert!(cache.peek(&[1; 32], at(1_100)).is_none());
        assert!(cache.peek(&[1; 32], at(1_000)).is_none(), "what was over its time does not come back");
    }

    #[test]
    fn what_comes_from_elsewhere_has_its_age() {
        let cache = Memory::new(1 << 20, 1 << 20);
        cache.put([1; 32], stored(10, 100, at(1_000)), at(1_080));
        assert_eq!(cache.peek(&[1; 32], at(1_090)).map(|found| found.age), Some(Duration::from_micros(90)));
        assert!(cache.peek(&[1; 32], at(1_100)).is_none());
    }

    #[test]
    fn the_bounds_hold() {
        let cache = Memory::new(10_000, 2_000);
        cache.put([0; 32], stored(2_001, 1_000, at(0)), at(0));
        assert!(cache.peek(&[0; 32], at(0)).is_none(), "larger than one entry may be");
        for number in 1..=100 {
            cache.put([number; 32], stored(1_000, 1_000, at(0)), at(0));
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= 10_000);
        assert!(cache.entries.entry_count() > 0);
    }
}
