//! The seam between one-shape chat and the providers that speak another format.

use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::error::Error;

/// How an OpenAI chat-completions call is carried to a provider of another format, and its answer back.
///
/// Pure: no clock, no network. One value serves all calls.
pub(crate) trait Translation: Send + Sync {
    /// The provider's own request for an OpenAI-shaped chat body whose `model` is already without its provider prefix.
    fn request(&self, body: &[u8]) -> Result<Translated, Untranslatable>;

    /// A whole answer in OpenAI's shape, to be sent on with the same status: a chat completion, or an error body where
    /// `status` is not a success. `created_s` is the time of the answer in Unix seconds.
    ///
    /// # Errors
    /// [`Broken`](crate::error::ErrorKind::Broken) when a successful answer is not what the provider documents.
    fn response(&self, status: StatusCode, body: &[u8], created_s: u64) -> Result<Bytes, Error>;

    /// A decoder for one streamed answer. `created_s` is the time of the answer in Unix seconds; `include_usage` is
    /// what [`Translated::include_usage`] said.
    fn stream(&self, created_s: u64, include_usage: bool) -> Box<dyn StreamDecoder>;
}

/// Turns the bytes of a provider's event stream into the events of OpenAI's, wherever they are cut.
pub(crate) trait StreamDecoder: Send {
    /// Takes the next bytes and appends what they complete to `out`.
    ///
    /// # Errors
    /// When the stream is not what the provider documents or reports a failure of its own. What `out` holds then,
    /// an error event last, is still to be passed on. No later call succeeds.
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// [`Broken`](crate::error::ErrorKind::Broken) when the provider's end marker was not seen; `out` then gets an
    /// error event and no `[DONE]`.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;
}

/// A call in the provider's own format.
#[derive(Debug)]
pub(crate) struct Translated {
    /// The provider's path, from its root, with its query if it has one.
    pub(crate) path: String,
    /// The provider's body.
    pub(crate) body: Bytes,
    /// Headers that the provider needs; each is to be set only where the caller has not set it.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// What could not be carried as it was.
    pub(crate) changes: Vec<Change>,
    /// Whether a streamed answer is to end with a chunk of its usage.
    pub(crate) include_usage: bool,
}

/// A field of the caller's that was left out, added or altered on the way. Nothing is dropped without one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// Where in the caller's body, such as `messages[2].name`. Its words come from the caller.
    pub(crate) path: String,
    /// What was done, and why.
    pub(crate) reason: &'static str,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// A call that cannot be carried: the provider is not called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untranslatable {
    /// Where in the caller's body, such as `messages[2].content[0].type`; empty for the body itself.
    pub(crate) field: String,
    /// What is wrong and what to do instead. It never repeats the caller's content.
    pub(crate) message: String,
}

impl Untranslatable {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl From<Untranslatable> for Error {
    fn from(fault: Untranslatable) -> Self {
        Error::invalid(fault.field, fault.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_cannot_be_carried_is_the_callers_error_with_its_field() {
        let error = Error::from(Untranslatable::new("messages[0].role", "no such role"));
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("messages[0].role")));
    }
}
