//! A stream from the cache: the chunks that had come, at once or with the pauses between them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use super::entry::Cut;
use crate::clock::{Clock, Sleep};
use crate::error::Error;

/// A kept stream on its way to a caller.
pub(crate) struct Replay {
    bytes: Bytes,
    cuts: Arc<[Cut]>,
    next: usize,
    pacing: Option<Pacing>,
}

struct Pacing {
    clock: Arc<dyn Clock>,
    started_us: u64,
    timer: Option<Sleep>,
}

impl Replay {
    /// The chunks as they were cut; with a clock, each as long after the start as it had come after the head.
    pub(crate) fn new(bytes: Bytes, cuts: Arc<[Cut]>, clock: Option<Arc<dyn Clock>>) -> Self {
        let pacing = clock.map(|clock| Pacing { started_us: clock.monotonic_us(), clock, timer: None });
        Self { bytes, cuts, next: 0, pacing }
    }

    /// Whether all of it was given.
    pub(crate) fn is_over(&self) -> bool {
        self.next == self.cuts.len()
    }
}

impl Pacing {
    /// Ready when `after_us` have passed since the start.
    fn poll(&mut self, after_us: u64, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(cx));
                self.timer = None;
            }
            let passed_us = self.clock.monotonic_us() - self.started_us;
            if passed_us >= after_us {
                return Poll::Ready(());
            }
            self.timer = Some(self.clock.sleep(Duration::from_micros(after_us - passed_us)));
        }
    }
}

impl Stream for Replay {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(cut) = self.cuts.get(self.next).copied() else { return Poll::Ready(None) };
        if let Some(pacing) = &mut self.pacing {
            ready!(pacing.poll(cut.after_us, cx));
        }
        let start = self.next.checked_sub(1).map_or(0, |before| self.cuts[before].end);
        self.next += 1;
        Poll::Ready(Some(Ok(self.bytes.slice(start..cut.end))))
    }
}
