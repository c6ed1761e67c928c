//! The one error type. Upstream failures are answers, not errors: what is thrown is misuse, and what a body yields when
//! its stream breaks.

use std::fmt;

/// What went wrong, as a stable word that is the same in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration cannot work. [`Error::field`] names the key.
    Config,
    /// A call's argument is not acceptable. [`Error::field`] names it.
    InvalidRequest,
    /// The gateway was closed before this call.
    Closed,
    /// No log has this id.
    LogNotFound,
    /// The model's vocabulary is not known, so its tokens cannot be counted.
    UnknownModel,
    /// The log store could not do what was asked.
    Storage,
    /// No connection to the upstream: nothing was sent.
    Connect,
    /// No connection to the upstream within its time: nothing was sent.
    ConnectTimeout,
    /// The upstream did not answer in time.
    Timeout,
    /// The connection broke, or the answer ended without its end marker.
    Broken,
    /// The answer is larger than a configured bound.
    TooLarge,
}

impl ErrorKind {
    /// Every kind, in the order of the table in the reference.
    pub const ALL: [ErrorKind; 11] = [
        Self::Config,
        Self::InvalidRequest,
        Self::Closed,
        Self::LogNotFound,
        Self::UnknownModel,
        Self::Storage,
        Self::Connect,
        Self::ConnectTimeout,
        Self::Timeout,
        Self::Broken,
        Self::TooLarge,
    ];

    /// The stable word that every language uses (`error.kind` in Python, `error.code` in Node).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InvalidRequest => "invalid_request",
            Self::Closed => "closed",
            Self::LogNotFound => "log_not_found",
            Self::UnknownModel => "unknown_model",
            Self::Storage => "storage",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooLarge => "too_large",
        }
    }

    /// Who can mend it.
    #[must_use]
    pub fn source(self) -> Source {
        match self {
            Self::Config | Self::InvalidRequest | Self::Closed | Self::LogNotFound | Self::UnknownModel => {
                Source::Caller
            }
            Self::Storage | Self::TooLarge => Source::Gateway,
            Self::Connect | Self::ConnectTimeout | Self::Timeout | Self::Broken => Source::Upstream,
        }
    }

    /// Whether the same call may succeed later without a change.
    #[must_use]
    pub fn retryable(self) -> bool {
        matches!(self, Self::Storage | Self::Connect | Self::ConnectTimeout | Self::Timeout | Self::Broken)
    }
}

/// Whose side an error stems from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The program that calls the gateway.
    Caller,
    /// The gateway itself.
    Gateway,
    /// The provider, or the way to it.
    Upstream,
}

impl Source {
    /// `caller`, `gateway` or `upstream`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Gateway => "gateway",
            Self::Upstream => "upstream",
        }
    }
}

/// An error with its kind, the field it is about, and what to do next in its message.
///
/// ```
/// use tollhouse::{Config, ErrorKind};
/// let error = Config::from_json(r#"{"cache": {"tll": "1h"}}"#).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert_eq!(error.field(), Some("cache.tll"));
/// ```
#[derive(Clone)]
pub struct Error(Box<Parts>);

#[derive(Clone)]
struct Parts {
    kind: ErrorKind,
    message: String,
    field: Option<String>,
    status: Option<u16>,
    log_id: Option<String>,
}

impl Error {
    /// An error of `kind`; the message says what happened and what to do next.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts { kind, message: message.into(), field: None, status: None, log_id: None }))
    }

    /// A configuration error at `field` (a dotted path such as `limits.requests.per`).
    pub fn config(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message).at(field)
    }

    /// An unacceptable argument `field` of a call.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message).at(field)
    }

    /// Names the field that the error is about.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Adds the HTTP status that the upstream had answered with.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the id of the log that tells the whole story.
    #[must_use]
    pub fn with_log_id(mut self, log_id: impl Into<String>) -> Self {
        self.0.log_id = Some(log_id.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened and what to do next, without the field.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The configuration key or argument that the error is about.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The HTTP status, where the upstream had answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The log of the call that failed, where one was written.
    #[must_use]
    pub fn log_id(&self) -> Option<&str> {
        self.0.log_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.field {
            Some(field) if self.0.kind == ErrorKind::Config => write!(f, "config error at {field}: {}", self.0.message),
            Some(field) => write!(f, "{field}: {}", self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {self})", self.0.kind.code())
    }
}

impl std::error::Error for Error {}
