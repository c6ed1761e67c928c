//! HTTP over reqwest, with one connection pool per tokio runtime.

use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;
use tokio::runtime::{Handle, Id};

use super::{Sending, Transport, TransportError, UpstreamRequest, UpstreamResponse, tls};
use crate::error::{Error, ErrorKind};
use crate::record::AttemptState;

/// Pools kept at once. A program with more runtimes than this only loses warm connections.
const MAX_POOLS: usize = 256;

/// The real thing. Nothing is opened before the first call.
///
/// A pooled connection is driven by the runtime that opened it, so each runtime has its own pool: a call never waits for
/// a runtime that nobody drives.
pub struct HttpTransport {
    connect_timeout: Duration,
    tls: OnceLock<Result<rustls::ClientConfig, String>>,
    pools: Mutex<Vec<Pool>>,
}

struct Pool {
    runtime: Id,
    connect_timeout: Duration,
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport that gives up on a connection after `connect_timeout`.
    #[must_use]
    pub fn new(connect_timeout: Duration) -> Self {
        Self { connect_timeout, tls: OnceLock::new(), pools: Mutex::new(Vec::new()) }
    }

    fn client(&self, deadline: Option<Duration>) -> Result<reqwest::Client, Error> {
        let runtime = Handle::try_current()
            .map_err(|_| Error::new(ErrorKind::InvalidRequest, "a call needs a tokio runtime; enter one first"))?
            .id();
        let connect_timeout = deadline.map_or(self.connect_timeout, |deadline| deadline.min(self.connect_timeout));
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.iter().find(|pool| pool.runtime == runtime && pool.connect_timeout == connect_timeout)
        {
            return Ok(pool.client.clone());
        }
        let client = self.build(connect_timeout)?;
        if pools.len() == MAX_POOLS {
            pools.remove(0);
        }
        pools.push(Pool { runtime, connect_timeout, client: client.clone() });
        Ok(client)
    }

    fn build(&self, connect_timeout: Duration) -> Result<reqwest::Client, Error> {
        let config = self.tls.get_or_init(tls::config).clone();
        let config =
            config.map_err(|reason| Error::new(ErrorKind::Connect, format!("TLS cannot be set up: {reason}")))?;
        reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .connect_timeout(connect_timeout)
            .tcp_nodelay(true)
            // A redirect could carry a key to another host; the provider's answer is passed on instead.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Connect, format!("the HTTP client cannot be built: {}", words(&error)))
            })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        Box::pin(async move {
            let not_sent = |error| TransportError { state: AttemptState::NotSent, error };
            let client = self.client(request.deadlines.connect).map_err(not_sent)?;
            let url = reqwest::Url::parse(&request.url).map_err(|error| {
                not_sent(Error::new(ErrorKind::InvalidRequest, format!("not a URL that can be called: {error}")))
            })?;
            // Built by hand: the builder would copy every header.
            let mut call = reqwest::Request::new(request.method, url);
            *call.headers_mut() = request.headers;
            if !request.body.is_empty() {
                *call.body_mut() = Some(request.body.into());
            }
            let answer = client.execute(call).await.map_err(|error| failed(&error))?;
            let mut answer: ::http::Response<reqwest::Body> = answer.into();
            let headers = std::mem::take(answer.headers_mut());
            Ok(UpstreamResponse { status: answer.status(), headers, body: Box::pin(Chunks(answer.into_body())) })
        })
    }
}

impl std::fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpTransport").field("connect_timeout", &self.connect_timeout).finish_non_exhaustive()
    }
}

struct Chunks(reqwest::Body);

impl Stream for Chunks {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return match std::task::ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                None => Poll::Ready(None),
                Some(Err(error)) => Poll::Ready(Some(Err(broken(&error)))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => continue,
                    Ok(data) => Poll::Ready(Some(Ok(data))),
                    Err(_trailers) => continue,
                },
            };
        }
    }
}

fn failed(error: &reqwest::Error) -> TransportError {
    let words = words(error);
    if error.is_connect() {
        let kind = if error.is_timeout() { ErrorKind::ConnectTimeout } else { ErrorKind::Connect };
        let error = Error::new(kind, format!("no connection to the provider: {words}"));
        return TransportError { state: AttemptState::NotSent, error };
    }
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Broken };
    let error = Error::new(kind, format!("the provider did not answer: {words}"));
    TransportError { state: AttemptState::MaybeProcessed, error }
}

fn broken(error: &reqwest::Error) -> Error {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Broken };
    Error::new(kind, format!("the answer broke off: {}", words(error)))
}

/// The innermost cause in words. The outer texts may hold the URL, and a URL's query may hold a key.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::eq(std::ptr::from_ref(cause).cast::<u8>(), std::ptr::from_ref(error).cast::<u8>()) {
        return "request failed".to_owned();
    }
    cause.to_string()
}
