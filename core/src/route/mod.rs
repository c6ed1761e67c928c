//! How a target is tried: once, or again after a wait, within its time.

mod retry;
mod within;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

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

    /// How long to wait before another try after `status` (or after no answer), or `None` if this was the last.
    pub(crate) fn next_after(&self, status: Option<StatusCode>, retry_after: Option<Duration>) -> Option<Duration> {
        if self.is_last() || !retry::is_worth_it(status) {
            return None;
        }
        Some(retry::delay(self.retry, self.made).max(retry_after.unwrap_or_default()))
    }
}

/// How long a provider asks us to wait, in any of its spellings.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    retry::retry_after(headers)
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
