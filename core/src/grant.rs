//! Tokens for keys that are not sent themselves: asked for at the provider's token server, and kept as long as they hold.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::keys::{Asking, KeySource, Keyring};
use crate::message::{ByteStream, Deadlines};
use crate::provider::{Grant, token};
use crate::transport::{Transport, UpstreamRequest};

/// No token server says more.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// So many grants at once are remembered; callers may bring ones of their own.
const MAX_GRANTS: usize = 1_000;

/// The tokens of one gateway's grants.
pub(crate) struct Grants {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    keyrings: Mutex<HashMap<[u8; 32], Arc<Keyring>>>,
}

impl Grants {
    pub(crate) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { transport, clock, keyrings: Mutex::default() }
    }

    /// Where the tokens of `grant` are kept.
    pub(crate) fn keyring(&self, grant: &Arc<Grant>) -> Arc<Keyring> {
        let digest = grant.digest();
        let mut keyrings = self.keyrings.lock().unwrap_or_else(PoisonError::into_inner);
        if keyrings.len() >= MAX_GRANTS && !keyrings.contains_key(&digest) {
            keyrings.clear();
        }
        let asked = || {
            let (transport, clock) = (self.transport.clone(), self.clock.clone());
            Arc::new(Keyring::new(Arc::new(TokenServer { grant: grant.clone(), transport, clock }), self.clock.clone()))
        };
        keyrings.entry(digest).or_insert_with(asked).clone()
    }
}

/// Where one grant is exchanged for tokens.
struct TokenServer {
    grant: Arc<Grant>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl KeySource for TokenServer {
    fn key<'a>(&'a self, _: &'a str) -> Asking<'a> {
        Box::pin(async move {
            let question = self.grant.question(self.clock.now_us())?;
            let headers = [
                (ACCEPT, HeaderValue::from_static("application/json")),
                (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
            ];
            let request = UpstreamRequest {
                method: Method::POST,
                url: question.url,
                headers: HeaderMap::from_iter(headers),
                body: Bytes::from(question.form),
                deadlines: Deadlines::default(),
            };
            let answer = self.transport.send(request).await.map_err(|failed| unanswered(&failed.error))?;
            let body = whole(answer.body).await.map_err(|error| unanswered(&error))?;
            token(answer.status.as_u16(), &body).map(Some)
        })
    }
}

fn unanswered(error: &Error) -> Error {
    Error::new(ErrorKind::Connect, format!("the token server did not answer: {}", error.message()))
}

async fn whole(mut body: ByteStream) -> Result<Vec<u8>, Error> {
    let mut whole = Vec::new();
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        whole.extend_from_slice(&chunk?);
        if whole.len() > MAX_ANSWER_BYTES {
            return Err(Error::new(ErrorKind::Broken, "its answer is too large"));
        }
    }
    Ok(whole)
}
