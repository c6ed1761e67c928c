//! How a store is doing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// How long a store that failed is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How a store outside of the process is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreHealth {
    /// Why the store cannot be used just now; the gateway goes on without it meanwhile.
    pub degraded: Option<String>,
    /// How often it was asked and did not answer: it was down, too slow, or said no.
    pub failures: u64,
}

/// Whether a store is up, as its callers have found it.
#[derive(Debug, Default)]
pub(crate) struct Up {
    failures: AtomicU64,
    down: Mutex<Option<Down>>,
}

#[derive(Debug)]
struct Down {
    reason: String,
    since: Instant,
    until: Instant,
}

impl Up {
    /// Whether the store may be asked. One that is down is asked by one caller after a while, and by nobody else until
    /// that one knows.
    pub(crate) fn may_ask(&self) -> bool {
        let mut down = self.down();
        let Some(down) = &mut *down else { return true };
        let now = Instant::now();
        let is_due = now >= down.until;
        if is_due {
            down.until = now + RETRY_AFTER;
        }
        is_due
    }

    /// Whether it went down after a question was `asked`, so that the question is not worth another wait.
    pub(crate) fn went_down_since(&self, asked: Instant) -> bool {
        self.down().as_ref().is_some_and(|down| down.since > asked)
    }

    /// It answered.
    pub(crate) fn answered(&self) {
        let mut down = self.down();
        if down.is_some() {
            *down = None;
        }
    }

    /// It is down, for this reason, and left alone for a while.
    pub(crate) fn is_down(&self, reason: impl Into<String>) {
        let since = Instant::now();
        *self.down() = Some(Down { reason: reason.into(), since, until: since + RETRY_AFTER });
    }

    /// A question that got no answer.
    pub(crate) fn count_failure(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn report(&self) -> StoreHealth {
        let degraded = self.down().as_ref().map(|down| down.reason.clone());
        StoreHealth { degraded, failures: self.failures.load(Relaxed) }
    }

    /// What it holds is whole even if a thread died while it held the lock.
    fn down(&self) -> MutexGuard<'_, Option<Down>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_tries_a_store_that_is_down() {
        let up = Up::default();
        assert!(up.may_ask() && up.may_ask());
        let before = Instant::now();
        up.is_down("gone");
        assert!(up.went_down_since(before) && !up.went_down_since(Instant::now()));
        assert!(!up.may_ask(), "it was asked just now");
        up.down().as_mut().expect("it is down").until = Instant::now();
        assert!(up.may_ask(), "one may try");
        assert!(!up.may_ask(), "and one only");
        up.count_failure();
        assert_eq!(up.report(), StoreHealth { degraded: Some("gone".to_owned()), failures: 1 });
        up.answered();
        assert!(up.may_ask() && up.may_ask());
        assert_eq!(up.report().degraded, None);
    }
}
