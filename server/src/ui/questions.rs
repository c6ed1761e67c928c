//! What the pages ask: the gateway's own methods by name, with their parameters as a JSON object.

use bytes::Bytes;
use serde_json::{Value, json};
use tollhouse::{Error, ErrorKind, Gateway, LogQuery, Payload};

use crate::refused::Refused;

const JSON: &str = "application/json";
/// Bodies of providers are shown as text, whatever they are, so that no browser runs them.
const TEXT: &str = "text/plain; charset=utf-8";

/// The content type and the content of an answer.
pub(super) async fn answer(gateway: &Gateway, question: &str, body: &[u8]) -> Result<(&'static str, Bytes), Refused> {
    let with: Value = serde_json::from_slice(body)
        .map_err(|error| Refused::bad(format!("body: must be a JSON object of the parameters: {error}")))?;
    let text = |parameter: &str| with[parameter].as_str().unwrap_or_default();
    if question == "log_payload" {
        let part = if text("part") == "request" { Payload::Request } else { Payload::Response };
        let payload = gateway.log_payload(text("log_id"), part).await.map_err(|error| refused(&error))?;
        return Ok((TEXT, payload));
    }
    let told = match question {
        "logs" => to_json(gateway.logs(&with["query"]).await),
        "usage" => to_json(gateway.usage(&with["query"]).await),
        "get_log" => gateway.get_log(text("log_id")).await,
        "explain" => gateway.explain(text("log_id")).await,
        "patch_log" => gateway.patch_log(text("log_id"), &with["patch"]).await.map(|()| Value::Null),
        "health" => to_json(gateway.health()),
        "config" => to_json(Ok(gateway.config())),
        "about" => Ok(
            json!({"gateway": gateway.config().id, "version": env!("CARGO_PKG_VERSION"), "filters": LogQuery::filter_keys()}),
        ),
        _ => return Err(Refused::not_found("path: there is no such question")),
    };
    Ok((JSON, told.map_err(|error| refused(&error))?.to_string().into()))
}

fn to_json(told: Result<impl serde::Serialize, Error>) -> Result<Value, Error> {
    Ok(serde_json::to_value(told?).expect("a report is JSON"))
}

fn refused(error: &Error) -> Refused {
    match error.kind() {
        ErrorKind::LogNotFound => Refused::not_found(error.to_string()),
        ErrorKind::InvalidRequest => Refused::bad(error.to_string()),
        _ => Refused::unavailable(error.to_string()),
    }
}
