//! A streamed answer on its way to the caller: passed on chunk by chunk, counted on the way, settled at its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::settling::{End, Settling};
use crate::account::Meter;
use crate::error::{Error, ErrorKind};
use crate::message::ByteStream;
use crate::provider::StreamDecoder;

/// As much of a stream as is kept for the log; a longer answer is logged without its payload.
const MAX_KEPT_BYTES: u64 = 10 * 1000 * 1000;

pub(super) struct Metered {
    /// Present until its end: a stream need not bear to be asked again.
    upstream: Option<ByteStream>,
    meter: Option<Box<Meter>>,
    decoder: Option<Box<dyn StreamDecoder>>,
    /// Present until the call is settled.
    settling: Option<Settling>,
    kept: Option<BytesMut>,
    size: u64,
    /// Comes after what was decoded together with it.
    pending_error: Option<Error>,
}

impl Metered {
    pub(super) fn new(
        upstream: ByteStream,
        meter: Option<Box<Meter>>,
        decoder: Option<Box<dyn StreamDecoder>>,
        settling: Settling,
    ) -> Self {
        let kept = settling.keeps_payloads().then(BytesMut::new);
        Self { upstream: Some(upstream), meter, decoder, settling: Some(settling), kept, size: 0, pending_error: None }
    }

    /// What the caller sees of a chunk.
    fn pass(&mut self, chunk: Bytes) -> Bytes {
        if let Some(meter) = &mut self.meter {
            meter.feed(&chunk);
        }
        let Some(decoder) = &mut self.decoder else {
            return chunk;
        };
        let mut out = Vec::new();
        self.pending_error = decoder.feed(&chunk, &mut out).err();
        out.into()
    }

    fn keep(&mut self, chunk: &Bytes) {
        self.size += chunk.len() as u64;
        if self.size > MAX_KEPT_BYTES {
            self.kept = None;
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(chunk);
        }
    }

    /// The upstream has no more: whether that was the end of the answer.
    fn end(&mut self) -> (Bytes, Option<Error>) {
        let mut rest = Vec::new();
        if let Some(mut decoder) = self.decoder.take() {
            let error = decoder.end(&mut rest).err();
            return (rest.into(), error);
        }
        let error = (self.complete() == Some(false)).then(|| {
            let message = "the provider closed the stream before its end marker; what came is not the whole answer";
            Error::new(ErrorKind::Broken, message)
        });
        (Bytes::new(), error)
    }

    fn complete(&self) -> Option<bool> {
        self.meter.as_ref()?.finish().complete
    }

    fn settle(&mut self, ending: &Ending<'_>) {
        let Some(settling) = self.settling.take() else { return };
        let metered = self.meter.take().map(|meter| meter.finish());
        let (usage, model_served) = metered.map_or((None, None), |metered| (metered.usage, metered.model_served));
        settling.finish(End {
            usage,
            model_served,
            size: self.size,
            body: self.kept.take().map(BytesMut::freeze),
            cancelled: matches!(ending, Ending::Cancelled),
            truncated: matches!(ending, Ending::Broken(_)),
            error: match ending {
                Ending::Whole => None,
                Ending::Broken(error) => Some(error.to_string()),
                Ending::Cancelled => Some("the caller let go of the stream".to_owned()),
            },
            saved: None,
        });
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Bytes, Error>>> {
        self.upstream = None;
        self.settle(&Ending::Broken(&error));
        Poll::Ready(Some(Err(error)))
    }
}

/// How a stream came to its end.
enum Ending<'a> {
    Whole,
    Broken(&'a Error),
    Cancelled,
}

impl Stream for Metered {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while self.settling.is_some() {
            if let Some(error) = self.pending_error.take() {
                return self.fail(error);
            }
            let Some(upstream) = &mut self.upstream else {
                self.settle(&Ending::Whole);
                break;
            };
            let chunk = match ready!(upstream.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => self.pass(chunk),
                Some(Err(error)) => return self.fail(error),
                None => {
                    self.upstream = None;
                    let (rest, error) = self.end();
                    self.pending_error = error;
                    rest
                }
            };
            if !chunk.is_empty() {
                self.keep(&chunk);
                return Poll::Ready(Some(Ok(chunk)));
            }
        }
        Poll::Ready(None)
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        // Many SDKs stop reading at `[DONE]`: a caller who has seen the end has cancelled nothing.
        let complete = self.complete() == Some(true);
        self.settle(if complete { &Ending::Whole } else { &Ending::Cancelled });
    }
}
