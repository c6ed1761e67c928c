//! A clock that stands still until it is turned, or until everybody waits for it.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{Clock, Sleep};

/// How often the earliest sleeper looks around before it turns the clock: whoever else is about to sleep gets its turn.
const LOOKS: u32 = 3;

/// A clock for tests. Sleeping never takes real time: when the earliest sleeper finds nothing else going on, it turns the
/// clock to its own time. Between calls the clock stands still until [`advance`](Self::advance).
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now_us: u64,
    sleepers: BTreeSet<(u64, u64)>,
    next_id: u64,
}

impl ManualClock {
    /// A clock that shows `now_us`: microseconds since 1970 UTC.
    #[must_use]
    pub fn at(now_us: u64) -> Self {
        Self(Arc::new(Mutex::new(State { now_us, sleepers: BTreeSet::new(), next_id: 0 })))
    }

    /// Turns the clock on.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.now_us = state.now_us.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> u64 {
        self.state().now_us
    }

    fn monotonic_us(&self) -> u64 {
        self.state().now_us
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut state = self.state();
        state.next_id += 1;
        let key = (state.now_us + u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), state.next_id);
        state.sleepers.insert(key);
        drop(state);
        Box::pin(Sleeper { clock: self.clone(), key, looks: 0 })
    }
}

struct Sleeper {
    clock: ManualClock,
    key: (u64, u64),
    looks: u32,
}

impl Future for Sleeper {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.state();
        if state.now_us >= self.key.0 {
            return Poll::Ready(());
        }
        if state.sleepers.first() == Some(&self.key) {
            self.looks += 1;
            if self.looks > LOOKS {
                state.now_us = self.key.0;
                return Poll::Ready(());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.clock.state().sleepers.remove(&self.key);
    }
}
