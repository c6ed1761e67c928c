//! Where answers are kept, and what such a place is asked.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::entry::Entry;
use crate::exchange::CacheKey;
use crate::policy::Use;

/// One moment by both clocks: memory goes by the one that never goes back, what outlives the process by the wall's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) monotonic_us: u64,
    /// Microseconds since 1970 UTC.
    pub(crate) wall_us: u64,
}

/// By what an answer was asked for: what a purge chooses by, and what a miss is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) provider: String,
    /// As the request names it; empty if it names none.
    pub(crate) model: String,
    /// Whose answers these are, where a caller said.
    pub(crate) scope: Option<String>,
    /// A digest of the caller's own word for the key, where it named one.
    pub(crate) word: Option<u64>,
    /// The parts of the request, each by its path and a digest of its value: no value can be read from them.
    pub(crate) fields: Box<[Field]>,
}

/// One part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) path: String,
    pub(crate) digest: u64,
}

/// An answer, and what a store needs to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    pub(crate) asked: Arc<Asked>,
    /// When it was stored, by the wall clock: microseconds since 1970 UTC.
    pub(crate) at_us: u64,
    /// How long it is fresh.
    pub(crate) ttl: Duration,
    /// How long it is kept at all: at least `ttl`.
    pub(crate) keep: Duration,
}

impl Stored {
    /// All of it in bytes, with an allowance for what surrounds it.
    pub(super) fn weight(&self) -> usize {
        let fields: usize = self.asked.fields.iter().map(|field| field.path.len() + size_of::<Field>()).sum();
        self.entry.weight() + size_of::<Self>() + self.asked.provider.len() + self.asked.model.len() + fields
    }
}

/// What a store has found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) stored: Stored,
    /// How long ago it was stored.
    pub(crate) age: Duration,
}

/// A kept answer that is given to a caller.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) entry: Entry,
    /// How long ago it was stored.
    pub(crate) age: Duration,
    /// By which right.
    pub(crate) how: Use,
}

/// Where answers are kept. Nothing here fails: a store that cannot be asked has nothing, and counts that.
pub(crate) trait CacheStore: Send + Sync {
    /// What is kept under `key`, unless its time is over.
    fn get(&self, key: &CacheKey, now: Now) -> impl Future<Output = Option<Found>> + Send;

    /// Keeps `stored` from now on. Nobody waits for it.
    fn put(&self, key: CacheKey, stored: Stored, now: Now);
}
