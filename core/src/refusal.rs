//! What the gateway answers when it does not call, or could not reach, a provider.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::headers::response as name;
use crate::held::Standing;
use crate::message::{Body, Response};

/// Error codes of the reference's data plane.
pub(crate) mod code {
    pub(crate) const UNKNOWN_GATEWAY: u32 = 2001;
    pub(crate) const RATE_LIMITED: u32 = 2003;
    pub(crate) const NO_ANSWER: u32 = 2005;
    #[cfg(feature = "sqlite")]
    pub(crate) const NO_CREDIT: u32 = 2021;
    pub(crate) const SPEND_LIMIT: u32 = 2041;
    pub(crate) const UNKNOWN_PROVIDER: u32 = 2008;
    pub(crate) const BAD_BODY: u32 = 7000;
    pub(crate) const BAD_PARAMETER: u32 = 7001;
}

/// A word of the caller's as a message shows it. What is longer than a name is none, and may be anything: it is cut.
pub(crate) fn quoted(word: &str) -> String {
    const LONGEST_NAME: usize = 64;
    match word.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{:?}…", &word[..end]),
        None => format!("{word:?}"),
    }
}

/// An answer of the gateway's own.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Set when an upstream failed, for callers that raise their own error.
    pub(crate) failure: Option<Error>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new(), failure: None }
    }

    /// 400: the request itself cannot be served; `field` says where.
    pub(crate) fn bad(code: u32, field: &str, message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, format!("{field}: {message}"))
    }

    /// 429: the gateway's own limit. `retry-after` is in whole seconds, rounded up; without it the call would never pass.
    pub(crate) fn rate_limited(message: String, standing: &Standing, retry_after: Option<Duration>) -> Self {
        let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, code::RATE_LIMITED, message);
        refusal.headers.extend(standing.headers());
        refusal.headers.push(match retry_after {
            Some(wait) => {
                let seconds = u64::try_from(wait.as_micros().div_ceil(1_000_000)).unwrap_or(u64::MAX);
                (header::RETRY_AFTER, seconds.into())
            }
            None => (name::SHOULD_RETRY, HeaderValue::from_static("false")),
        });
        refusal
    }

    /// 504: the time for the whole call was over before an answer began.
    pub(crate) fn out_of_time(total: Duration) -> Self {
        let text =
            format!("the call's whole time of {} ms (timeouts.total) was over before an answer", total.as_millis());
        let mut refusal = Self::new(StatusCode::GATEWAY_TIMEOUT, code::NO_ANSWER, text.clone());
        refusal.failure = Some(Error::new(ErrorKind::Timeout, text));
        refusal
    }

    /// 504: nothing may be sent, and nothing is kept that may be given (RFC 9111, 5.2.1.7).
    pub(crate) fn not_cached() -> Self {
        let message = "cache-control: only-if-cached, and no kept answer may be given. Nothing was sent.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, code::NO_ANSWER, message)
    }

    /// The same, with `place` in front of the message.
    pub(crate) fn under(mut self, place: &str) -> Self {
        self.message.insert_str(0, place);
        self
    }

    /// The body is one of the reference's gateway errors: `error` is an array.
    pub(crate) fn into_response(self) -> Response {
        self.told_as(json!({}))
    }

    /// The same for callers whose clients look for an error of their own shape: `own` are the members that they read, and the
    /// gateway's stand beside them.
    pub(crate) fn told_as(self, own: Value) -> Response {
        let mut body = json!({
            "success": false,
            "result": [],
            "messages": [],
            "error": [{"code": self.code, "message": self.message}],
            "name": "AiGatewayError",
            "httpCode": self.status.as_u16(),
            "internalCode": self.code,
            "message": self.message,
        });
        if let (Value::Object(body), Value::Object(own)) = (&mut body, own) {
            body.extend(own);
        }
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.headers);
        Response { status: self.status, headers, body: Body::full(body.to_string()), failure: self.failure }
    }
}

impl Response {
    /// A refusal by what stands before the gateway, such as a server, in the form of the gateway's own: `code` is one of
    /// the reference's error codes.
    #[must_use]
    pub fn refused(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Refusal::new(status, code, message).into_response()
    }
}
