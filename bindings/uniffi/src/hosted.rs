//! Providers that are written in the host language: a model on the device, or a server of the app's own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::StatusCode;
use tollhouse::{
    AttemptState, Error, ErrorKind, Sending, Transport, TransportError, UpstreamRequest, UpstreamResponse,
};

use crate::errors::Failure;
use crate::headers::{self, Header};

/// Answers calls in the app's own process. Bytes in, chunks out.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait HostedProvider: Send + Sync {
    /// Answers one call. When the caller leaves, this is cancelled. What it throws counts as "nothing was sent".
    async fn send(&self, request: HostedRequest) -> Result<HostedAnswer, Failure>;
}

/// The chunks of a hosted provider's answer.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait HostedBody: Send + Sync {
    /// The next chunk, or `None` at the end. When the caller leaves, this is cancelled.
    async fn next(&self) -> Result<Option<Vec<u8>>, Failure>;

    /// Called once, when nobody will ask for another chunk.
    fn release(&self);
}

/// What a hosted provider is asked.
#[derive(uniffi::Record)]
pub struct HostedRequest {
    /// The HTTP method.
    pub method: String,
    /// The absolute URL: `host://{name}/{path}` unless the configuration has a `base_url`.
    pub url: String,
    /// The headers, without the gateway's own.
    pub headers: Vec<Header>,
    /// The body, in the format that `providers.{name}.format` says: OpenAI's without it.
    pub body: Vec<u8>,
}

/// What a hosted provider answers.
#[derive(uniffi::Record)]
pub struct HostedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers; `content-type: text/event-stream` makes the answer a stream.
    pub headers: Vec<Header>,
    /// The chunks.
    pub body: Arc<dyn HostedBody>,
}

/// A hosted provider as core calls it.
pub struct Hosted(pub Arc<dyn HostedProvider>);

impl Transport for Hosted {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        Box::pin(async move {
            let request = HostedRequest {
                method: request.method.as_str().to_owned(),
                url: request.url,
                headers: headers::listed(&request.headers),
                body: request.body.into(),
            };
            let answer = self.0.send(request).await.map_err(|failure| not_sent(failure.into_error()))?;
            let body = Chunks::new(answer.body);
            let status = StatusCode::from_u16(answer.status).map_err(|_| {
                not_sent(Error::new(ErrorKind::Broken, format!("{} is not an HTTP status", answer.status)))
            })?;
            let headers = headers::parsed(answer.headers).map_err(not_sent)?;
            Ok(UpstreamResponse { status, headers, body: Box::pin(body) })
        })
    }
}

/// Whatever a callback throws before its answer, the model has not spoken: another try or target does no harm.
fn not_sent(error: Error) -> TransportError {
    let kind = if error.kind().retryable() { error.kind() } else { ErrorKind::Connect };
    TransportError { state: AttemptState::NotSent, error: Error::new(kind, error.to_string()) }
}

type Next = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, Failure>> + Send>>;

struct Chunks {
    body: Arc<dyn HostedBody>,
    next: Option<Next>,
}

impl Chunks {
    fn new(body: Arc<dyn HostedBody>) -> Self {
        Self { body, next: None }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.body.clone();
        let next = self.next.get_or_insert_with(|| Box::pin(async move { body.next().await }));
        let came = ready!(next.as_mut().poll(cx));
        self.next = None;
        Poll::Ready(match came {
            Ok(chunk) => chunk.map(|chunk| Ok(chunk.into())),
            Err(failure) => {
                let error = failure.into_error();
                Some(Err(Error::new(ErrorKind::Broken, error.to_string())))
            }
        })
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.next = None;
        self.body.release();
    }
}
