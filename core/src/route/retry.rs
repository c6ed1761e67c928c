//! Which failures are worth another try, and when.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::config::Backoff;
use crate::policy::RetryPolicy;

/// A provider may ask for an hour; a call in flight does not wait longer than this.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// No answer, or one that says "later": 408, 425, 429 and every 5xx. Other 4xx stay what they are on the second try.
pub(super) fn is_worth_it(status: Option<StatusCode>) -> bool {
    status.is_none_or(|status| status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429))
}

/// The wait after try number `made` (from 1): d, d, d · d, 2d, 3d · d, 2d, 4d.
pub(super) fn delay(policy: &RetryPolicy, made: u32) -> Duration {
    let factor = match policy.backoff {
        Backoff::Constant => 1,
        Backoff::Linear => made,
        Backoff::Exponential => 1 << made.saturating_sub(1).min(16),
    };
    policy.delay * factor
}

/// `retry-after-ms` (OpenAI, Azure) or `retry-after` in seconds, capped.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| number("retry-after"))?;
    (seconds.is_finite() && seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(MAX_RETRY_AFTER.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_series_of_each_backoff() {
        let series = |backoff| {
            let policy = RetryPolicy { max_attempts: 5, delay: Duration::from_millis(100), backoff };
            [1, 2, 3, 4].map(|made| delay(&policy, made).as_millis())
        };
        assert_eq!(series(Backoff::Constant), [100, 100, 100, 100]);
        assert_eq!(series(Backoff::Linear), [100, 200, 300, 400]);
        assert_eq!(series(Backoff::Exponential), [100, 200, 400, 800]);
    }

    #[test]
    fn only_what_may_change_is_tried_again() {
        let worth = |code: u16| is_worth_it(StatusCode::from_u16(code).ok());
        assert!([408, 425, 429, 500, 502, 503, 504, 529].into_iter().all(worth));
        assert!(![400, 401, 403, 404, 409, 413, 422].into_iter().any(worth));
        assert!(is_worth_it(None));
    }

    #[test]
    fn hostile_retry_after_values_are_harmless() {
        for (text, expected) in [
            ("2", Some(2)),
            ("0", None),
            ("-5", None),
            ("1e12", Some(60)),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text}");
        }
    }
}
