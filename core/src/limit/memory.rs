//! The counts of one process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rule::Terms;
use super::store::{Ask, Change, Full, LimitStore, Taken, Taking, Using};
use super::window::{Room, Window};
use crate::held::LimitKey;

/// As many parts as keep growing short: a part that grows holds up only its own keys.
const SHARDS: usize = 32;

/// Counts in memory, exact under any number of threads.
pub(crate) struct Memory {
    rules: Vec<Counts>,
}

/// The counts of one rule.
struct Counts {
    terms: Terms,
    shards: [Mutex<HashMap<LimitKey, Window>>; SHARDS],
}

impl Memory {
    /// Counts for rules of these terms.
    pub(crate) fn new(terms: impl Iterator<Item = Terms>) -> Self {
        let counts = |terms| Counts { terms, shards: std::array::from_fn(|_| Mutex::default()) };
        Self { rules: terms.map(counts).collect() }
    }

    pub(super) fn take_now(&self, asks: &[Ask], now_us: u64) -> Result<Vec<Taken>, Full> {
        self.take_share(asks, 1, now_us)
    }

    /// Takes no more than one of `shares` equal shares of each limit, but never less than one.
    pub(super) fn take_share(&self, asks: &[Ask], shares: u64, now_us: u64) -> Result<Vec<Taken>, Full> {
        // A call asks each rule once and in the rules' order, so two calls never wait for each other's locks.
        let mut locked: Vec<_> = asks.iter().map(|ask| self.rules[ask.rule].shard(ask.key)).collect();
        for (which, (ask, shard)) in asks.iter().zip(&mut locked).enumerate() {
            let terms = &ask.terms(&self.rules[ask.rule].terms).share(shares);
            let room = shard.get_mut(&ask.key).map_or(Room::Now, |window| window.room(terms, ask.amount, now_us));
            let room = if ask.amount > terms.limit { Room::Never } else { room };
            if room != Room::Now && !ask.observed {
                let used = shard.get(&ask.key).map_or(0, Window::total);
                return Err(Full { which, room, used });
            }
        }
        let taken = asks.iter().zip(&mut locked).map(|(ask, shard)| {
            let terms = &ask.terms(&self.rules[ask.rule].terms).share(shares);
            if !shard.contains_key(&ask.key) {
                make_room(shard, terms, now_us);
            }
            let window = shard.entry(ask.key).or_default();
            let over = window.room(terms, ask.amount, now_us) != Room::Now;
            window.add(terms, ask.amount, now_us);
            Taken { used: window.total(), reset_us: window.reset_us(terms, now_us), over, at_us: now_us }
        });
        Ok(taken.collect())
    }

    pub(super) fn used_now(&self, keys: &[(usize, LimitKey)], now_us: u64) -> Vec<u64> {
        let used = |(rule, key): &(usize, LimitKey)| {
            let counts = &self.rules[*rule];
            counts.shard(*key).get_mut(key).map_or(0, |window| window.total_at(&counts.terms, now_us))
        };
        keys.iter().map(used).collect()
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.rules
            .iter()
            .flat_map(|counts| &counts.shards)
            .map(|shard| shard.lock().expect("no test panics").len())
            .sum()
    }

    pub(super) fn settle_now(&self, changes: &[Change], now_us: u64) {
        for change in changes {
            let counts = &self.rules[change.rule];
            let mut shard = counts.shard(change.key);
            let Some(window) = shard.get_mut(&change.key) else { continue };
            change.apply(window, &counts.terms, now_us);
        }
    }
}

impl Counts {
    fn shard(&self, key: LimitKey) -> MutexGuard<'_, HashMap<LimitKey, Window>> {
        self.shards[usize::from(key[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Before it grows, a part lets go of the keys that count nothing any more. It grows where that was less than a half, so
/// that this is paid for by the keys that came since.
fn make_room(shard: &mut HashMap<LimitKey, Window>, terms: &Terms, now_us: u64) {
    if shard.len() < shard.capacity() || shard.is_empty() {
        return;
    }
    shard.retain(|_, window| !window.is_idle(terms, now_us));
    if shard.len() > shard.capacity() / 2 {
        shard.reserve(shard.capacity());
    }
}

impl LimitStore for Memory {
    fn take<'a>(&'a self, asks: &'a [Ask], now_us: u64) -> Taking<'a> {
        Box::pin(std::future::ready(self.take_now(asks, now_us)))
    }

    fn settle(&self, changes: Vec<Change>, now_us: u64) {
        self.settle_now(&changes, now_us);
    }

    fn used<'a>(&'a self, keys: &'a [(usize, LimitKey)], now_us: u64) -> Using<'a> {
        Box::pin(std::future::ready(self.used_now(keys, now_us)))
    }
}
