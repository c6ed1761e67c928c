//! The time between two chunks. A timer is armed only while nothing comes, so a lively stream pays nothing for it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use crate::clock::{Clock, Sleep};
use crate::error::{Error, ErrorKind};
use crate::message::ByteStream;

/// `stream`, ending with a timeout error when nothing came for `between`, or when `left` is over.
pub(crate) fn watch(
    stream: ByteStream,
    between: Option<Duration>,
    left: Option<Duration>,
    clock: &Arc<dyn Clock>,
) -> ByteStream {
    if between.is_none() && left.is_none() {
        return stream;
    }
    let end = left.map(|left| clock.sleep(left));
    Box::pin(Watched { stream, between, end, clock: clock.clone(), timer: None })
}

struct Watched {
    stream: ByteStream,
    between: Option<Duration>,
    end: Option<Sleep>,
    clock: Arc<dyn Clock>,
    timer: Option<Sleep>,
}

impl Stream for Watched {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(end) = &mut self.end
            && end.as_mut().poll(cx).is_ready()
        {
            self.end = None;
            return timed_out("the time for the whole call (timeouts.total) was over before its answer".to_owned());
        }
        if let Poll::Ready(item) = self.stream.as_mut().poll_next(cx) {
            self.timer = None;
            return Poll::Ready(item);
        }
        let Some(limit) = self.between else { return Poll::Pending };
        let clock = self.clock.clone();
        let timer = self.timer.get_or_insert_with(|| clock.sleep(limit));
        std::task::ready!(timer.as_mut().poll(cx));
        timed_out(format!("the provider sent nothing for {} ms in the middle of its answer", limit.as_millis()))
    }
}

fn timed_out(message: String) -> Poll<Option<Result<Bytes, Error>>> {
    Poll::Ready(Some(Err(Error::new(ErrorKind::Timeout, message))))
}
