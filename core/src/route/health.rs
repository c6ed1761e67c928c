//! How a target is doing: calls under way, how long it took lately, and whether it is left alone. Numbers only, without a
//! lock: a thousand of them are looked at for one decision.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Error;
use crate::message::ByteStream;

/// How fast the memory of an old measurement fades (Finagle's `PeakEwma` takes ten seconds too).
const DECAY_US: f64 = 10_000_000.0;

/// When a target is left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Breaker {
    /// After so many failures in a row; 0 never.
    pub(crate) failures: u32,
    pub(crate) pause: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Health {
    under_way: AtomicU32,
    failures: AtomicU32,
    /// Until when it is left alone (monotonic); 0 if it is not.
    open_until_us: AtomicU64,
    /// Peak EWMA of the time to the first byte: bits of an `f64`, microseconds.
    latency: AtomicU64,
    measured_at_us: AtomicU64,
}

impl Health {
    pub(crate) fn under_way(&self) -> u32 {
        self.under_way.load(Relaxed)
    }

    /// How long it is still left alone.
    pub(crate) fn closed_for(&self, now_us: u64) -> Option<Duration> {
        let left = self.open_until_us.load(Relaxed).saturating_sub(now_us);
        (left > 0).then(|| Duration::from_micros(left))
    }

    /// Whether a call may go there now. When a pause is over, one caller alone gets a yes: it probes, and the pause begins
    /// anew for the others.
    pub(crate) fn admits(&self, breaker: Breaker, now_us: u64) -> bool {
        let until = self.open_until_us.load(Relaxed);
        if until == 0 {
            return true;
        }
        let next = now_us.saturating_add(micros(breaker.pause));
        now_us >= until && self.open_until_us.compare_exchange(until, next, Relaxed, Relaxed).is_ok()
    }

    /// How much a call there costs in time: the latency, faded, for each call under way and this one.
    pub(crate) fn load(&self, now_us: u64) -> f64 {
        let idle_us = now_us.saturating_sub(self.measured_at_us.load(Relaxed));
        f64::from_bits(self.latency.load(Relaxed)) * weight(idle_us) * f64::from(self.under_way() + 1)
    }

    /// An answer began after `took`. A slower one counts at once, a quicker one by and by.
    pub(crate) fn answered(&self, took: Duration, now_us: u64) {
        let before = f64::from_bits(self.latency.load(Relaxed));
        let idle_us = now_us.saturating_sub(self.measured_at_us.swap(now_us, Relaxed));
        let (old, new) = (weight(idle_us), took.as_secs_f64() * 1e6);
        let mixed = if new > before { new } else { before * old + new * (1.0 - old) };
        self.latency.store(mixed.to_bits(), Relaxed);
        self.failures.store(0, Relaxed);
        self.open_until_us.store(0, Relaxed);
    }

    /// No answer had begun after `waited`, when the call was let go of. The answer would have taken longer.
    pub(crate) fn waited(&self, waited: Duration, now_us: u64) {
        if waited.as_secs_f64() * 1e6 > f64::from_bits(self.latency.load(Relaxed)) {
            self.measured_at_us.store(now_us, Relaxed);
            self.latency.store((waited.as_secs_f64() * 1e6).to_bits(), Relaxed);
        }
    }

    /// It failed in a way that another call would too.
    pub(crate) fn failed(&self, breaker: Breaker, now_us: u64) {
        let in_a_row = self.failures.fetch_add(1, Relaxed).saturating_add(1);
        if breaker.failures > 0 && in_a_row >= breaker.failures {
            self.open_until_us.store(now_us.saturating_add(micros(breaker.pause)).max(1), Relaxed);
        }
    }

    /// Counts a call as under way for as long as what is given back is kept.
    pub(crate) fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Relaxed);
        UnderWay(self.clone())
    }
}

/// A call that is under way.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<Health>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}

impl UnderWay {
    /// Goes on for as long as `stream` is read.
    pub(crate) fn during(self, stream: &mut ByteStream) {
        let inner = std::mem::replace(stream, Box::pin(Nothing));
        *stream = Box::pin(Accompanied { stream: inner, _under_way: self });
    }
}

struct Nothing;

impl Stream for Nothing {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

struct Accompanied {
    stream: ByteStream,
    _under_way: UnderWay,
}

impl Stream for Accompanied {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(cx)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
fn weight(idle_us: u64) -> f64 {
    (-(idle_us as f64) / DECAY_US).exp()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKER: Breaker = Breaker { failures: 2, pause: Duration::from_secs(30) };
    const SECOND: u64 = 1_000_000;

    #[test]
    fn it_is_left_alone_and_probed_by_one() {
        let health = Health::default();
        health.failed(BREAKER, SECOND);
        assert!(health.admits(BREAKER, SECOND), "one failure is none in a row");
        health.failed(BREAKER, SECOND);
        assert!(!health.admits(BREAKER, 30 * SECOND));
        assert_eq!(health.closed_for(30 * SECOND), Some(Duration::from_secs(1)));
        assert!(health.admits(BREAKER, 31 * SECOND) && !health.admits(BREAKER, 31 * SECOND), "one probe");
        health.failed(BREAKER, 32 * SECOND);
        assert!(!health.admits(BREAKER, 61 * SECOND), "the probe failed");
        assert!(health.admits(BREAKER, 62 * SECOND));
        health.answered(Duration::from_millis(5), 63 * SECOND);
        assert!(health.admits(BREAKER, 63 * SECOND) && health.admits(BREAKER, 63 * SECOND));
    }

    #[test]
    fn a_lost_probe_is_followed_by_another() {
        let health = Health::default();
        (0..2).for_each(|_| health.failed(BREAKER, SECOND));
        assert!(health.admits(BREAKER, 40 * SECOND) && !health.admits(BREAKER, 69 * SECOND));
        assert!(health.admits(BREAKER, 70 * SECOND));
    }

    #[test]
    fn no_breaker_opens_nothing() {
        let health = Health::default();
        (0..100).for_each(|_| health.failed(Breaker { failures: 0, ..BREAKER }, SECOND));
        assert!(health.admits(BREAKER, SECOND));
    }

    #[test]
    fn peaks_count_at_once_and_fade() {
        let health = Health::default();
        assert!(health.load(SECOND) < 1.0, "what was never measured is tried");
        health.answered(Duration::from_millis(100), SECOND);
        health.answered(Duration::from_millis(900), SECOND);
        assert!((health.load(SECOND) - 900_000.0).abs() < 1.0);
        health.answered(Duration::from_millis(100), 2 * SECOND);
        let soon = health.load(2 * SECOND);
        assert!(soon > 800_000.0 && soon < 900_000.0, "{soon}");
        assert!(health.load(60 * SECOND) < 10_000.0, "an old peak is forgiven");
        let under_way = [Arc::new(health)].map(|health| (health.begin(), health));
        assert!((under_way[0].1.load(2 * SECOND) - 2.0 * soon).abs() < 1.0);
    }
}
