//! OpenAI's errors as Anthropic's.
//! Names: <https://platform.claude.com/docs/en/api/errors>, <https://platform.openai.com/docs/guides/error-codes>.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::written::Written;

/// OpenAI's error object, as far as providers keep to it.
#[derive(Default, Deserialize)]
pub(super) struct Failure {
    #[serde(default)]
    message: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    code: Option<Box<RawValue>>,
    #[serde(default)]
    param: Option<Box<RawValue>>,
}

impl Failure {
    /// Reads it from what stands under `error`: an object, or with some servers a text.
    pub(super) fn read(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get())
            .unwrap_or_else(|_| Self { message: serde_json::from_str(raw.get()).ok(), ..Self::default() })
    }

    fn code(&self) -> String {
        let code = self.code.as_ref().map(|code| code.get()).unwrap_or_default();
        serde_json::from_str(code).unwrap_or_else(|_| code.to_owned())
    }

    /// Anthropic's word for it, which stands for a status; the code tells apart what has one status.
    fn name(&self, status: Option<StatusCode>) -> &'static str {
        let code = self.code();
        match code.as_str() {
            "insufficient_quota" | "billing_error" | "402" => return "billing_error",
            "overloaded_error" => return "overloaded_error",
            "timeout_error" => return "timeout_error",
            "rate_limit_exceeded" => return "rate_limit_error",
            "invalid_api_key" => return "authentication_error",
            "permission_error" => return "permission_error",
            "model_not_found" => return "not_found_error",
            "context_length_exceeded" => return "invalid_request_error",
            _ => {}
        }
        match (status.map(|status| status.as_u16()), self.kind.as_deref()) {
            (Some(status), _) => of_status(status),
            (None, Some("rate_limit_error")) => "rate_limit_error",
            (None, Some("invalid_request_error")) => "invalid_request_error",
            (None, _) => "api_error",
        }
    }

    /// The whole body. `code` and `param` are not Anthropic's: they tell what its names do not.
    pub(super) fn body(&self, status: Option<StatusCode>) -> Written {
        let message = self.message.as_deref().unwrap_or("the provider gave no reason");
        let error = Written::of(self.name(status))
            .with("message", message)
            .with_some("code", self.code.as_ref().filter(|code| code.get() != "null"))
            .with_some("param", self.param.as_ref().filter(|param| param.get() != "null"));
        Written::of("error").with("error", error)
    }
}

/// The body of an error answer.
pub(super) fn body(status: StatusCode, chat: &[u8]) -> Bytes {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        error: Option<&'a RawValue>,
        /// Where servers of their own kind put their reason (Mistral, Cohere).
        message: Option<String>,
        request_id: Option<String>,
    }
    let answer: Option<Answer<'_>> = serde_json::from_slice(chat).ok();
    let request_id = answer.as_ref().and_then(|answer| answer.request_id.clone());
    let failure = match answer {
        Some(Answer { error: Some(raw), .. }) => Failure::read(raw),
        Some(Answer { message: Some(message), .. }) => Failure { message: Some(message), ..Failure::default() },
        _ => {
            let message = format!("the provider answered with status {status} and no error in its own format");
            Failure { message: Some(message), ..Failure::default() }
        }
    };
    failure.body(Some(status)).with_some("request_id", request_id).to_bytes().into()
}

/// What the gateway itself refuses, as Anthropic would.
pub(in crate::provider) fn refused(status: StatusCode, message: &str) -> Value {
    json!({"type": "error", "error": {"type": of_status(status.as_u16()), "message": message}})
}

fn of_status(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        503 | 529 => "overloaded_error",
        _ => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, chat: &Value) -> Value {
        let body = body(StatusCode::from_u16(status).unwrap(), chat.to_string().as_bytes());
        serde_json::from_slice::<Value>(&body).unwrap()["error"].clone()
    }

    #[test]
    fn documented_codes_and_statuses_are_told_apart() {
        let error =
            |kind: &str, code: Value| json!({"error": {"message": "m", "type": kind, "param": null, "code": code}});
        let cases = [
            (400, error("invalid_request_error", json!(null)), "invalid_request_error"),
            (400, error("invalid_request_error", json!("context_length_exceeded")), "invalid_request_error"),
            (401, error("invalid_request_error", json!("invalid_api_key")), "authentication_error"),
            (403, error("x", json!(null)), "permission_error"),
            (404, error("invalid_request_error", json!("model_not_found")), "not_found_error"),
            (413, error("x", json!(null)), "request_too_large"),
            (429, error("rate_limit_error", json!("rate_limit_exceeded")), "rate_limit_error"),
            (429, error("insufficient_quota", json!("insufficient_quota")), "billing_error"),
            (402, json!({"error": {"message": "m", "code": 402}}), "billing_error"),
            (500, error("server_error", json!(null)), "api_error"),
            (503, error("server_error", json!(null)), "overloaded_error"),
            (504, json!({"message": "m"}), "timeout_error"),
            (422, json!({"error": "m"}), "invalid_request_error"),
        ];
        for (status, chat, name) in cases {
            let error = told(status, &chat);
            assert_eq!((&error["type"], &error["message"]), (&json!(name), &json!("m")), "{status} {chat}");
        }
        let error = told(400, &json!({"error": {"message": "m", "type": "x", "param": "p", "code": "c"}}));
        assert_eq!((&error["code"], &error["param"]), (&json!("c"), &json!("p")));
    }

    #[test]
    fn a_body_of_another_kind_is_told_by_its_status() {
        let body = body(StatusCode::BAD_GATEWAY, b"<html>sk-secret</html>");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["type"], "api_error");
        assert!(!body.to_string().contains("sk-secret"));
    }
}
