//! The kept answers of a gateway, wherever they are.

use super::memory::Memory;
use super::store::{CacheStore, Found, Now, Stored};
use crate::config::CacheConfig;
use crate::exchange::CacheKey;

/// All stores of a gateway. What is in memory is given at once; only what is not there is waited for.
pub(crate) struct Answers {
    memory: Memory,
}

impl Answers {
    /// The stores that a configuration names.
    pub(crate) fn new(config: &CacheConfig) -> Self {
        Self { memory: Memory::new(config.max_bytes.bytes(), config.max_entry_bytes.bytes()) }
    }

    /// What is in memory, without waiting.
    pub(crate) fn peek(&self, key: &CacheKey, now: Now) -> Option<Found> {
        self.memory.peek(key, now)
    }

    /// What is kept under `key`, fresh or stale.
    pub(crate) async fn get(&self, key: &CacheKey, now: Now) -> Option<Found> {
        self.memory.get(key, now).await
    }

    /// Keeps an answer. Nobody waits for it.
    pub(crate) fn put(&self, key: CacheKey, stored: Stored, now: Now) {
        self.memory.put(key, stored, now);
    }
}
