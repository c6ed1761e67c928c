//! Anthropic's errors as OpenAI's.
//! Names: <https://platform.claude.com/docs/en/api/errors>, <https://platform.openai.com/docs/guides/error-codes>.

use bytes::Bytes;
use http::StatusCode;

use super::super::completion::{ErrorBody, ErrorObject, write_event};
use super::wire::{ErrorAnswer, Failure};
use crate::error::{Error, ErrorKind};

/// The body of an error answer. One that is not Anthropic's, say of a proxy on the way, is told by its status alone.
pub(super) fn body(status: StatusCode, body: &[u8]) -> Bytes {
    let answer = serde_json::from_slice(body).unwrap_or_else(|_| ErrorAnswer {
        error: Failure {
            kind: if status.is_server_error() { "api_error" } else { "invalid_request_error" }.to_owned(),
            message: format!("the provider answered with status {status} and no error in its own format"),
        },
        request_id: None,
    });
    let openai = ErrorBody { error: object(&answer.error), request_id: answer.request_id.as_deref() };
    serde_json::to_vec(&openai).expect("this shape has string keys only").into()
}

/// Writes the event that ends a stream because Anthropic reported a failure in it. What it says is the caller's to read:
/// it may repeat a prompt or a key, so the error, which goes into the log, leaves it out.
pub(super) fn reported(failure: &Failure, out: &mut Vec<u8>) -> Error {
    write_event(out, &ErrorBody { error: object(failure), request_id: None });
    // Only names that are known have a code.
    let (_, code) = openai_names(&failure.kind);
    let name = code.unwrap_or("an error");
    Error::new(ErrorKind::Broken, format!("the provider broke off its answer with {name}; its last event says why"))
}

fn object(failure: &Failure) -> ErrorObject<'_> {
    let (kind, code) = openai_names(&failure.kind);
    ErrorObject { message: &failure.message, kind, param: (), code }
}

/// OpenAI's `type` and `code`. Where OpenAI has no word of its own for the code, Anthropic's stays, so that nothing that
/// Anthropic tells apart becomes one.
fn openai_names(anthropic: &str) -> (&str, Option<&str>) {
    match anthropic {
        "invalid_request_error" => ("invalid_request_error", None),
        "authentication_error" => ("invalid_request_error", Some("invalid_api_key")),
        "not_found_error" => ("invalid_request_error", Some("model_not_found")),
        "permission_error" | "request_too_large" => ("invalid_request_error", Some(anthropic)),
        "billing_error" => ("insufficient_quota", Some("insufficient_quota")),
        "rate_limit_error" => ("rate_limit_error", Some("rate_limit_exceeded")),
        "api_error" | "overloaded_error" | "timeout_error" => ("server_error", Some(anthropic)),
        other => (other, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn openai(status: u16, answer: &[u8]) -> Value {
        serde_json::from_slice(&body(StatusCode::from_u16(status).unwrap(), answer)).unwrap()
    }

    #[test]
    fn documented_names_are_told_apart() {
        let kinds = [
            ("invalid_request_error", json!(["invalid_request_error", null])),
            ("authentication_error", json!(["invalid_request_error", "invalid_api_key"])),
            ("permission_error", json!(["invalid_request_error", "permission_error"])),
            ("not_found_error", json!(["invalid_request_error", "model_not_found"])),
            ("request_too_large", json!(["invalid_request_error", "request_too_large"])),
            ("billing_error", json!(["insufficient_quota", "insufficient_quota"])),
            ("rate_limit_error", json!(["rate_limit_error", "rate_limit_exceeded"])),
            ("overloaded_error", json!(["server_error", "overloaded_error"])),
            ("timeout_error", json!(["server_error", "timeout_error"])),
            ("api_error", json!(["server_error", "api_error"])),
            ("a_new_error", json!(["a_new_error", null])),
        ];
        for (kind, names) in kinds {
            let answer = json!({"type": "error", "error": {"type": kind, "message": "m"}, "request_id": "req_1"});
            let body = openai(400, answer.to_string().as_bytes());
            assert_eq!(body["error"]["message"], "m");
            assert_eq!(body["error"]["param"], Value::Null);
            assert_eq!(body["request_id"], "req_1");
            assert_eq!(json!([body["error"]["type"], body["error"]["code"]]), names, "{kind}");
        }
    }

    #[test]
    fn a_body_of_another_kind_is_told_by_its_status() {
        let body = openai(502, b"<html>sk-secret</html>");
        assert_eq!((&body["error"]["type"], &body["error"]["code"]), (&json!("server_error"), &json!("api_error")));
        assert!(body["error"]["message"].as_str().unwrap().contains("502"));
        assert!(!body.to_string().contains("sk-secret"));
        assert_eq!(openai(404, b"")["error"]["type"], "invalid_request_error");
    }
}
