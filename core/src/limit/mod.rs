//! How many calls may go out. A refusal costs nothing, and neither does an answer from the cache: the cache stands before
//! the limit.

mod memory;

use std::time::Duration;

pub(crate) use self::memory::Memory;
pub(crate) use crate::config::Technique;

/// At most `limit` calls per `window`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) limit: u64,
    pub(crate) window: Duration,
    pub(crate) technique: Technique,
}

/// What a rule says to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Admitted,
    /// Come back when `retry_after` is over.
    Refused {
        retry_after: Duration,
    },
}

/// Where the counts are kept.
pub(crate) trait LimitStore: Send + Sync {
    /// Counts one call under `key` at `now_us` (wall clock), if the rule allows it. A refused call is not counted.
    fn admit(&self, key: &str, rule: &Rule, now_us: u64) -> Decision;
}
