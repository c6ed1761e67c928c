//! The reference receiver of uploads: what `tollhouse collect` serves.

use std::io::Read;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tollhouse::{Collector, ErrorKind, Secret};

/// A batch as it comes, and unpacked. A sender halves what is larger.
const MAX_PACKED_BYTES: usize = 16 << 20;
const MAX_BYTES: u64 = 64 << 20;

struct Receiver {
    collector: Collector,
    key: Secret,
}

/// Takes batches for `collector` from those who know `key`, on any path.
pub(crate) fn router(collector: Collector, key: Secret) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(Receiver { collector, key }))
}

async fn answer(State(receiver): State<Arc<Receiver>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/health" {
        return told(StatusCode::OK, &json!({"status": "ok"}));
    }
    if !shows(&head.headers, &receiver.key) {
        return refused(StatusCode::UNAUTHORIZED, "authorization: expected \"Bearer {key}\", the key of the collector");
    }
    if head.method != Method::POST {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "method: batches are posted");
    }
    let lines = match lines(&head.headers, body).await {
        Ok(lines) => lines,
        Err(refusal) => return refusal,
    };
    match receiver.collector.take(&lines).await {
        Ok(receipt) => told(StatusCode::OK, &json!(receipt)),
        Err(error) if error.kind() == ErrorKind::InvalidRequest => refused(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(error) => refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// The lines of a batch, unpacked.
async fn lines(headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE, "body: send fewer records at once");
    let packed = to_bytes(body, MAX_PACKED_BYTES).await.map_err(|_| too_large())?;
    match headers.get(header::CONTENT_ENCODING).map(|encoding| encoding.as_bytes().to_ascii_lowercase()).as_deref() {
        None | Some(b"identity") => Ok(packed),
        Some(b"gzip") => {
            let mut lines = Vec::new();
            match GzDecoder::new(&*packed).take(MAX_BYTES + 1).read_to_end(&mut lines) {
                Ok(_) if lines.len() as u64 > MAX_BYTES => Err(too_large()),
                Ok(_) => Ok(lines.into()),
                Err(_) => Err(refused(StatusCode::BAD_REQUEST, "body: is not gzip, as content-encoding says")),
            }
        }
        Some(_) => Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding: send gzip, or none")),
    }
}

fn shows(headers: &HeaderMap, key: &Secret) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given
        .and_then(|given| given.split_once(' '))
        .is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case("bearer") && key.matches(given.trim()))
}

fn refused(status: StatusCode, message: &str) -> Response {
    told(status, &json!({"error": message}))
}

fn told(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
