//! Which failures are worth another try, and when.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};

use crate::config::{Backoff, Cause};
use crate::policy::RetryPolicy;
use crate::record::AttemptState;

/// A provider may ask for an hour; a call in flight does not wait longer than this.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// How a try ended without success.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// With an answer of this status.
    Status(StatusCode),
    /// Without one that could be used.
    Lost(AttemptState),
}

impl Ending {
    pub(super) fn is_among(self, causes: &[Cause]) -> bool {
        match self {
            Self::Status(status) => causes.iter().any(|cause| cause.is_status(status.as_u16())),
            Self::Lost(AttemptState::NotSent) => causes.contains(&Cause::NotSent),
            Self::Lost(AttemptState::MaybeProcessed | AttemptState::Started) => causes.contains(&Cause::MaybeProcessed),
        }
    }
}

/// The wait after try number `made` (from 1): d, d, d · d, 2d, 3d · d, 2d, 4d; shortened by chance where jitter is on.
pub(super) fn delay(policy: &RetryPolicy, made: u32, chance: impl FnOnce() -> f64) -> Duration {
    let factor = match policy.backoff {
        Backoff::Constant => 1,
        Backoff::Linear => made,
        Backoff::Exponential => 1 << made.saturating_sub(1).min(16),
    };
    let whole = policy.delay * factor;
    match policy.jitter_percent {
        0 => whole,
        percent => whole.mul_f64(1.0 - f64::from(percent.min(100)) / 100.0 * chance()),
    }
}

/// How long a provider asks us to wait: `retry-after-ms` (OpenAI, Azure), or `retry-after` in seconds or as an HTTP date
/// (RFC 9110, 10.2.3), which is held against `now_us`. Capped at a minute.
pub(crate) fn retry_after(headers: &HeaderMap, now_us: u64) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &str| text(name)?.parse::<f64>().ok();
    let date = || {
        let at = httpdate::parse_http_date(text("retry-after")?).ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(at.saturating_sub(Duration::from_micros(now_us)).as_secs_f64())
    };
    let seconds = number("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| number("retry-after")).or_else(date)?;
    (seconds.is_finite() && seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(MAX_RETRY_AFTER.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn policy(backoff: Backoff, jitter_percent: u8) -> RetryPolicy {
        let delay = Duration::from_millis(100);
        RetryPolicy { max_attempts: 5, delay, backoff, jitter_percent, on: Cause::USUAL.into() }
    }

    #[test]
    fn the_series_of_each_backoff() {
        let series = |backoff| [1, 2, 3, 4].map(|made| delay(&policy(backoff, 0), made, || 1.0).as_millis());
        assert_eq!(series(Backoff::Constant), [100, 100, 100, 100]);
        assert_eq!(series(Backoff::Linear), [100, 200, 300, 400]);
        assert_eq!(series(Backoff::Exponential), [100, 200, 400, 800]);
    }

    #[test]
    fn jitter_shortens_a_wait_by_its_share() {
        let waits = |percent, chance| delay(&policy(Backoff::Constant, percent), 1, || chance).as_millis();
        assert_eq!([waits(20, 0.0), waits(20, 0.5), waits(20, 1.0)], [100, 90, 80]);
        assert_eq!([waits(100, 0.25), waits(100, 1.0)], [75, 0]);
    }

    #[test]
    fn only_what_may_change_is_tried_again() {
        let worth =
            |code: u16| StatusCode::from_u16(code).is_ok_and(|code| Ending::Status(code).is_among(&Cause::USUAL));
        assert!([408, 425, 429, 500, 502, 503, 504, 529].into_iter().all(worth));
        assert!(![400, 401, 403, 404, 409, 413, 422].into_iter().any(worth));
        let lost = |state, causes: &[Cause]| Ending::Lost(state).is_among(causes);
        assert!(lost(AttemptState::NotSent, &Cause::USUAL) && lost(AttemptState::Started, &Cause::USUAL));
        assert!(!lost(AttemptState::MaybeProcessed, &[Cause::NotSent, Cause::ServerError]));
    }

    #[test]
    fn a_date_is_held_against_the_clock() {
        const NOON_US: u64 = 1_767_268_800_000_000; // 2026-01-01T12:00:00Z
        for (text, expected) in [
            ("Thu, 01 Jan 2026 12:00:07 GMT", Some(7)),
            ("Thursday, 01-Jan-26 12:00:07 GMT", Some(7)),
            ("Thu Jan  1 12:00:07 2026", Some(7)),
            ("Thu, 01 Jan 2026 11:59:59 GMT", None),
            ("Thu, 01 Jan 1969 12:00:00 GMT", None),
            ("Fri, 01 Jan 2027 12:00:00 GMT", Some(60)),
            ("Thu, 31 Feb 2026 12:00:00 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers, NOON_US), expected.map(Duration::from_secs), "{text}");
        }
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
            assert_eq!(retry_after(&headers, 0), expected.map(Duration::from_secs), "{text}");
        }
    }
}
