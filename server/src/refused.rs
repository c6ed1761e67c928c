//! What is answered to a request that does not get as far as the gateway.

use axum::http::StatusCode;
use tollhouse::Response;

/// The reference's code for a missing or wrong credential.
const UNAUTHORIZED: u32 = 2009;
/// The reference's code for a body that cannot be read.
const BAD_BODY: u32 = 7000;
/// The reference's code for a request that is not formed as it must be.
const BAD_REQUEST: u32 = 7001;

/// A refusal, in the form of the reference's gateway errors. Its message names the part of the request and the remedy.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    code: u32,
    message: String,
}

impl Refused {
    /// 400: the question cannot be answered as it is.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: BAD_REQUEST, message: message.into() }
    }

    /// 401: the request does not show what it must.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, code: UNAUTHORIZED, message: message.into() }
    }

    /// 403: whoever sends this is not served at all.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: UNAUTHORIZED, message: message.into() }
    }

    /// 404: nothing is at this path.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: BAD_REQUEST, message: message.into() }
    }

    /// 413: the body is larger than is taken.
    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, code: BAD_BODY, message: message.into() }
    }

    /// 503: the gateway does not take calls any more.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code: BAD_BODY, message: message.into() }
    }
}

impl From<Refused> for Response {
    fn from(refused: Refused) -> Self {
        Self::refused(refused.status, refused.code, refused.message)
    }
}
