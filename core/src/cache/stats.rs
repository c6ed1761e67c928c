//! What a cache has done since its process began, and what it holds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use super::semantic::SemanticStats;
use super::store::{Extent, Found};

/// What a gateway's cache holds, and what it was asked for. Counts are those of this process, since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheStats {
    /// Calls that found an answer.
    pub hits: u64,
    /// Calls that found none that was fresh.
    pub misses: u64,
    /// Answers that were kept.
    pub stored: u64,
    /// Stale answers that were made new in the background, or are being made new.
    pub refreshes: u64,
    /// Answers that were not kept, because they are larger than `cache.max_entry_bytes`.
    pub too_large: u64,
    /// Store by store, in the order in which they are asked.
    pub stores: Vec<StoreStats>,
    /// Questions that mean the same; `None` without `cache.semantic`.
    pub semantic: Option<SemanticStats>,
}

/// One store of a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreStats {
    /// `memory`, `file` or `redis`.
    pub store: &'static str,
    /// How many answers it holds, of all processes; `None` where it does not say so in time.
    pub entries: Option<u64>,
    /// What they take up.
    pub bytes: Option<u64>,
    /// What they may take up, where there is a bound.
    pub max_bytes: Option<u64>,
    /// Calls of this process that found an answer here.
    pub hits: u64,
    /// Calls of this process that found none here.
    pub misses: u64,
    /// How often it was asked and did not answer.
    pub errors: u64,
}

impl StoreStats {
    pub(super) fn new(
        store: &'static str,
        extent: Option<Extent>,
        max_bytes: Option<u64>,
        counts: &Counts,
        errors: u64,
    ) -> Self {
        let (entries, bytes) = (extent.map(|extent| extent.entries), extent.map(|extent| extent.bytes));
        Self { store, entries, bytes, max_bytes, hits: counts.hits(), misses: counts.misses(), errors }
    }
}

/// How often a store was asked.
#[derive(Debug, Default)]
pub(super) struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Counts {
    pub(super) fn count(&self, found: Option<&Found>) {
        let counter = if found.is_some_and(|found| found.age < found.stored.ttl) { &self.hits } else { &self.misses };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Relaxed)
    }

    pub(super) fn misses(&self) -> u64 {
        self.misses.load(Relaxed)
    }
}
