//! The reference's endpoints for logs, so that scripts written for them find the same at a local base URL:
//! `/client/v4/accounts/{account}/ai-gateway/gateways/{gateway}/logs`. Cloudflare API, "AI Gateway Logs".

mod query;

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};
use tollhouse::{Body, Error, ErrorKind, Gateway, Payload, Response};

/// What stands before the account.
const ROOT: &str = "/client/v4/accounts/";

/// The reference's codes: a parameter that cannot be read, and a log or body that is not there.
const BAD_PARAMETER: u32 = 7001;
const NOT_FOUND: u32 = 7002;
const INTERNAL: u32 = 7000;

/// Account, and what follows it, if `path` is one of these endpoints.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(ROOT)?.split_once('/')
}

/// The answer to a request that may come in; `rest` is what follows the account.
pub(crate) async fn answer(gateway: &Gateway, method: &Method, rest: &str, query: &str, body: &[u8]) -> Response {
    told(gateway, method, rest, query, body).await.unwrap_or_else(Failed::response)
}

async fn told(gateway: &Gateway, method: &Method, rest: &str, query: &str, body: &[u8]) -> Result<Response, Failed> {
    let nowhere = || {
        Failed::new(
            StatusCode::NOT_FOUND,
            NOT_FOUND,
            "no endpoint is at this path; logs are at ai-gateway/gateways/{gateway}/logs",
        )
    };
    let (id, logs) =
        rest.strip_prefix("ai-gateway/gateways/").and_then(|rest| rest.split_once('/')).ok_or_else(nowhere)?;
    if id != gateway.config().id {
        let message = format!("this server's gateway is {:?}, not {id:?}", gateway.config().id);
        return Err(Failed::new(StatusCode::NOT_FOUND, BAD_PARAMETER, &message));
    }
    let parts: Vec<_> = logs.trim_end_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        (&Method::GET, ["logs"]) => list(gateway, query).await,
        (&Method::DELETE, ["logs"]) => {
            gateway.delete_logs(&query::selection(query)?).await?;
            Ok(success(&json!({ "success": true })))
        }
        (&Method::GET, ["logs", id]) => Ok(success(&json!({ "success": true, "result": gateway.get_log(id).await? }))),
        (&Method::PATCH, ["logs", id]) => {
            let patch: Value = serde_json::from_slice(body).map_err(|error| {
                Failed::new(StatusCode::BAD_REQUEST, BAD_PARAMETER, &format!("body: no JSON: {error}"))
            })?;
            gateway.patch_log(id, &patch).await?;
            Ok(success(&json!({ "success": true, "result": {} })))
        }
        (&Method::GET, ["logs", id, part @ ("request" | "response")]) => {
            let part = if *part == "request" { Payload::Request } else { Payload::Response };
            // Without an envelope, and as text, so that no browser runs it.
            Ok(response(StatusCode::OK, "text/plain; charset=utf-8", gateway.log_payload(id, part).await?))
        }
        _ => Err(nowhere()),
    }
}

async fn list(gateway: &Gateway, query: &str) -> Result<Response, Failed> {
    let page = gateway.logs(&query::page(query)?).await?;
    let info = json!({
        "count": page.logs.len(), "page": page.page, "per_page": page.per_page, "total_count": page.total_count,
    });
    Ok(success(&json!({ "success": true, "errors": [], "messages": [], "result": page.logs, "result_info": info })))
}

fn success(body: &Value) -> Response {
    response(StatusCode::OK, "application/json", body.to_string().into())
}

fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers: HeaderMap = headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    Response { status, headers, body: Body::full(body), failure: None }
}

/// In the form of the reference's management errors: `errors`, a list of code and message.
struct Failed {
    status: StatusCode,
    code: u32,
    message: String,
}

impl Failed {
    fn new(status: StatusCode, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned() }
    }

    fn response(self) -> Response {
        let errors = json!([{ "code": self.code, "message": self.message }]);
        let body = json!({ "success": false, "errors": errors, "messages": [], "result": null });
        response(self.status, "application/json", body.to_string().into())
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let (status, code) = match error.kind() {
            ErrorKind::LogNotFound => (StatusCode::NOT_FOUND, NOT_FOUND),
            ErrorKind::InvalidRequest => (StatusCode::BAD_REQUEST, BAD_PARAMETER),
            _ => (StatusCode::SERVICE_UNAVAILABLE, INTERNAL),
        };
        Self::new(status, code, &error.to_string())
    }
}
