//! Every header that speaks to the gateway or from it, in one table.
//! Names and meanings follow Cloudflare's AI Gateway ("Header glossary" in its documentation).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Names that a caller may set.
pub(crate) mod request {
    use http::HeaderName;

    pub(crate) const SKIP_CACHE: HeaderName = HeaderName::from_static("cf-aig-skip-cache");
    pub(crate) const CACHE_TTL: HeaderName = HeaderName::from_static("cf-aig-cache-ttl");
    pub(crate) const CACHE_KEY: HeaderName = HeaderName::from_static("cf-aig-cache-key");
    pub(crate) const CACHE_SCOPE: HeaderName = HeaderName::from_static("x-tollhouse-cache-scope");
    /// Whose threshold holds for near answers; those of another namespace are never given.
    pub(crate) const CACHE_NAMESPACE: HeaderName = HeaderName::from_static("x-tollhouse-cache-namespace");
    /// `read-write`, `read-only` or `write-only`.
    pub(crate) const CACHE_MODE: HeaderName = HeaderName::from_static("x-tollhouse-cache-mode");
    pub(crate) const COLLECT_LOG: HeaderName = HeaderName::from_static("cf-aig-collect-log");
    pub(crate) const COLLECT_LOG_PAYLOAD: HeaderName = HeaderName::from_static("cf-aig-collect-log-payload");
    pub(crate) const METADATA: HeaderName = HeaderName::from_static("cf-aig-metadata");
    pub(crate) const CUSTOM_COST: HeaderName = HeaderName::from_static("cf-aig-custom-cost");
    pub(crate) const EVENT_ID: HeaderName = HeaderName::from_static("cf-aig-event-id");
    pub(crate) const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("cf-aig-request-timeout");
    pub(crate) const MAX_ATTEMPTS: HeaderName = HeaderName::from_static("cf-aig-max-attempts");
    pub(crate) const RETRY_DELAY: HeaderName = HeaderName::from_static("cf-aig-retry-delay");
    pub(crate) const BACKOFF: HeaderName = HeaderName::from_static("cf-aig-backoff");
    /// Milliseconds without an answer after which a second call is made beside; 0 is never.
    pub(crate) const HEDGE_AFTER: HeaderName = HeaderName::from_static("x-tollhouse-hedge-after");
    /// Whether a call is refused rather than changed on its way to a provider of another format.
    pub(crate) const STRICT: HeaderName = HeaderName::from_static("x-tollhouse-strict");
    /// Where calls wait for a limit: 0 to 9, the highest goes first.
    pub(crate) const PRIORITY: HeaderName = HeaderName::from_static("x-tollhouse-priority");
    /// Old names, still accepted; the new name wins where both are set.
    pub(crate) const OLD_SKIP_CACHE: HeaderName = HeaderName::from_static("cf-skip-cache");
    pub(crate) const OLD_CACHE_TTL: HeaderName = HeaderName::from_static("cf-cache-ttl");
}

/// Names that the gateway sets on its answers.
pub(crate) mod response {
    use http::HeaderName;

    pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cf-aig-cache-status");
    /// On a kept answer that is over its time: why it was given all the same.
    pub(crate) const CACHE_STALE: HeaderName = HeaderName::from_static("x-tollhouse-cache-stale");
    /// The nearest question that has an answer, and what became of it, as JSON.
    pub(crate) const CACHE_NEAR: HeaderName = HeaderName::from_static("x-tollhouse-cache-near");
    pub(crate) const STEP: HeaderName = HeaderName::from_static("cf-aig-step");
    pub(crate) const LOG_ID: HeaderName = HeaderName::from_static("cf-aig-log-id");
    pub(crate) const EVENT_ID: HeaderName = HeaderName::from_static("cf-aig-event-id");
    pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("cf-aig-request-id");
    /// Of routes: who answered.
    pub(crate) const MODEL: HeaderName = HeaderName::from_static("cf-aig-model");
    pub(crate) const PROVIDER: HeaderName = HeaderName::from_static("cf-aig-provider");
    /// What a translation left out or altered, as JSON.
    pub(crate) const CHANGES: HeaderName = HeaderName::from_static("x-tollhouse-changes");
    /// Where a call went, try by try, and what was passed over, as JSON.
    pub(crate) const ATTEMPTS: HeaderName = HeaderName::from_static("x-tollhouse-attempts");
    /// Read by the OpenAI and Anthropic SDKs before they retry on their own.
    pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
    /// Rules that only observe, and would have held the call back.
    pub(crate) const LIMITS_OBSERVED: HeaderName = HeaderName::from_static("x-tollhouse-limits-observed");
    /// Budgets of which so much is used that it was to be told.
    pub(crate) const BUDGET_ALERT: HeaderName = HeaderName::from_static("x-tollhouse-budget-alert");
    pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
    pub(crate) const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
    pub(crate) const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
}

