//! Time, injected: everything that waits or stamps asks a [`Clock`], so that a test can turn it by hand.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A future that ends when a span of time is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the gateway takes its time from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock: microseconds since 1970-01-01 UTC. It may jump; durations never come from it.
    fn now_us(&self) -> u64;

    /// A clock that never goes back: microseconds since an arbitrary start.
    fn monotonic_us(&self) -> u64;

    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The machine's clock. Sleeping needs a tokio runtime.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_us(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
