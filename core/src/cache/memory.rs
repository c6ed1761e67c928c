//! The cache of one process: moka, bounded in bytes.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::purge::{Filter, PurgeReport};
use super::store::{Asked, Extent, Found, Now, Stored};
use crate::exchange::CacheKey;

/// Answers in memory. moka holds the bound; the time of each entry is ours, so that a manual clock can turn it.
pub(crate) struct Memory {
    entries: Cache<CacheKey, Timed>,
    max_bytes: u64,
}

#[derive(Clone)]
struct Timed {
    stored: Arc<Stored>,
    /// When it was stored (monotonic). Of an answer that is older than this process's clock it is before its zero.
    since_us: i64,
    /// When it came here (monotonic).
    here_us: u64,
}

impl Timed {
    fn age(&self, now: Now) -> Duration {
        let age_us = now.monotonic_us.cast_signed().saturating_sub(self.since_us);
        Duration::from_micros(age_us.max(0).unsigned_abs())
    }
}

impl Memory {
    /// A cache of at most `max_bytes`.
    pub(crate) fn new(max_bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, timed: &Timed| u32::try_from(timed.stored.weight()).unwrap_or(u32::MAX))
            .build();
        Self { entries, max_bytes }
    }

    /// What is kept under `key`, unless its time is over, and for how long it has been here.
    pub(crate) fn peek(&self, key: &CacheKey, now: Now) -> Option<(Found, Duration)> {
        let timed = self.entries.get(key)?;
        let age = timed.age(now);
        if age < timed.stored.keep {
            let here = Duration::from_micros(now.monotonic_us.saturating_sub(timed.here_us));
            return Some((Found { stored: timed.stored, age }, here));
        }
        self.entries.invalidate(key);
        None
    }

    /// Keeps `stored` from now on.
    pub(crate) fn put(&self, key: CacheKey, stored: Arc<Stored>, now: Now) {
        // Of an answer that came from elsewhere a part of the time is over.
        let age_us = u64::try_from(stored.age(now).as_micros()).unwrap_or(u64::MAX);
        let since_us = now.monotonic_us.cast_signed().saturating_sub(i64::try_from(age_us).unwrap_or(i64::MAX));
        self.entries.insert(key, Timed { stored, since_us, here_us: now.monotonic_us });
    }

    pub(crate) fn remove(&self, key: &CacheKey) {
        self.entries.invalidate(key);
    }

    /// Takes away what `filter` means.
    pub(crate) fn purge(&self, filter: &Filter) -> PurgeReport {
        let mut report = PurgeReport::default();
        for (key, timed) in &self.entries {
            if filter.meets(&timed.stored.asked, timed.stored.at_us) && self.entries.remove(&*key).is_some() {
                report.entries += 1;
                report.bytes += timed.stored.weight() as u64;
            }
        }
        report
    }

    /// By what the newest answers were asked for, and when they were stored (wall clock); at most `count` of them.
    pub(crate) fn newest(&self, filter: &Filter, count: usize, now: Now) -> Vec<(Arc<Asked>, u64)> {
        let is_meant =
            |timed: &Timed| filter.meets(&timed.stored.asked, timed.stored.at_us) && timed.age(now) < timed.stored.keep;
        let meant = self.entries.iter().map(|(_, timed)| timed).filter(is_meant);
        let mut newest: Vec<_> = meant.map(|timed| (timed.stored.asked.clone(), timed.stored.at_us)).collect();
        newest.sort_by_key(|(_, at_us)| std::cmp::Reverse(*at_us));
        newest.truncate(count);
        newest
    }

    /// How much there is, and may be.
    pub(crate) fn extent(&self) -> (Extent, u64) {
        self.entries.run_pending_tasks();
        let extent = Extent { entries: self.entries.entry_count(), bytes: self.entries.weighted_size() };
        (extent, self.max_bytes)
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

    fn stored(bytes: usize, keep_us: u64, now: Now) -> Arc<Stored> {
        let body = Kept::Whole(vec![b'x'; bytes].into());
        let entry = Entry { status: StatusCode::OK, headers: HeaderMap::new(), body, model_served: None, cost: None };
        let keep = Duration::from_micros(keep_us);
        Arc::new(Stored { entry, asked: Arc::default(), at_us: now.wall_us, ttl: keep / 2, keep })
    }

    #[test]
    fn an_entry_lives_exactly_its_time() {
        let cache = Memory::new(1 << 20);
        cache.put([1; 32], stored(10, 100, at(1_000)), at(1_000));
        assert!(cache.peek(&[1; 32], at(1_049)).is_some_and(|(found, _)| found.age < found.stored.ttl));
        assert!(cache.peek(&[1; 32], at(1_099)).is_some_and(|(found, _)| found.age >= found.stored.ttl));
        assert!(cache.peek(&[1; 32], at(1_100)).is_none());
        assert!(cache.peek(&[1; 32], at(1_000)).is_none(), "what was over its time does not come back");
    }

    #[test]
    fn what_comes_from_elsewhere_has_its_age() {
        let cache = Memory::new(1 << 20);
        cache.put([1; 32], stored(10, 100, at(1_000)), at(1_080));
        assert_eq!(cache.peek(&[1; 32], at(1_090)).map(|(found, _)| found.age), Some(Duration::from_micros(90)));
        assert!(cache.peek(&[1; 32], at(1_100)).is_none());
    }

    #[test]
    fn the_bounds_hold() {
        let cache = Memory::new(10_000);
        for number in 1..=100 {
            cache.put([number; 32], stored(1_000, 1_000, at(0)), at(0));
        }
        let (extent, max_bytes) = cache.extent();
        assert!(extent.bytes <= max_bytes && extent.entries > 0, "{extent:?}");
    }
}
