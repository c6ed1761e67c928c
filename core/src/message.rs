//! What comes in and what goes out: an HTTP-shaped request, an HTTP-shaped answer, and a body that is pulled.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, Method, StatusCode};

use crate::error::{Error, ErrorKind};

/// A stream of chunks as the upstream sent them.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// A call to the gateway. Bodies are bytes in the provider's own format.
///
/// `target` is `/{provider}/{native path}?query`, `/compat/chat/completions`, `/` (the universal array), or an absolute URL
/// of a provider, as an SDK's own transport sees it.
#[derive(Clone)]
pub struct Request {
    /// The HTTP method, passed on to the provider.
    pub method: Method,
    /// Path and query, or an absolute URL.
    pub target: String,
    /// The caller's headers; `cf-aig-*` ones speak to the gateway and never reach the provider.
    pub headers: HeaderMap,
    /// The body, passed on byte for byte unless a translation was asked for.
    pub body: Bytes,
    /// Deadlines that the calling SDK asks for.
    pub deadlines: Deadlines,
}

impl Request {
    /// A request with no headers and no body.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            deadlines: Deadlines::default(),
        }
    }

    /// A `POST` with a JSON body.
    ///
    /// # Panics
    /// If `json` cannot be written as JSON, which a [`serde_json::Value`] always can.
    pub fn post(target: impl Into<String>, json: &serde_json::Value) -> Self {
        let mut request = Self::new(Method::POST, target);
        request.headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        request.body = serde_json::to_vec(json).expect("a JSON value is always serialisable").into();
        request
    }
}

/// How long the caller is ready to wait, as SDKs give it per request. `None` waits for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    /// For the connection to stand.
    pub connect: Option<std::time::Duration>,
    /// Between two chunks of the answer, and to the first one.
    pub read: Option<std::time::Duration>,
}

/// The gateway's answer. An upstream's failure is an answer too; see [`Response::failure`].
pub struct Response {
    /// The provider's own status, or the gateway's for a refusal.
    pub status: StatusCode,
    /// The provider's headers and the gateway's `cf-aig-*` ones.
    pub headers: HeaderMap,
    /// The body: all there already, or chunks to be pulled.
    pub body: Body,
    /// Set when no provider answered: what an SDK's transport raises as its own connection or timeout error.
    pub failure: Option<Error>,
}

/// As much as one batch gathers: a small packed answer may unfold to gigabytes.
const MAX_BATCH_BYTES: usize = 256 << 10;

/// A body that the caller pulls. Dropping it cancels the upstream call.
pub struct Body(Inner);

enum Inner {
    Full(Option<Bytes>),
    Stream(ByteStream),
}

impl Body {
    /// A body that is all there.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(Inner::Full((!bytes.is_empty()).then_some(bytes)))
    }

    /// A body that arrives in chunks.
    #[must_use]
    pub fn stream(stream: ByteStream) -> Self {
        Self(Inner::Stream(stream))
    }

    /// Whether chunks are still to come from the upstream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.0, Inner::Stream(_))
    }

    /// The whole body, if it is all there. Taking it leaves the body empty.
    pub fn take_full(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Inner::Full(bytes) => Some(bytes.take().unwrap_or_default()),
            Inner::Stream(_) => None,
        }
    }

    /// The next chunk, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The chunks that have come, at least one and about 256 KiB at most: what a language with a dear boundary asks for.
    pub async fn next_batch(&mut self) -> Option<Result<Vec<Bytes>, Error>> {
        let first = match self.next().await? {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        let mut bytes = first.len();
        let mut batch = vec![first];
        let mut peek = Context::from_waker(std::task::Waker::noop());
        while bytes < MAX_BATCH_BYTES
            && let Poll::Ready(Some(item)) = Pin::new(&mut *self).poll_next(&mut peek)
        {
            match item {
                Ok(chunk) => {
                    bytes += chunk.len();
                    batch.push(chunk);
                }
                Err(error) => {
                    self.0 = Inner::Stream(Box::pin(Late(Some(error))));
                    break;
                }
            }
        }
        Some(Ok(batch))
    }

    /// Everything up to the end, at most `limit` bytes.
    ///
    /// # Errors
    /// What the stream ends with, or [`ErrorKind::TooLarge`].
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        if let Some(bytes) = self.take_full() {
            return Ok(bytes);
        }
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if all.len() + chunk.len() > limit {
                return Err(Error::new(ErrorKind::TooLarge, format!("the answer is larger than {limit} bytes")));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Inner::Full(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Inner::Stream(stream) => {
                let item = ready!(stream.as_mut().poll_next(cx));
                if item.is_none() {
                    // A stream need not bear to be asked again, and its connection is free from now on.
                    self.0 = Inner::Full(None);
                }
                Poll::Ready(item)
            }
        }
    }
}

/// An error that was met while a batch was gathered: it comes after the batch.
struct Late(Option<Error>);

impl Stream for Late {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Err))
    }
}
