//! Exact answers, whole or streamed. The road asks before it calls a provider and stores what was whole and good.

mod answers;
mod canonical;
mod entry;
mod fields;
mod flight;
mod key;
mod lease;
mod memory;
mod miss;
mod purge;
mod refreshes;
mod replay;
mod semantic;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod shared;
mod stats;
mod store;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod wire;

use http::{HeaderMap, StatusCode, header};
use serde::de::IgnoredAny;

pub(crate) use self::answers::{Answers, Call};
pub(crate) use self::canonical::Ignored;
pub(crate) use self::entry::{Entry, Kept, Recording};
pub(crate) use self::fields::{Difference, Part, differences, part, parts, secret_part};
pub(crate) use self::flight::{Bill, Cargo, Flights, Flow, Heading, Landing, Member, Turn};
pub(crate) use self::key::{Parts, Scope, key, word};
pub(crate) use self::lease::Lease;
pub(crate) use self::miss::Miss;
pub(crate) use self::purge::Filter;
pub use self::purge::PurgeReport;
pub(crate) use self::refreshes::{Refresh, Refreshes};
pub(crate) use self::replay::Replay;
pub use self::semantic::{Embedder, Embedding, SemanticStats};
pub(crate) use self::semantic::{Question, Semantic, Vector, meaning, question, read_embedding};
pub use self::stats::{CacheStats, StoreStats};
pub(crate) use self::store::{Asked, Found, Given, Now, Stored};
use crate::headers;

/// The reference caches requests up to 25 MB.
const MAX_REQUEST_BYTES: usize = 25 * 1000 * 1000;

/// Whether a request may be answered from the cache at all: what is over 25 MB is not.
pub(crate) fn covers(method: &http::Method, body: &[u8]) -> bool {
    method == http::Method::POST && body.len() <= MAX_REQUEST_BYTES
}

/// The headers that every later caller may see: a cookie is for the one that it was sent to.
pub(crate) fn kept_headers(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    kept.remove(header::SET_COOKIE);
    kept
}

/// Whether an answer may be kept by its head: good, text, image or a stream of events.
pub(crate) fn is_cacheable(status: StatusCode, headers: &HeaderMap) -> bool {
    let Some(kind) = headers::media_type(headers) else { return false };
    status == StatusCode::OK && (kind.starts_with("text/") || kind.starts_with("image/") || kind.ends_with("json"))
}

/// Whether an answer may be kept by its body. Where the connection ends with the answer, one that was cut looks whole, so
/// JSON is asked itself.
pub(crate) fn is_whole(headers: &HeaderMap, body: &[u8]) -> bool {
    let is_json =
        headers::media_type(headers).is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"));
    !is_json || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_whole_texts_and_images_are_kept() {
        let kept = |status: StatusCode, kind: &'static str, body: &str| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            is_cacheable(status, &headers) && is_whole(&headers, body.as_bytes())
        };
        for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"] {
            assert!(kept(StatusCode::OK, kind, r#"{"a": [1e400, "\ud83d"]} "#), "{kind}");
            assert!(!kept(StatusCode::OK, kind, r#"{"a": ["#) && !kept(StatusCode::OK, kind, ""), "{kind}");
        }
        assert!(kept(StatusCode::OK, "text/plain", "") && kept(StatusCode::OK, "image/png", "\u{89}PNG"));
        assert!(!kept(StatusCode::OK, "audio/mpeg", ""));
        assert!(!kept(StatusCode::ACCEPTED, "application/json", "{}"));
    }
}
