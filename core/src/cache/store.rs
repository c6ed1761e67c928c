//! What is kept, and what a store outside of the process is asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::entry::Entry;
use super::purge::{Filter, PurgeReport};
use crate::exchange::CacheKey;
use crate::policy::Use;
use crate::store::StoreHealth;

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

    /// How old it is. The wall clock may have gone back since it was stored.
    pub(super) fn age(&self, now: Now) -> Duration {
        Duration::from_micros(now.wall_us.saturating_sub(self.at_us))
    }
}

/// What was found in the cache.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) stored: Arc<Stored>,
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

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// Who calls the provider for what several processes ask for.
#[derive(Debug)]
#[cfg_attr(
    not(any(feature = "redis", feature = "sqlite")),
    expect(dead_code, reason = "nobody shares anything in such a build")
)]
pub(crate) enum Leased {
    /// Nobody needs to: there is an answer.
    Found(Arc<Stored>),
    /// Whoever asked.
    Ours,
    /// This other one does already.
    Theirs(u64),
}

/// What a store answers, or `None` where it does not in its time.
pub(crate) type Asking<'a, T> = Pin<Box<dyn Future<Output = Option<T>> + Send + 'a>>;

/// A place outside of the process in which answers are kept. Nothing here fails: a store that cannot be asked says
/// nothing, and counts that. What is put, renewed or given back is told, and nobody waits for it.
pub(crate) trait Outside: Send + Sync {
    /// What the configuration calls it.
    fn name(&self) -> &'static str;

    /// What is kept under `key`, unless its time is over.
    fn get(&self, key: CacheKey, now: Now) -> Asking<'_, Option<Arc<Stored>>>;

    /// Keeps an answer from now on.
    fn put(&self, key: CacheKey, stored: Arc<Stored>, now: Now);

    /// Finds out whether somebody calls the provider for `key`; if nobody does, `holder` does from now on.
    fn lease(&self, key: CacheKey, holder: u64, now: Now) -> Asking<'_, Leased>;

    /// `holder` is still at it.
    fn renew(&self, key: CacheKey, holder: u64, now: Now);

    /// `holder` has ended, with an answer or without.
    fn give_back(&self, key: CacheKey, holder: u64);

    /// By what the newest answers were asked for, and when they were stored; at most `count` of them.
    fn newest(&self, filter: Filter, count: usize, now: Now) -> Asking<'_, Vec<(Asked, u64)>>;

    /// Takes away what `filter` means.
    fn purge(&self, filter: Filter) -> Asking<'_, PurgeReport>;

    /// How much there is.
    fn extent(&self, now: Now) -> Asking<'_, Extent>;

    /// As much as it may hold, where it has a bound of its own.
    fn max_bytes(&self) -> Option<u64> {
        None
    }

    fn health(&self) -> StoreHealth;

    /// Lets go of what must not be carried through a fork, within `budget`.
    fn release(&self, _budget: Duration) -> bool {
        true
    }

    /// Does what is still to be done, within `budget`.
    fn close(&self, _budget: Duration) {}
}
