//! What kind of failure an answer is. Where providers document a field for it, the field decides; texts are looked at only
//! where they are all there is.

use http::StatusCode;
use serde_json::Value;

use crate::record::Failure;

/// Codes that say "too long": OpenAI's and those of the many who speak its format.
const TOO_LONG: [&str; 3] = ["context_length_exceeded", "string_above_max_length", "request_too_large"];
/// Codes that say "not this content": OpenAI's two, and Azure's for its filter.
const REFUSED: [&str; 4] =
    ["content_policy_violation", "content_filter", "moderation_blocked", "ResponsibleAIPolicyViolation"];
/// Anthropic and Gemini have no field for it: docs.claude.com/en/api/errors, ai.google.dev/gemini-api/docs/troubleshooting.
const TOO_LONG_TEXTS: [&str; 3] =
    ["prompt is too long", "exceed context limit", "exceeds the maximum number of tokens allowed"];

/// The kind of an answer with a status of 400 or more.
pub(crate) fn classify(status: StatusCode, body: &[u8]) -> Failure {
    match status.as_u16() {
        429 => Failure::RateLimit,
        408 | 425 | 500.. => Failure::Outage,
        401..=403 => Failure::Auth,
        404 => Failure::NotFound,
        413 => Failure::ContextWindow,
        _ => by_body(body),
    }
}

fn by_body(body: &[u8]) -> Failure {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    // Gemini's endpoint in OpenAI's format wraps its errors in a list.
    let error = &body.get(0).unwrap_or(&body)["error"];
    let fields = [&error["code"], &error["type"], &error["innererror"]["code"]];
    let says = |codes: &[&str]| fields.iter().filter_map(|field| field.as_str()).any(|code| codes.contains(&code));
    if says(&TOO_LONG) {
        return Failure::ContextWindow;
    }
    if says(&REFUSED) {
        return Failure::Refusal;
    }
    let message = error["message"].as_str().unwrap_or_default();
    if TOO_LONG_TEXTS.iter().any(|text| message.contains(text)) { Failure::ContextWindow } else { Failure::Request }
}

/// Whether a whole answer in OpenAI's shape is a refusal: `finish_reason` or `refusal` say so. Anthropic's `stop_reason`
/// has become `finish_reason` by then.
pub(crate) fn is_refusal(body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let refused = |choice: &Value| {
        choice["finish_reason"] == "content_filter"
            || choice["message"]["refusal"].as_str().is_some_and(|text| !text.is_empty())
    };
    body["choices"].as_array().is_some_and(|choices| !choices.is_empty() && choices.iter().all(refused))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documented_fields_decide() {
        for (status, body, failure) in [
            (
                400,
                json!({"error": {"code": "context_length_exceeded", "type": "invalid_request_error"}}),
                Failure::ContextWindow,
            ),
            (
                400,
                json!({"error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}}),
                Failure::ContextWindow,
            ),
            (
                400,
                json!([{"error": {"code": 400, "message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}]),
                Failure::ContextWindow,
            ),
            (
                400,
                json!({"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
                Failure::Refusal,
            ),
            (400, json!({"error": {"code": "content_policy_violation"}}), Failure::Refusal),
            (400, json!({"error": {"message": "messages: prompt is required"}}), Failure::Request),
            (422, json!("context_length_exceeded"), Failure::Request),
            (401, json!({}), Failure::Auth),
            (402, json!({}), Failure::Auth),
            (404, json!({}), Failure::NotFound),
            (413, json!({}), Failure::ContextWindow),
            (429, json!({"error": {"code": "context_length_exceeded"}}), Failure::RateLimit),
            (503, json!({}), Failure::Outage),
            (529, json!({}), Failure::Outage),
        ] {
            let code = StatusCode::from_u16(status).unwrap();
            assert_eq!(classify(code, body.to_string().as_bytes()), failure, "{status} {body}");
        }
    }

    #[test]
    fn refusals_are_told_by_fields() {
        let refused = |choices: Value| is_refusal(json!({"choices": choices}).to_string().as_bytes());
        assert!(refused(json!([{"finish_reason": "content_filter", "message": {"content": ""}}])));
        assert!(refused(json!([{"finish_reason": "stop", "message": {"refusal": "I cannot help with that."}}])));
        assert!(!refused(json!([{"finish_reason": "stop", "message": {"content": "I cannot.", "refusal": null}}])));
        assert!(!refused(json!([])) && !is_refusal(b"x"));
    }
}
