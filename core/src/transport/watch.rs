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

/// `stream`, ending with a timeout error when nothing came for `limit`.
pub(crate) fn watch(stream: ByteStream, limit: Option<Duration>, clock: &Arc<dyn Clock>) -> ByteStream {
    match limit {
        Some(limit) => Box::pin(Watched { stream, limit, clock: clock.clone(), timer: None }),
        None => stream,
    }
}

struct Watched {
    stream: ByteStream,
    limit: Duration,
    clock: Arc<dyn Clock>,
    timer: Option<Sleep>,
}

impl Stream for Watched {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(item) = self.stream.as_mut().poll_next(cx) {
            self.timer = None;
            return Poll::Ready(item);
        }
        let (limit, clock) = (self.limit, self.clock.clone());
        let timer = self.timer.get_or_insert_with(|| clock.sleep(limit));
        std::task::ready!(timer.as_mut().poll(cx));
        let message = format!("the provider sent nothing for {} ms in the middle of its answer", limit.as_millis());
        Poll::Ready(Some(Err(Error::new(ErrorKind::Timeout, message))))
    }
}
