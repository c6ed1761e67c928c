//! Bedrock's errors as OpenAI's.
//! Names: <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>, and those of Converse.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::super::completion::{ErrorBody, ErrorObject, write_event};
use crate::error::{Error, ErrorKind};

#[derive(Default, Deserialize)]
struct Failure {
    #[serde(alias = "Message", default)]
    message: Option<String>,
}

/// The body of an error answer. Which error it is stands in a header; the status tells nearly as much.
pub(super) fn body(status: StatusCode, body: &[u8]) -> Bytes {
    let failure: Failure = serde_json::from_slice(body).unwrap_or_default();
    let message = failure
        .message
        .unwrap_or_else(|| format!("the provider answered with status {status} and no error in its own format"));
    let (kind, code) = of_status(status.as_u16());
    let error = ErrorObject { message: &message, kind, param: (), code };
    serde_json::to_vec(&ErrorBody { error, request_id: None }).expect("this shape has string keys only").into()
}

/// Writes the event that ends a stream because Bedrock told of an exception in it. What it says may repeat a prompt: the log
/// goes without it.
pub(super) fn reported(exception: &str, payload: &str, out: &mut Vec<u8>) -> Error {
    let failure: Failure = serde_json::from_str(payload).unwrap_or_default();
    let message = failure.message.as_deref().unwrap_or("the provider gave no reason");
    let (kind, code) = of_status(match exception {
        "throttlingException" => 429,
        "validationException" => 400,
        "serviceUnavailableException" => 503,
        "modelTimeoutException" => 408,
        _ => 500,
    });
    write_event(out, &ErrorBody { error: ErrorObject { message, kind, param: (), code }, request_id: None });
    let name = code.unwrap_or("an error");
    Error::new(ErrorKind::Broken, format!("the provider broke off its answer with {name}; its last event says why"))
}

fn of_status(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 | 403 => ("invalid_request_error", Some("permission_error")),
        404 => ("invalid_request_error", Some("model_not_found")),
        408 => ("server_error", Some("timeout_error")),
        429 => ("rate_limit_error", Some("rate_limit_exceeded")),
        400..=499 => ("invalid_request_error", None),
        503 => ("server_error", Some("overloaded_error")),
        _ => ("server_error", Some("internal_error")),
    }
}