/// Whether a header is meant for the gateway and must not reach a provider.
pub(crate) fn is_for_gateway(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("cf-aig-") || name.starts_with("x-tollhouse-") || name == "cf-skip-cache" || name == "cf-cache-ttl"
}

/// Whether a header belongs to one connection (RFC 9110, 7.6.1) or is made anew by the HTTP client.
pub(crate) fn is_for_connection(name: &HeaderName) -> bool {
    [
        header::HOST,
        header::CONTENT_LENGTH,
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::PROXY_AUTHORIZATION,
        header::PROXY_AUTHENTICATE,
        // The HTTP client asks for what it can decode itself, so that usage can be read on the way.
        header::ACCEPT_ENCODING,
    ]
    .contains(name)
        || name == "keep-alive"
        || name == "proxy-connection"
}

/// Headers of an answer that no longer tell the truth once its body was decoded and cut into chunks anew.
pub(crate) const REFRAMED: [HeaderName; 3] = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// As many headers as no SDK comes near to; [`HeaderMap`] itself panics at 2^15.
pub(crate) const MAX_COUNT: usize = 256;
/// Names and values together; as much as the largest that servers take.
const MAX_BYTES: usize = 64 << 10;

/// Whether there are no more headers, and no larger ones, than anybody means to send.
pub(crate) fn are_bounded(headers: &HeaderMap) -> bool {
    let bytes = || headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
    headers.len() <= MAX_COUNT && bytes() <= MAX_BYTES
}

/// The text of a header, if it is there. A name from the user's own data need not be ASCII: it is read as UTF-8 and
/// otherwise as Latin-1, which is what `fetch` writes.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let bytes = headers.get(name)?.as_bytes();
    let latin_1 = || bytes.iter().copied().map(char::from).collect();
    Some(std::str::from_utf8(bytes).map_or_else(|_| latin_1(), Cow::Borrowed))
}

/// Sets a header to `value` as JSON. A header is ASCII, and the value may hold the caller's own words: JSON can escape
/// whatever is not.
pub(crate) fn insert_json(headers: &mut HeaderMap, name: &HeaderName, value: &impl serde::Serialize) {
    let text = serde_json::to_string(value).unwrap_or_default();
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() && character != '\x7f' {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            ascii.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    if let Ok(value) = HeaderValue::from_str(&ascii) {
        headers.insert(name, value);
    }
}

/// What kind of body the headers announce: the media type in small letters, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_need_not_be_ascii() {
        let text = |bytes: &[u8]| {
            let value = HeaderValue::from_bytes(bytes).expect("no control characters");
            let headers = HeaderMap::from_iter([(request::METADATA, value)]);
            super::text(&headers, &request::METADATA).map(Cow::into_owned)
        };
        assert_eq!(text("José".as_bytes()).as_deref(), Some("José"));
        assert_eq!(text(b"Jos\xe9").as_deref(), Some("José"));
        assert_eq!(super::text(&HeaderMap::new(), &request::METADATA), None);
    }

    #[test]
    fn the_bounds_are_of_number_and_size() {
        let headers = |count: usize, bytes: usize| {
            let value = HeaderValue::from_bytes(&vec![b'x'; bytes]).expect("plain letters");
            let mut headers = HeaderMap::new();
            for _ in 0..count {
                headers.append("x", value.clone());
            }
            headers
        };
        assert!(are_bounded(&headers(MAX_COUNT, 8)) && !are_bounded(&headers(MAX_COUNT + 1, 8)));
        assert!(are_bounded(&headers(1, MAX_BYTES - 1)) && !are_bounded(&headers(1, MAX_BYTES)));
    }
}
