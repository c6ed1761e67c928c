//! Where a call goes, and how a target is tried: once, or again after a wait, within its time.

mod budget;
mod candidate;
mod condition;
mod course;
mod element;
mod failure;
mod file;
mod fit;
mod graph;
mod health;
mod hedge;
mod keys;
mod rate;
mod retry;
mod routes;
mod sticky;
mod strategy;
mod within;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::budget::Budget;
pub(crate) use self::candidate::Candidate;
pub(crate) use self::course::{Course, Here};
pub(crate) use self::failure::{classify, is_refusal};
pub(crate) use self::fit::Question;
pub(crate) use self::health::{Breaker, UnderWay};
pub(crate) use self::hedge::Hedges;
pub(crate) use self::keys::{KeyPool, Turn};
pub(crate) use self::retry::{Ending, retry_after};
pub(crate) use self::routes::{Parts, Routes};
pub(crate) use self::within::within;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::message::Deadlines;
use crate::policy::RetryPolicy;
use crate::record::AttemptState;

/// What the next try at a target may cost in time, and whether there is one.
pub(crate) struct Tries<'a> {
    retry: &'a RetryPolicy,
    /// First-byte limit of every try but the last one.
    timeout: Option<Duration>,
    /// Whether another target stands behind this one.
    has_fallback: bool,
    made: u32,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(retry: &'a RetryPolicy, timeout: Option<Duration>, has_fallback: bool) -> Self {
        Self { retry, timeout, has_fallback, made: 0 }
    }

    /// Begins a try; its number, from 1.
    pub(crate) fn begin(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// Does not count the try that was begun: it was the key's fault, and another key is there.
    pub(crate) fn forgive(&mut self) {
        self.made -= 1;
    }

    /// Whether the try that was begun is the last one at this target.
    pub(crate) fn is_last(&self) -> bool {
        self.made >= self.retry.max_attempts
    }

    /// The time to the first byte that this try has. Where several tries were asked for, the very last one of the call
    /// waits as long as it takes (contract line 74); a caller's own deadline always holds.
    pub(crate) fn first_byte(&self, deadlines: &Deadlines) -> Option<Duration> {
        let waits = self.is_last() && !self.has_fallback && self.retry.max_attempts > 1;
        let timeout = self.timeout.filter(|_| !waits);
        [timeout, deadlines.read].into_iter().flatten().min()
    }

    /// How long to wait before another try after `ending`, or `None` if this was the last or would not help. `chance` is
    /// drawn anew for every wait, from 0 to 1.
    pub(crate) fn next_after(
        &self,
        ending: Ending,
        retry_after: Option<Duration>,
        chance: impl FnOnce() -> f64,
    ) -> Option<Duration> {
        if self.is_last() || !ending.is_among(&self.retry.on) {
            return None;
        }
        Some(retry::delay(self.retry, self.made, chance).max(retry_after.unwrap_or_default()))
    }
}

/// The error of a try whose first byte did not come in time.
pub(crate) fn timed_out(limit: Duration) -> (AttemptState, Error) {
    let message = format!("the provider did not begin to answer within {} ms", limit.as_millis());
    (AttemptState::MaybeProcessed, Error::new(ErrorKind::Timeout, message))
}

/// Waits between two tries.
pub(crate) async fn pause(clock: &Arc<dyn Clock>, delay: Duration) {
    if !delay.is_zero() {
        clock.sleep(delay).await;
    }
}
