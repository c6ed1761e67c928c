//! Counts that several processes share. Each process keeps its own part of them too: where the shared ones cannot be
//! reached, nobody takes more than an equal share of the limit, by the number of processes that were there last.

#[cfg(feature = "sqlite")]
mod file;
#[cfg(feature = "redis")]
mod server;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

#[cfg(feature = "sqlite")]
pub(crate) use self::file::File;
#[cfg(feature = "redis")]
pub(crate) use self::server::Server;
use super::memory::Memory;
use super::rule::Terms;
use super::store::{Ask, Change, Full, LimitStore, Naming, Taken, Taking, Using};
use crate::held::LimitKey;
use crate::store::StoreHealth;

/// A process that has taken nothing for so long is not counted among those that share.
const PEER_US: u64 = 60_000_000;

/// A place among the calls at once whose process has died is free after this; a call that takes longer counts no more.
const PLACE_US: u64 = 15 * 60_000_000;

/// Who waits for others to give something back looks again so often: other processes call nobody.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What was answered to a call, and how many processes share the counts.
pub(crate) struct Answer {
    taken: Result<Vec<Taken>, Full>,
    peers: u64,
}

/// A place outside of the process.
pub(crate) trait Outside: Send + Sync {
    /// As [`LimitStore::take`], or `None` where the place does not answer.
    fn take(&self, asks: &[Ask], now_us: u64) -> impl Future<Output = Option<Answer>> + Send;

    /// As [`LimitStore::settle`]; nobody waits for it.
    fn settle(&self, changes: Vec<Change>, now_us: u64);

    /// As [`LimitStore::used`], or `None` where the place does not answer.
    fn used(&self, keys: &[(usize, LimitKey)], now_us: u64) -> impl Future<Output = Option<Vec<u64>>> + Send;

    /// As [`LimitStore::name`].
    fn name(&self, key: LimitKey, whose: String, until_us: u64);

    /// As [`LimitStore::named`], or `None` where the place does not answer.
    fn named(&self, now_us: u64) -> impl Future<Output = Option<Vec<(LimitKey, String)>>> + Send;

    fn health(&self) -> StoreHealth;

    /// Lets go of what must not be carried through a fork, within `budget`.
    fn release(&self, _budget: Duration) -> bool {
        true
    }

    /// Does what is still to be done, within `budget`.
    fn close(&self, _budget: Duration) {}
}

/// Counts outside of the process, and this process's part of them.
pub(crate) struct Shared<O> {
    outside: O,
    own: Memory,
    peers: AtomicU64,
}

impl<O: Outside> Shared<O> {
    pub(crate) fn new(outside: O, terms: impl Iterator<Item = Terms>) -> Self {
        Self { outside, own: Memory::new(terms), peers: AtomicU64::new(1) }
    }
}

impl<O: Outside> LimitStore for Shared<O> {
    fn take<'a>(&'a self, asks: &'a [Ask], now_us: u64) -> Taking<'a> {
        Box::pin(async move {
            let Some(answer) = self.outside.take(asks, now_us).await else {
                return self.own.take_share(asks, self.peers.load(Relaxed), now_us);
            };
            self.peers.store(answer.peers.max(1), Relaxed);
            if let Ok(taken) = &answer.taken {
                let own: Vec<_> = asks.iter().map(|ask| Ask { observed: true, ..*ask }).collect();
                // The shared place may have a clock of its own; what is given back later names its time.
                let at_us = taken.first().map_or(now_us, |taken| taken.at_us);
                let _ = self.own.take_now(&own, at_us);
            }
            answer.taken
        })
    }

    fn settle(&self, changes: Vec<Change>, now_us: u64) {
        self.own.settle_now(&changes, now_us);
        self.outside.settle(changes, now_us);
    }

    fn used<'a>(&'a self, keys: &'a [(usize, LimitKey)], now_us: u64) -> Using<'a> {
        Box::pin(async move {
            let shared = self.outside.used(keys, now_us).await;
            shared.unwrap_or_else(|| self.own.used_now(keys, now_us))
        })
    }

    fn name(&self, key: LimitKey, whose: String, until_us: u64) {
        self.outside.name(key, whose, until_us);
    }

    fn named(&self, now_us: u64) -> Naming<'_> {
        Box::pin(async move { self.outside.named(now_us).await.unwrap_or_default() })
    }

    fn look_again(&self) -> Option<Duration> {
        Some(LOOK_AGAIN)
    }

    fn health(&self) -> Option<StoreHealth> {
        Some(self.outside.health())
    }

    fn release(&self, budget: Duration) -> bool {
        self.outside.release(budget)
    }

    fn close(&self, budget: Duration) {
        self.outside.close(budget);
    }
}

#[cfg(all(test, feature = "testing", feature = "redis", feature = "sqlite"))]
mod tests;
