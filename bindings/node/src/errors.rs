//! Errors, as plain fields: the class that users catch is made in JavaScript.

use napi_derive::napi;
use tollhouse::{Error, ErrorKind, Source};

/// What went wrong with a call.
#[napi(object, object_from_js = false)]
pub struct Failure {
    /// The stable word of the kind.
    pub code: &'static str,
    /// What happened and what to do next.
    pub message: String,
    /// The configuration key or argument it is about.
    pub field: Option<String>,
    /// `caller`, `gateway` or `upstream`.
    pub source: &'static str,
    /// The HTTP status, where the upstream had answered.
    pub status: Option<u16>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The log that tells the whole story.
    pub log_id: Option<String>,
}

impl Failure {
    /// A call that ended in a panic, so that its promise does not wait for ever.
    pub fn of_panic() -> Self {
        let message = "the gateway gave this call up because of a fault of its own; please report it";
        Self { source: Source::Gateway.code(), ..Self::from(Error::new(ErrorKind::Broken, message)) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: error.kind().code(),
            message: error.to_string(),
            field: error.field().map(str::to_owned),
            source: error.kind().source().code(),
            status: error.status(),
            retryable: error.kind().retryable(),
            log_id: error.log_id().map(str::to_owned),
        }
    }
}
