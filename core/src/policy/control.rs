//! `Cache-Control` of a request, as HTTP has it (RFC 9111, 5.2.1), with the two directives of RFC 5861.

use std::time::Duration;

use http::{HeaderMap, header};

/// What a request says of answers that are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Control {
    /// The provider is to be asked.
    pub(crate) no_cache: bool,
    /// The answer is not to be kept.
    pub(crate) no_store: bool,
    /// Nothing is to be sent.
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<Duration>,
    /// How long after its time an answer may still be given.
    pub(crate) max_stale: Option<Duration>,
    /// How long an answer must still be fresh.
    pub(crate) min_fresh: Duration,
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
}

impl Control {
    /// What all `cache-control` headers say together. Unknown directives say nothing. A time that cannot be read is taken in
    /// the strictest way: nobody gets an answer that is older than they meant.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        for value in headers.get_all(header::CACHE_CONTROL) {
            for directive in value.to_str().unwrap_or_default().split(',') {
                control.take(directive.trim());
            }
        }
        control
    }

    fn take(&mut self, directive: &str) {
        let (name, value) = directive.split_once('=').map_or((directive, None), |(name, value)| (name, Some(value)));
        let seconds = || seconds(value.unwrap_or_default()).unwrap_or_default();
        match name.trim_end().to_ascii_lowercase().as_str() {
            "no-cache" => self.no_cache = true,
            "no-store" => self.no_store = true,
            "only-if-cached" => self.only_if_cached = true,
            "max-age" => self.max_age = Some(seconds()),
            "max-stale" if value.is_none() => self.max_stale = Some(Duration::MAX),
            "max-stale" => self.max_stale = Some(seconds()),
            "min-fresh" => self.min_fresh = self::seconds(value.unwrap_or_default()).unwrap_or(Duration::MAX),
            "stale-while-revalidate" => self.stale_while_revalidate = Some(seconds()),
            "stale-if-error" => self.stale_if_error = Some(seconds()),
            _ => {}
        }
    }
}

/// How long an answer may be kept by its provider's word: `None` if not at all. A stream's `no-cache` is for browsers, and
/// every server says it.
pub(crate) fn kept_by_word(headers: &HeaderMap, is_stream: bool, ttl: Duration) -> Option<Duration> {
    let (mut own, mut shared) = (None, None);
    for value in headers.get_all(header::CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "private" => return None,
                "no-cache" if !is_stream => return None,
                "max-age" => own = Some(seconds(value).unwrap_or_default()),
                "s-maxage" => shared = Some(seconds(value).unwrap_or_default()),
                _ => {}
            }
        }
    }
    let ttl = shared.or(own).map_or(ttl, |told| told.min(ttl));
    (!ttl.is_zero()).then_some(ttl)
}

/// A time in whole seconds, with or without quotes. What is more than a computer holds is for ever (RFC 9111, 1.2.2).
fn seconds(value: &str) -> Option<Duration> {
    let digits = value.trim().trim_matches('"');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (header::CACHE_CONTROL, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn directives_are_read_from_all_headers() {
        let control =
            Control::of(&headers(&["No-Cache , max-age = 60", "min-fresh=\"5\", stale-if-error=9, no-transform"]));
        let expected = Control {
            no_cache: true,
            max_age: Some(secs(60)),
            min_fresh: secs(5),
            stale_if_error: Some(secs(9)),
            ..Control::default()
        };
        assert_eq!(control, expected);
        assert_eq!(Control::of(&headers(&["max-stale"])).max_stale, Some(Duration::MAX));
        assert_eq!(Control::of(&headers(&["max-stale=99999999999999999999"])).max_stale, Some(secs(u64::MAX)));
        assert_eq!(Control::of(&HeaderMap::new()), Control::default());
    }

    #[test]
    fn what_cannot_be_read_is_strict() {
        let control = Control::of(&headers(&["max-age=soon, max-stale=-1, min-fresh=, stale-while-revalidate"]));
        assert_eq!((control.max_age, control.max_stale), (Some(Duration::ZERO), Some(Duration::ZERO)));
        assert_eq!((control.min_fresh, control.stale_while_revalidate), (Duration::MAX, Some(Duration::ZERO)));
    }

    #[test]
    fn a_provider_may_say_how_long() {
        let kept = |value, is_stream| kept_by_word(&headers(&[value]), is_stream, secs(100));
        assert_eq!(kept("public", false), Some(secs(100)));
        assert_eq!(kept("max-age=60, s-maxage=30", false), Some(secs(30)));
        assert_eq!(kept("max-age=3600", false), Some(secs(100)));
        for value in ["no-store", "Private", "no-cache", "max-age=0", "max-age=x"] {
            assert_eq!(kept(value, false), None, "{value}");
        }
        assert_eq!(kept("no-cache", true), Some(secs(100)));
    }
}
