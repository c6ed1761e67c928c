//! How the log is doing, counted exactly: what was lost is never silent.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How the log is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogHealth {
    /// What is not as it was configured, and what to do about it; `None` when all is well.
    pub degraded: Option<String>,
    /// Logs of this store that were lost: too many waited, or nothing could be written.
    pub dropped: u64,
    /// Logs that the settings turned away: larger than the bound, or the log full and set to stop.
    pub refused: u64,
    /// Logs of this store that were written.
    pub written: u64,
}

/// The counters behind [`LogHealth`], shared by the callers and the thread that writes.
#[derive(Debug, Default)]
pub(super) struct Health {
    pub(super) dropped: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) written: AtomicU64,
    /// Bytes of the records that are on their way to the thread.
    pub(super) waiting_bytes: AtomicU64,
    degraded: Mutex<Option<String>>,
}

impl Health {
    /// Says what is wrong from now on, or with `None` that all is well again.
    pub(super) fn set_degraded(&self, reason: Option<String>) {
        *self.degraded() = reason;
    }

    pub(super) fn report(&self) -> LogHealth {
        LogHealth {
            degraded: self.degraded().clone(),
            dropped: self.dropped.load(Relaxed),
            refused: self.refused.load(Relaxed),
            written: self.written.load(Relaxed),
        }
    }

    /// The text is whole even if a thread died while it held the lock.
    fn degraded(&self) -> MutexGuard<'_, Option<String>> {
        self.degraded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
