//! Errors, as plain fields: the types that users catch are made in each language.

use std::fmt;

use tollhouse::{Error, ErrorKind, Source};

/// What went wrong with a call.
#[derive(Debug, uniffi::Error)]
pub enum Failure {
    /// The one shape of all errors.
    Failed {
        /// The stable word of the kind.
        kind: String,
        /// What happened and what to do next. Kotlin's exceptions have a `message` of their own.
        detail: String,
        /// The configuration key or argument it is about.
        field: Option<String>,
        /// `caller`, `gateway` or `upstream`.
        source: String,
        /// The HTTP status, where the upstream had answered.
        status: Option<u16>,
        /// Whether the same call may succeed later.
        retryable: bool,
        /// The log that tells the whole story.
        log_id: Option<String>,
    },
}

impl Failure {
    /// A call that ended in a panic, so that whoever awaits it does not wait for ever.
    pub fn of_panic() -> Self {
        let message = "the gateway gave this call up because of a fault of its own; please report it";
        let mut failure = Self::from(Error::new(ErrorKind::Broken, message));
        let Self::Failed { source, .. } = &mut failure;
        Source::Gateway.code().clone_into(source);
        failure
    }

    /// What this build was made without.
    #[cfg_attr(
        all(feature = "server", feature = "testing", feature = "tokens"),
        expect(dead_code, reason = "nothing is left out")
    )]
    pub fn left_out(what: &str, feature: &str) -> Self {
        let message = format!("this build has no {what}; build the library with the feature `{feature}`");
        Error::new(ErrorKind::Config, message).into()
    }

    /// The error that core makes of a host's failure: its own words, and a kind that retries and fallbacks understand.
    pub fn into_error(self) -> Error {
        let Self::Failed { kind, detail, status, .. } = self;
        let kind = ErrorKind::ALL.into_iter().find(|known| known.code() == kind).unwrap_or(ErrorKind::Broken);
        let error = Error::new(kind, detail);
        match status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        Self::Failed {
            kind: kind.code().to_owned(),
            detail: error.to_string(),
            field: error.field().map(str::to_owned),
            source: kind.source().code().to_owned(),
            status: error.status(),
            retryable: kind.retryable(),
            log_id: error.log_id().map(str::to_owned),
        }
    }
}

/// A callback of the host that threw what it does not declare.
impl From<uniffi::UnexpectedUniFFICallbackError> for Failure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // Its words stay out: they may hold a key, or what the user asked.
        Error::new(ErrorKind::Broken, "a callback of the app threw what it does not declare").into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { detail, .. } = self;
        f.write_str(detail)
    }
}

impl std::error::Error for Failure {}

/// The stable words for all kinds of errors.
#[uniffi::export]
pub fn error_kinds() -> Vec<String> {
    ErrorKind::ALL.iter().map(|kind| kind.code().to_owned()).collect()
}
