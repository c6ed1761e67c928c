//! The kept answers of a gateway: in memory, and in the place outside that processes share, if there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::lease::Lease;
use super::memory::Memory;
use super::purge::{Filter, PurgeReport};
use super::stats::{CacheStats, Counts, StoreStats};
use super::store::{Asked, Extent, Found, Leased, Now, Outside, Stored};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::exchange::CacheKey;
use crate::store::{Background, StoreHealth};

/// Who waits for another process looks again after this, and then more and more rarely.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// So many other processes may end without an answer before nobody is waited for any more.
const MAX_FAILED: usize = 2;

/// All stores of a gateway. What is in memory is given at once; only what is not there is waited for.
pub(crate) struct Answers {
    memory: Memory,
    outside: Option<Arc<dyn Outside>>,
    /// How long memory is believed where others can change what is outside.
    memory_ttl: Duration,
    max_entry_bytes: u64,
    stored: AtomicU64,
    too_large: AtomicU64,
    in_memory: Counts,
    in_outside: Counts,
}

/// What has become of a wish to call the provider.
pub(crate) enum Call {
    /// Another process has done it.
    Answered(Found),
    /// It may be called; others wait as long as there is a lease.
    Ours(Option<Lease>),
}

impl Answers {
    /// The stores that a configuration names.
    pub(crate) fn new(config: &Config, background: &Arc<Background>) -> Self {
        let cache = &config.cache;
        Self {
            memory: Memory::new(cache.max_bytes.bytes()),
            outside: outside(config, background),
            memory_ttl: cache.memory_ttl.duration(),
            max_entry_bytes: cache.max_entry_bytes.bytes(),
            stored: AtomicU64::new(0),
            too_large: AtomicU64::new(0),
            in_memory: Counts::default(),
            in_outside: Counts::default(),
        }
    }

    /// What memory holds and may give, without waiting.
    pub(crate) fn peek(&self, key: &CacheKey, now: Now) -> Option<Found> {
        let (found, since) = self.memory.peek(key, now)?;
        (self.outside.is_none() || since < self.memory_ttl).then_some(found)
    }

    /// What is kept under `key`, fresh or stale.
    pub(crate) async fn get(&self, key: &CacheKey, now: Now) -> Option<Found> {
        let here = self.peek(key, now);
        self.in_memory.count(here.as_ref());
        match &self.outside {
            Some(outside) if here.is_none() => self.get_outside(outside.as_ref(), key, now).await,
            _ => here,
        }
    }

    async fn get_outside(&self, outside: &dyn Outside, key: &CacheKey, now: Now) -> Option<Found> {
        let Some(answered) = outside.get(*key, now).await else {
            // It is down: what this process still has is better than nothing.
            return self.memory.peek(key, now).map(|(found, _)| found);
        };
        let found = answered.map(|stored| self.take_over(key, stored, now));
        self.in_outside.count(found.as_ref());
        if found.is_none() {
            // Somebody has taken it away.
            self.memory.remove(key);
        }
        found
    }

    fn take_over(&self, key: &CacheKey, stored: Arc<Stored>, now: Now) -> Found {
        let age = stored.age(now);
        self.memory.put(*key, stored.clone(), now);
        Found { stored, age }
    }

    /// Keeps an answer. Nobody waits for it.
    pub(crate) fn put(&self, key: CacheKey, stored: Stored, now: Now) {
        if stored.entry.body.len() as u64 > self.max_entry_bytes {
            self.too_large.fetch_add(1, Relaxed);
            return;
        }
        self.stored.fetch_add(1, Relaxed);
        let stored = Arc::new(stored);
        self.memory.put(key, stored.clone(), now);
        if let Some(outside) = &self.outside {
            outside.put(key, stored, now);
        }
    }

