//! The gateway as HTTP: requests in, answers out, chunk by chunk.

use std::sync::Arc;

use axum::Router;
use axum::body::{self, Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tollhouse::{Deadlines, Gateway, Response};

use crate::door::{AUTHORIZATION, Door};
use crate::management;
use crate::refused::Refused;
use crate::ui::Ui;

/// As many bytes as the reference takes on most plans (Cloudflare Workers, "Limits", request body size: 100 MB).
const MAX_BODY_BYTES: usize = 100 * 1000 * 1000;

/// Serves `gateway` to those whom `door` lets in, and its pages to those who know their key.
pub(crate) fn router(gateway: Gateway, door: Door, ui: Ui) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(Face { gateway, door, ui }))
}

struct Face {
    gateway: Gateway,
    door: Door,
    ui: Ui,
}

async fn answer(State(face): State<Arc<Face>>, request: Request) -> axum::response::Response {
    outgoing(face.call(request).await.unwrap_or_else(Response::from))
}

impl Face {
    async fn call(&self, request: Request) -> Result<Response, Refused> {
        let (head, body) = request.into_parts();
        self.door.check_sender(&head)?;
        if head.uri.path() == "/health" {
            return Ok(healthy());
        }
        if let Some(page) = self.ui.admit(head.uri.path())? {
            return self.ui.answer(&self.gateway, page, &head, &whole(body).await?).await;
        }
        if let Some((account, rest)) = management::split(head.uri.path()) {
            self.door.admit_manager(account, &head.headers)?;
            let (query, body) = (head.uri.query().unwrap_or_default(), whole(body).await?);
            return Ok(management::answer(&self.gateway, &head.method, rest, query, &body).await);
        }
        let request = tollhouse::Request {
            target: self.door.admit(&head)?,
            method: head.method,
            headers: incoming(head.headers),
            body: whole(body).await?,
            deadlines: Deadlines::default(),
        };
        self.gateway.handle(request).await.map_err(|closed| Refused::unavailable(closed.to_string()))
    }
}

fn healthy() -> Response {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let body = tollhouse::Body::full(r#"{"status":"ok"}"#);
    Response { status: StatusCode::OK, headers, body, failure: None }
}

/// Without what was for this server: its token, and the question whether it wants the body, which it has by now.
fn incoming(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(AUTHORIZATION);
    headers.remove(header::EXPECT);
    headers
}

async fn whole(body: Body) -> Result<Bytes, Refused> {
    let too_large = || Refused::too_large(format!("body: more than {MAX_BODY_BYTES} bytes"));
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_large());
    }
    // The only other failure is a caller that went away, and then nobody reads this answer.
    body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| too_large())
}

/// A stream is handed on as it comes. An error in it breaks the connection, because a clean end would say that the
/// answer is complete; a caller that goes away drops the stream, which cancels the call.
fn outgoing(mut response: Response) -> axum::response::Response {
    let body = match response.body.take_full() {
        Some(bytes) => Body::from(bytes),
        None => Body::from_stream(response.body),
    };
    let mut answer = axum::response::Response::new(body);
    *answer.status_mut() = response.status;
    *answer.headers_mut() = without_permissions(response.headers);
    answer
}

/// What a provider permits to web pages is not this server's permission.
fn without_permissions(mut headers: HeaderMap) -> HeaderMap {
    let is_permission = |name: &&HeaderName| name.as_str().starts_with("access-control-");
    let permissions: Vec<_> = headers.keys().filter(is_permission).cloned().collect();
    for name in permissions {
        headers.remove(name);
    }
    headers
}
