//! How often, or for how much, calls pass an element of a graph: by a key, in a window of time. Kept in memory, bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More keys than this share what is left: the oldest windows are forgotten first.
const MAX_KEYS: usize = 10_000;

/// A bound on calls, or on what they cost.
#[derive(Debug)]
pub(crate) struct Rate {
    /// Calls, or nano-dollars.
    pub(super) limit: u64,
    pub(super) is_cost: bool,
    pub(super) window_us: u64,
    pub(super) sliding: bool,
    counts: Mutex<HashMap<u64, Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    window: u64,
    now: u64,
    before: u64,
}

impl Rate {
    pub(super) fn new(limit: u64, is_cost: bool, window_us: u64, sliding: bool) -> Self {
        Self { limit, is_cost, window_us: window_us.max(1), sliding, counts: Mutex::default() }
    }

    /// Whether one more call passes; if so it is counted. What it costs is known later: see [`charge`](Self::charge).
    pub(super) fn admits(&self, key: u64, now_us: u64) -> bool {
        self.with(key, now_us, |count, part_before| {
            let used = count.now.saturating_add(part_before);
            let admits = used < self.limit;
            count.now += u64::from(admits && !self.is_cost);
            admits
        })
    }

    /// Adds what a call has cost.
    pub(super) fn charge(&self, key: u64, nano_usd: u64, now_us: u64) {
        if self.is_cost {
            self.with(key, now_us, |count, _| count.now = count.now.saturating_add(nano_usd));
        }
    }

    fn with<T>(&self, key: u64, now_us: u64, act: impl FnOnce(&mut Count, u64) -> T) -> T {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let window = now_us / self.window_us;
        if counts.len() >= MAX_KEYS && !counts.contains_key(&key) {
            counts.retain(|_, count| count.window + 1 >= window);
            make_room(&mut counts);
        }
        let count = counts.entry(key).or_insert(Count { window, now: 0, before: 0 });
        if count.window != window {
            // A clock that was set back begins anew too.
            let before = if count.window + 1 == window { count.now } else { 0 };
            *count = Count { window, now: 0, before };
        }
        // The part of the window before that is still within reach, as if its calls had come evenly.
        let left = u128::from(self.window_us - now_us % self.window_us);
        let part = if self.sliding { u128::from(count.before) * left / u128::from(self.window_us) } else { 0 };
        act(count, u64::try_from(part).unwrap_or(u64::MAX))
    }
}

/// Forgets the oldest keys of a full table: many at once, so that the next ones need not look through it again.
fn make_room(counts: &mut HashMap<u64, Count>) {
    if counts.len() < MAX_KEYS {
        return;
    }
    let mut ages: Vec<_> = counts.iter().map(|(key, count)| (count.window, *key)).collect();
    let (oldest, ..) = ages.select_nth_unstable(MAX_KEYS / 8);
    for (_, key) in oldest {
        counts.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000;

    fn passed(rate: &Rate, key: u64, now_us: u64) -> usize {
        (0..100).filter(|_| rate.admits(key, now_us)).count()
    }

    #[test]
    fn windows_follow_each_other_or_slide() {
        let (fixed, sliding) = (Rate::new(10, false, MINUTE, false), Rate::new(10, false, MINUTE, true));
        for rate in [&fixed, &sliding] {
            assert_eq!([passed(rate, 1, 0), passed(rate, 1, MINUTE - 1), passed(rate, 2, 0)], [10, 0, 10]);
        }
        assert_eq!((passed(&fixed, 1, MINUTE), passed(&sliding, 1, MINUTE + MINUTE / 2)), (10, 5));
        assert_eq!(passed(&sliding, 1, 9 * MINUTE), 10);
        assert_eq!(passed(&fixed, 1, 0), 10, "the clock was set back");
    }

    #[test]
    fn money_counts_when_it_is_spent() {
        let rate = Rate::new(100, true, MINUTE, false);
        assert_eq!(passed(&rate, 1, 0), 100);
        rate.charge(1, 99, 0);
        assert!(rate.admits(1, 0));
        rate.charge(1, 1, 0);
        assert!(!rate.admits(1, 0) && rate.admits(2, 0) && rate.admits(1, MINUTE));
    }

    #[test]
    fn keys_are_bounded() {
        let rate = Rate::new(1, false, MINUTE, false);
        (0..100_000).for_each(|key| _ = rate.admits(key, key));
        assert!(rate.counts.lock().unwrap().len() <= MAX_KEYS);
    }
}
