//! How long a receiver that failed is left alone.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, header};

/// The bound on the first wait, and how far it may grow. There is no last try: what waits is bounded elsewhere.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// A receiver may ask for more than we would wait by ourselves, within reason.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// A wait after so many `failures` in a row: by chance between nothing and a bound that doubles ("full jitter", as in AWS's
/// "Exponential Backoff And Jitter"), so that senders that failed together do not come back together.
pub(super) fn jittered(failures: u32, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST.saturating_mul(1 << doublings).min(LONGEST).mul_f64(chance.clamp(0.0, 1.0))
}

/// What `retry-after` asks for, in seconds or as a date.
pub(super) fn asked(headers: &HeaderMap, wall_us: u64) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = || text.parse::<u64>().ok().map(Duration::from_secs);
    let date = || {
        let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(at.saturating_sub(Duration::from_micros(wall_us)))
    };
    seconds().or_else(date).map(|wait| wait.min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_never_end() {
        let longest = |failures| jittered(failures, 1.0).as_secs();
        assert_eq!([1, 2, 3, 9, 10, u32::MAX].map(longest), [1, 2, 4, 256, 300, 300]);
        assert_eq!(jittered(5, 0.25).as_secs(), 4);
        assert!(jittered(5, 0.0).is_zero());
    }

    #[test]
    fn what_is_asked_for_counts_within_an_hour() {
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().expect("a header value"))]);
            asked(&headers, 1_767_269_340_000_000).map(|wait| wait.as_secs())
        };
        assert_eq!(asked("7"), Some(7));
        assert_eq!(asked("86400"), Some(3_600));
        assert_eq!(asked("Thu, 01 Jan 2026 12:10:00 GMT"), Some(60));
        assert_eq!(asked("Wed, 01 Jan 2025 12:10:00 GMT"), Some(0));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("-1"), None);
    }
}
