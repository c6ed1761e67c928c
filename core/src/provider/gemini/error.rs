//! Gemini's errors as OpenAI's.
//! Names: <https://cloud.google.com/apis/design/errors>, <https://ai.google.dev/gemini-api/docs/troubleshooting>,
//! <https://platform.openai.com/docs/guides/error-codes>.

use bytes::Bytes;
use http::StatusCode;

use super::super::completion::{ErrorBody, ErrorObject, write_event};
use super::wire::{ErrorAnswer, Failure};
use crate::error::{Error, ErrorKind};

/// The body of an error answer. One that is not Gemini's, say of a proxy on the way, is told by its status alone.
pub(super) fn body(status: StatusCode, body: &[u8]) -> Bytes {
    let answer = serde_json::from_slice(body).unwrap_or_else(|_| ErrorAnswer {
        error: Failure {
            message: format!("the provider answered with status {status} and no error in its own format"),
            status: if status.is_server_error() { "INTERNAL" } else { "INVALID_ARGUMENT" }.to_owned(),
            details: Vec::new(),
        },
    });
    let openai = ErrorBody { error: object(&answer.error), request_id: None };
    serde_json::to_vec(&openai).expect("this shape has string keys only").into()
}

/// Writes the event that ends a stream because Gemini reported a failure in it. What it says is the caller's to read: it
/// may repeat a prompt or a key, so the error, which goes into the log, leaves it out.
pub(super) fn reported(failure: &Failure, out: &mut Vec<u8>) -> Error {
    write_event(out, &ErrorBody { error: object(failure), request_id: None });
    let (_, code) = openai_names(failure);
    let name = code.unwrap_or("an error");
    Error::new(ErrorKind::Broken, format!("the provider broke off its answer with {name}; its last event says why"))
}

fn object(failure: &Failure) -> ErrorObject<'_> {
    let (kind, code) = openai_names(failure);
    ErrorObject { message: &failure.message, kind, param: (), code }
}

/// OpenAI's `type` and `code`. A wrong key comes as an invalid argument: only the detail tells.
fn openai_names(failure: &Failure) -> (&'static str, Option<&'static str>) {
    let reason = |reason: &str| failure.details.iter().any(|detail| detail.reason.as_deref() == Some(reason));
    match failure.status.as_str() {
        _ if reason("API_KEY_INVALID") => ("invalid_request_error", Some("invalid_api_key")),
        "UNAUTHENTICATED" => ("invalid_request_error", Some("invalid_api_key")),
        "PERMISSION_DENIED" => ("invalid_request_error", Some("permission_error")),
        "NOT_FOUND" => ("invalid_request_error", Some("model_not_found")),
        "FAILED_PRECONDITION" => ("invalid_request_error", Some("failed_precondition")),
        "OUT_OF_RANGE" => ("invalid_request_error", Some("out_of_range")),
        "RESOURCE_EXHAUSTED" => ("rate_limit_error", Some("rate_limit_exceeded")),
        "INTERNAL" => ("server_error", Some("internal_error")),
        "UNAVAILABLE" => ("server_error", Some("overloaded_error")),
        "DEADLINE_EXCEEDED" => ("server_error", Some("timeout_error")),
        "CANCELLED" => ("server_error", Some("cancelled")),
        _ => ("invalid_request_error", None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn documented_names_are_told_apart() {
        for (status, reason, names) in [
            ("INVALID_ARGUMENT", "x", json!(["invalid_request_error", null])),
            ("INVALID_ARGUMENT", "API_KEY_INVALID", json!(["invalid_request_error", "invalid_api_key"])),
            ("UNAUTHENTICATED", "x", json!(["invalid_request_error", "invalid_api_key"])),
            ("PERMISSION_DENIED", "x", json!(["invalid_request_error", "permission_error"])),
            ("NOT_FOUND", "x", json!(["invalid_request_error", "model_not_found"])),
            ("RESOURCE_EXHAUSTED", "x", json!(["rate_limit_error", "rate_limit_exceeded"])),
            ("UNAVAILABLE", "x", json!(["server_error", "overloaded_error"])),
            ("DEADLINE_EXCEEDED", "x", json!(["server_error", "timeout_error"])),
        ] {
            let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]);
            let answer = json!({"error": {"code": 400, "message": "m", "status": status, "details": details}});
            let openai = body(StatusCode::BAD_REQUEST, answer.to_string().as_bytes());
            let openai: Value = serde_json::from_slice(&openai).unwrap();
            assert_eq!(openai["error"]["message"], "m");
            assert_eq!(json!([openai["error"]["type"], openai["error"]["code"]]), names, "{status}");
        }
    }

    #[test]
    fn a_body_of_another_kind_is_told_by_its_status() {
        let openai: Value = serde_json::from_slice(&body(StatusCode::BAD_GATEWAY, b"<html>canary")).unwrap();
        assert_eq!(openai["error"]["type"], "server_error");
        assert!(openai["error"]["message"].as_str().unwrap().contains("502"));
        assert!(!openai.to_string().contains("canary"));
    }
}
