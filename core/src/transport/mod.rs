//! The way to a provider: one trait, so that a test or another HTTP client can stand in.

mod http;
#[cfg(any(target_os = "android", test))]
mod roots;
mod tls;
mod watch;

use std::future::Future;
use std::pin::Pin;

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;

pub use self::http::HttpTransport;
pub(crate) use self::watch::watch;
use crate::error::Error;
use crate::message::{ByteStream, Deadlines};
use crate::record::AttemptState;

/// The provider's own request.
#[derive(Clone)]
pub struct UpstreamRequest {
    /// The HTTP method.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// Headers without those of the connection.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What the caller's SDK is ready to wait.
    pub deadlines: Deadlines,
}

impl std::fmt::Debug for UpstreamRequest {
    /// Headers, bodies, queries and what stands before a host may hold keys, so they are not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
        let user = authority.rfind('@').map_or(0, |at| at + 1);
        let url = format!("{scheme}://{}", &rest[user..]);
        f.debug_struct("UpstreamRequest").field("method", &self.method).field("url", &url).finish_non_exhaustive()
    }
}

/// The head of the provider's answer and its body to come.
pub struct UpstreamResponse {
    /// The provider's status.
    pub status: StatusCode,
    /// The provider's headers.
    pub headers: HeaderMap,
    /// Chunks as they arrive.
    pub body: ByteStream,
}

/// No answer came.
#[derive(Debug)]
pub struct TransportError {
    /// How far the request got.
    pub state: AttemptState,
    /// What happened: kind `Connect`, `Timeout` or `Broken`, without URL query or headers in its text.
    pub error: Error,
}

/// The future of one call.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<UpstreamResponse, TransportError>> + Send + 'a>>;

/// Sends one request. Dropping the future or the body ends the call.
pub trait Transport: Send + Sync {
    /// Sends `request` and ends when the answer's head is there.
    fn send(&self, request: UpstreamRequest) -> Sending<'_>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_no_key() {
        for url in ["https://sk-canary@host/a@b?key=sk-canary", "https://me:sk-canary@host/a@b", "https://host/a@b"] {
            let request = UpstreamRequest {
                method: Method::POST,
                url: url.to_owned(),
                headers: HeaderMap::from_iter([(::http::header::AUTHORIZATION, "sk-canary".parse().expect("a value"))]),
                body: Bytes::from_static(b"sk-canary"),
                deadlines: Deadlines::default(),
            };
            assert_eq!(format!("{request:?}"), r#"UpstreamRequest { method: POST, url: "https://host/a@b", .. }"#);
        }
    }
}