    /// Waits until this process may call the provider for `key`, or another one has an answer.
    pub(crate) async fn call(&self, key: CacheKey, clock: &dyn Clock, now: impl Fn() -> Now) -> Call {
        let Some(outside) = &self.outside else { return Call::Ours(None) };
        let mut lease = Lease::new(outside.clone(), key);
        let (mut pause, mut others) = (FIRST_PAUSE, Vec::new());
        loop {
            match lease.ask(now()).await {
                None => return Call::Ours(None),
                Some(Leased::Ours) => return Call::Ours(Some(lease)),
                Some(Leased::Found(stored)) => {
                    let found = self.take_over(&key, stored, now());
                    self.in_outside.count(Some(&found));
                    return Call::Answered(found);
                }
                Some(Leased::Theirs(other)) => {
                    if !others.contains(&other) {
                        others.push(other);
                    }
                    if others.len() > MAX_FAILED {
                        return Call::Ours(None);
                    }
                }
            }
            clock.sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// By what the newest answers that `filter` means were asked for, and when they were stored (wall clock); about `count`.
    pub(crate) async fn newest(&self, filter: Filter, count: usize, now: Now) -> Vec<(Arc<Asked>, u64)> {
        let here = self.memory.newest(&filter, count, now);
        let Some(outside) = &self.outside else { return here };
        match outside.newest(filter, count, now).await {
            Some(found) => found.into_iter().map(|(asked, at_us)| (Arc::new(asked), at_us)).collect(),
            None => here,
        }
    }

    /// Takes away what `filter` means, in all stores.
    ///
    /// # Errors
    /// `Storage` where the place outside does not answer; what it holds is given until its time is over.
    pub(crate) async fn purge(&self, filter: Filter) -> Result<PurgeReport, Error> {
        let here = self.memory.purge(&filter);
        let Some(outside) = &self.outside else { return Ok(here) };
        outside.purge(filter).await.ok_or_else(|| {
            let reason = outside.health().degraded.unwrap_or_else(|| "it took too long".to_owned());
            let message = format!("not all was purged from the shared cache ({reason}); purge again when health() has no `degraded` for it");
            Error::new(ErrorKind::Storage, message)
        })
    }

    /// What is kept, and what was asked for.
    pub(crate) async fn stats(&self, now: Now) -> CacheStats {
        let (memory, max_bytes) = self.memory.extent();
        let mut stores = vec![StoreStats::new("memory", Some(memory), Some(max_bytes), &self.in_memory, 0)];
        let mut misses = self.in_memory.misses();
        if let Some(outside) = &self.outside {
            let extent: Option<Extent> = outside.extent(now).await;
            let errors = outside.health().failures;
            misses = misses.saturating_sub(self.in_outside.hits());
            stores.push(StoreStats::new(outside.name(), extent, outside.max_bytes(), &self.in_outside, errors));
        }
        CacheStats {
            hits: stores.iter().map(|store| store.hits).sum(),
            misses,
            stored: self.stored.load(Relaxed),
            refreshes: 0,
            too_large: self.too_large.load(Relaxed),
            stores,
            semantic: None,
        }
    }

    /// How the place outside is doing, if there is one.
    pub(crate) fn health(&self) -> Option<StoreHealth> {
        self.outside.as_ref().map(|outside| outside.health())
    }

    /// Lets go of what must not be carried through a fork. Says whether it was done within `budget`.
    pub(crate) fn release(&self, budget: Duration) -> bool {
        self.outside.as_ref().is_none_or(|outside| outside.release(budget))
    }

    /// Does what is still to be done, within `budget`.
    pub(crate) fn close(&self, budget: Duration) {
        if let Some(outside) = &self.outside {
            outside.close(budget);
        }
    }
}

/// The place that processes share. What the configuration cannot mean was refused when it was read.
#[cfg_attr(
    not(any(feature = "redis", feature = "sqlite")),
    expect(unused_variables, reason = "a build without shared stores keeps answers in memory, whatever is configured")
)]
fn outside(config: &Config, background: &Arc<Background>) -> Option<Arc<dyn Outside>> {
    let cache = &config.cache;
    let max_body_bytes = cache.max_entry_bytes.bytes();
    #[cfg(feature = "sqlite")]
    if let Some(path) = &cache.path {
        let max_bytes = cache.max_file_bytes.bytes();
        return Some(Arc::new(super::shared::File::new(path, &config.id, max_bytes, max_body_bytes)));
    }
    #[cfg(not(feature = "redis"))]
    let _ = background;
    #[cfg(feature = "redis")]
    if let Some(url) = &cache.redis
        && let Ok(redis) = crate::store::Redis::new(url, cache.redis_timeout.duration(), background.clone())
    {
        return Some(Arc::new(super::shared::Server::new(redis, &config.id, max_body_bytes)));
    }
    None
}
