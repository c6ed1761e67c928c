//! The right to call a provider on behalf of all processes that ask for the same.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::store::{Leased, Now, Outside};
use crate::clock::Clock;
use crate::exchange::CacheKey;

/// Who calls a provider says so again well before this is over. After it nobody believes that it still does.
pub(super) const LEASE_US: u64 = 5_000_000;

/// So often it is said again.
const RENEWED: Duration = Duration::from_micros(LEASE_US / 4);

/// A lease, given back when dropped. Until it was asked for it is none.
pub(crate) struct Lease {
    outside: Arc<dyn Outside>,
    key: CacheKey,
    holder: u64,
    /// Whether it is held, or may be: what was asked for is given back also by one who left before the answer.
    is_held: bool,
}

impl Lease {
    pub(super) fn new(outside: Arc<dyn Outside>, key: CacheKey) -> Self {
        // A name that no other has, in whatever process.
        let holder = getrandom::u64().unwrap_or_else(|_| fastrand::u64(..));
        Self { outside, key, holder, is_held: false }
    }

    /// Asks for it, once.
    pub(super) async fn ask(&mut self, now: Now) -> Option<Leased> {
        self.is_held = true;
        let leased = self.outside.lease(self.key, self.holder, now).await;
        self.is_held = matches!(leased, None | Some(Leased::Ours));
        leased
    }

    /// Does `work`, and says all the while that it is still done.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>, clock: &dyn Clock) -> T {
        let mut work = pin!(work);
        let mut timer = clock.sleep(RENEWED);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            while timer.as_mut().poll(cx).is_ready() {
                let now = Now { monotonic_us: clock.monotonic_us(), wall_us: clock.now_us() };
                self.outside.renew(self.key, self.holder, now);
                timer = clock.sleep(RENEWED);
            }
            Poll::Pending
        })
        .await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_held {
            self.outside.give_back(self.key, self.holder);
        }
    }
}
