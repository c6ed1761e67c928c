//! A provider's stream as its callers see it: decoded, counted on the way, and held to its end marker.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::account::Meter;
use crate::answer::Told;
use crate::error::{Error, ErrorKind};
use crate::message::ByteStream;
use crate::provider::StreamDecoder;
use crate::usage::Usage;

pub(super) struct Metered {
    /// Present until its end: a stream need not bear to be asked again.
    upstream: Option<ByteStream>,
    meter: Option<Box<Meter>>,
    decoder: Option<Box<dyn StreamDecoder>>,
    /// Comes after what was decoded together with it.
    pending_error: Option<Error>,
}

impl Metered {
    pub(super) fn new(
        upstream: ByteStream,
        meter: Option<Box<Meter>>,
        decoder: Option<Box<dyn StreamDecoder>>,
    ) -> Self {
        Self { upstream: Some(upstream), meter, decoder, pending_error: None }
    }

    pub(super) fn told(&self) -> Told {
        self.meter.as_ref().map_or_else(Told::default, |meter| {
            let metered = meter.finish();
            Told {
                usage: metered.usage,
                model_served: metered.model_served,
                complete: metered.complete,
                is_over: metered.is_over,
            }
        })
    }

    /// What a call of `model` with this `body` used whose stream was cut off here.
    pub(super) fn estimate(&self, model: &str, body: &[u8]) -> Option<Usage> {
        self.meter.as_ref().map(|meter| meter.estimate(model, body))
    }

    /// What callers see of a chunk.
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

    /// The upstream broke: what the caller's shape has to say of that.
    fn broken(&mut self) -> Bytes {
        let mut rest = Vec::new();
        if let Some(mut decoder) = self.decoder.take() {
            // It tells of an answer that is not whole; why that is, the error says that follows.
            let _ = decoder.end(&mut rest);
        }
        rest.into()
    }

    /// The upstream has no more: whether that was the end of the answer.
    fn end(&mut self) -> (Bytes, Option<Error>) {
        let mut rest = Vec::new();
        if let Some(mut decoder) = self.decoder.take() {
            let error = decoder.end(&mut rest).err();
            return (rest.into(), error);
        }
        let is_cut = self.meter.as_ref().is_some_and(|meter| meter.finish().complete == Some(false));
        let error = is_cut.then(|| {
            let message = "the provider closed the stream before its end marker; what came is not the whole answer";
            Error::new(ErrorKind::Broken, message)
        });
        (Bytes::new(), error)
    }
}

impl Stream for Metered {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(error) = self.pending_error.take() {
                self.upstream = None;
                return Poll::Ready(Some(Err(error)));
            }
            let Some(upstream) = &mut self.upstream else { return Poll::Ready(None) };
            let chunk = match ready!(upstream.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => self.pass(chunk),
                Some(Err(error)) => {
                    self.upstream = None;
                    self.pending_error = Some(error);
                    self.broken()
                }
                None => {
                    self.upstream = None;
                    let (rest, error) = self.end();
                    self.pending_error = error;
                    rest
                }
            };
            if !chunk.is_empty() {
                return Poll::Ready(Some(Ok(chunk)));
            }
        }
    }
}
