//! The dashboard: pages that a browser on this machine opens, and what they ask.
//!
//! Its address holds a key of its own, drawn at each start: it lets its holder read and rate logs, and call no provider.

mod files;
mod questions;

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use tollhouse::{Body, Gateway, Response, Secret};

use crate::refused::Refused;

/// What stands before the key in every path of the dashboard.
const ROOT: &str = "/ui/";

/// A page takes what this server gives and nothing else, whatever a prompt may have smuggled into it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The dashboard of one running server.
pub(crate) struct Ui {
    key: Secret,
}

impl Ui {
    pub(crate) fn new(key: Secret) -> Self {
        Self { key }
    }

    /// What follows the key, if `path` is one of the dashboard's.
    ///
    /// # Errors
    /// A refusal, if the key is another one.
    pub(crate) fn admit<'a>(&self, path: &'a str) -> Result<Option<&'a str>, Refused> {
        let Some(rest) = path.strip_prefix(ROOT) else { return Ok(None) };
        let (key, page) = rest.split_once('/').unwrap_or((rest, ""));
        if self.key.matches(key) {
            return Ok(Some(page));
        }
        Err(Refused::unauthorized(
            "path: not the key of this server's pages; open the URL that ui_url or tollhouse ui gives",
        ))
    }

    /// A page, or the answer to one of its questions.
    ///
    /// # Errors
    /// A refusal that says what is not there, or what is wrong with the question.
    pub(crate) async fn answer(
        &self,
        gateway: &Gateway,
        page: &str,
        head: &Parts,
        body: &[u8],
    ) -> Result<Response, Refused> {
        let wanted = page.strip_prefix("api/").map_or(Method::GET, |_| Method::POST);
        if head.method != wanted && !(head.method == Method::HEAD && wanted == Method::GET) {
            return Err(Refused::not_found(format!("method: this path is asked by {wanted}")));
        }
        if let Some(question) = page.strip_prefix("api/") {
            let (kind, answer) = questions::answer(gateway, question, body).await?;
            return Ok(response(kind, answer));
        }
        match files::find(page) {
            Some((kind, file)) => Ok(response(kind, Bytes::from_static(file))),
            None => Err(Refused::not_found("path: there is no such page")),
        }
    }
}

fn response(kind: &'static str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers: HeaderMap = headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    Response { status: StatusCode::OK, headers, body: Body::full(body), failure: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_asked_for() {
        let ui = Ui::new(Secret::new("k3y"));
        assert_eq!(ui.admit("/ui/k3y/app.js").unwrap(), Some("app.js"));
        assert_eq!(ui.admit("/ui/k3y/").unwrap(), Some(""));
        assert_eq!(ui.admit("/v1/k3y/").unwrap(), None);
        for path in ["/ui/", "/ui/k3", "/ui/k3y2/", "/ui//k3y/"] {
            assert!(ui.admit(path).is_err(), "{path}");
        }
    }
}
