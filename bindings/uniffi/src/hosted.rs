//! Providers that are written in the host language: a model on the device, or a server of the app's own.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// Answers one call, by handing the answer to `call` before this ends. When the caller leaves, this is cancelled. What it throws
    /// counts as "nothing was sent".
    ///
    /// The answer is not what this returns: what a call returns in the very moment in which it is cancelled reaches nobody, and the
    /// answer's body would never be released.
    async fn send(&self, request: HostedRequest, call: Arc<HostedCall>) -> Result<(), Failure>;
}

/// One call of a hosted provider: where it hands its answer over.
#[derive(uniffi::Object, Default)]
pub struct HostedCall(Mutex<Handover>);

#[derive(Default)]
enum Handover {
    #[default]
    Waiting,
    Answered {
        status: u16,
        headers: Vec<Header>,
        body: Chunks,
    },
    Left,
}

#[uniffi::export]
impl HostedCall {
    /// Hands the answer over. Where the caller has left, its body is released at once; and so is one that another answer follows.
    pub fn answer(&self, answer: HostedAnswer) {
        let answered =
            Handover::Answered { status: answer.status, headers: answer.headers, body: Chunks::new(answer.body) };
        let mut handover = self.handover();
        let replaced = match *handover {
            Handover::Left => answered,
            _ => std::mem::replace(&mut *handover, answered),
        };
        // The app's code runs when a body is released, and it may call again.
        drop(handover);
        drop(replaced);
    }
}

impl HostedCall {
    fn handover(&self) -> MutexGuard<'_, Handover> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was answered so far; from here on nothing more is taken.
    fn end(&self) -> Handover {
        std::mem::replace(&mut *self.handover(), Handover::Left)
    }
}

/// Ends the call when its caller leaves, wherever it stands.
struct Ends(Arc<HostedCall>);

impl Drop for Ends {
    fn drop(&mut self) {
        drop(self.0.end());
    }
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
            let call = Ends(Arc::default());
            self.0.send(request, call.0.clone()).await.map_err(|failure| not_sent(failure.into_error()))?;
            let Handover::Answered { status, headers, body } = call.0.end() else {
                return Err(not_sent(Error::new(ErrorKind::Broken, "the hosted provider ended without an answer")));
            };
            let status = StatusCode::from_u16(status)
                .map_err(|_| not_sent(Error::new(ErrorKind::Broken, format!("{status} is not an HTTP status"))))?;
            let headers = headers::parsed(headers).map_err(not_sent)?;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Released(AtomicUsize);

    #[async_trait::async_trait]
    impl HostedBody for Released {
        async fn next(&self) -> Result<Option<Vec<u8>>, Failure> {
            Ok(None)
        }

        fn release(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn answered(call: &HostedCall) -> Arc<Released> {
        let body = Arc::new(Released::default());
        call.answer(HostedAnswer { status: 200, headers: Vec::new(), body: body.clone() });
        body
    }

    fn releases(body: &Released) -> usize {
        body.0.load(Ordering::SeqCst)
    }

    #[test]
    fn an_answer_that_comes_after_its_caller_left_is_released() {
        let call = Arc::new(HostedCall::default());
        drop(Ends(call.clone()));
        assert_eq!(releases(&answered(&call)), 1);
    }

    #[test]
    fn an_answer_that_nobody_took_is_released_when_its_caller_leaves() {
        let call = Arc::new(HostedCall::default());
        let leaving = Ends(call.clone());
        let body = answered(&call);
        assert_eq!(releases(&body), 0);
        drop(leaving);
        assert_eq!(releases(&body), 1);
    }

    #[test]
    fn the_last_of_two_answers_counts_and_the_first_is_released() {
        let call = HostedCall::default();
        let (first, second) = (answered(&call), answered(&call));
        assert_eq!((releases(&first), releases(&second)), (1, 0));
        let taken = call.end();
        assert_eq!(releases(&second), 0);
        drop(taken);
        assert_eq!(releases(&second), 1);
    }
}
