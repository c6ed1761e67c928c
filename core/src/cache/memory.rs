//! The cache of one process: moka, bounded in bytes.

use std::time::Duration;

use moka::sync::Cache;

use super::{CacheStore, Entry};
use crate::exchange::CacheKey;

/// Answers in memory. moka holds the bound; the time of each entry is ours, so that a manual clock can turn it.
pub(crate) struct Memory {
    entries: Cache<CacheKey, Timed>,
    max_entry_bytes: u64,
}

#[derive(Clone)]
struct Timed {
    entry: Entry,
    expires_us: u64,
}

impl Memory {
    /// A cache of at most `max_bytes`, no answer larger than `max_entry_bytes`.
    pub(crate) fn new(max_bytes: u64, max_entry_bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, timed: &Timed| u32::try_from(timed.entry.weight()).unwrap_or(u32::MAX))
            .build();
        Self { entries, max_entry_bytes }
    }
}

impl CacheStore for Memory {
    fn get(&self, key: &CacheKey, now_us: u64) -> Option<Entry> {
        let timed = self.entries.get(key)?;
        if now_us < timed.expires_us {
            return Some(timed.entry);
        }
        self.entries.invalidate(key);
        None
    }

    fn put(&self, key: CacheKey, entry: Entry, ttl: Duration, now_us: u64) {
        if entry.body.len() as u64 > self.max_entry_bytes {
            return;
        }
        let ttl_us = u64::try_from(ttl.as_micros()).unwrap_or(u64::MAX);
        self.entries.insert(key, Timed { entry, expires_us: now_us.saturating_add(ttl_us) });
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::super::Kept;
    use super::*;

    fn entry(bytes: usize) -> Entry {
        let body = Kept::Whole(vec![b'x'; bytes].into());
        Entry { status: StatusCode::OK, headers: HeaderMap::new(), body, model_served: None, cost: None }
    }

    #[test]
    fn an_entry_lives_exactly_its_time() {
        let cache = Memory::new(1 << 20, 1 << 20);
        cache.put([1; 32], entry(10), Duration::from_micros(100), 1_000);
        assert!(cache.get(&[1; 32], 1_099).is_some());
        assert!(cache.get(&[1; 32], 1_100).is_none());
        assert!(cache.get(&[1; 32], 1_000).is_none(), "what was over its time does not come back");
    }

    #[test]
    fn the_bounds_hold() {
        let cache = Memory::new(10_000, 2_000);
        cache.put([0; 32], entry(2_001), Duration::from_secs(1), 0);
        assert!(cache.get(&[0; 32], 0).is_none(), "larger than one entry may be");
        for number in 1..=100 {
            cache.put([number; 32], entry(1_000), Duration::from_secs(1), 0);
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= 10_000);
        assert!(cache.entries.entry_count() > 0);
    }
}
