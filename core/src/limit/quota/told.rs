//! How providers tell what is left of their limits, each by its own documentation.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

/// What a provider counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Requests,
    /// In and out together.
    Tokens,
    TokensIn,
    TokensOut,
}

/// What a provider said of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: Kind,
    pub(super) limit: Option<u64>,
    pub(super) remaining: u64,
    /// Until there is more.
    pub(super) reset_us: u64,
}

/// Three headers that belong together.
struct Names {
    kind: Kind,
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

const fn names(kind: Kind, limit: &'static str, remaining: &'static str, reset: &'static str) -> Names {
    Names { kind, limit, remaining, reset }
}

/// Sources: OpenAI, platform.openai.com/docs/guides/rate-limits ("Rate limits in headers"); the same names at Azure
/// (learn.microsoft.com/azure/ai-services/openai, "Manage quota"), Groq (console.groq.com/docs/rate-limits), Fireworks and
/// others in OpenAI's format. Anthropic, docs.claude.com/en/api/rate-limits ("Response headers"). Cerebras,
/// inference-docs.cerebras.ai/support/rate-limits. OpenRouter, openrouter.ai/docs/api-reference/limits.
const NAMES: [Names; 9] = [
    names(Kind::Requests, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    names(Kind::Tokens, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    names(
        Kind::Requests,
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ),
    names(
        Kind::Tokens,
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ),
    names(
        Kind::TokensIn,
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ),
    names(
        Kind::TokensOut,
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ),
    names(
        Kind::Requests,
        "x-ratelimit-limit-requests-day",
        "x-ratelimit-remaining-requests-day",
        "x-ratelimit-reset-requests-day",
    ),
    names(
        Kind::Tokens,
        "x-ratelimit-limit-tokens-minute",
        "x-ratelimit-remaining-tokens-minute",
        "x-ratelimit-reset-tokens-minute",
    ),
    names(Kind::Requests, "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
];

/// Nobody has a quota that comes back later than this; what is beyond it is read wrongly.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// What an answer says at `now_us` of the wall clock. A refusal that only says when to come again says that nothing is left.
pub(super) fn told(status: StatusCode, headers: &HeaderMap, now_us: u64) -> Vec<Told> {
    let mut all: Vec<_> = NAMES.iter().filter_map(|names| names.read(headers, now_us)).collect();
    if status == StatusCode::TOO_MANY_REQUESTS
        && let Some(reset_us) = retry_after_us(headers)
    {
        all.retain(|told| told.kind != Kind::Requests);
        all.push(Told { kind: Kind::Requests, limit: None, remaining: 0, reset_us });
    }
    all
}

impl Names {
    fn read(&self, headers: &HeaderMap, now_us: u64) -> Option<Told> {
        let remaining = number(headers, self.remaining)?;
        let reset_us = match text(headers, self.reset) {
            Some(text) => reset_us(text, now_us)?,
            None => self.unsaid_us()?,
        };
        let limit = number(headers, self.limit);
        Some(Told { kind: self.kind, limit, remaining, reset_us })
    }
}

impl Names {
    /// When there is more where nobody says so. Azure sends what remains of OpenAI's names without the time: its tokens are
    /// those of a minute, its requests are looked at in spans of ten seconds at most (learn.microsoft.com/azure/ai-services/
    /// openai/how-to/quota, "Understanding rate limits").
    fn unsaid_us(&self) -> Option<u64> {
        match self.remaining {
            "x-ratelimit-remaining-tokens" => Some(60_000_000),
            "x-ratelimit-remaining-requests" => Some(10_000_000),
            _ => None,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// Some write a whole number as a fraction.
fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = text(headers, name)?;
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole.trim_start_matches('-').parse().ok().map(|number| if text.starts_with('-') { 0 } else { number })
}

fn retry_after_us(headers: &HeaderMap) -> Option<u64> {
    let seconds =
        |name: &str, unit: f64| text(headers, name)?.parse::<f64>().ok().and_then(|number| micros(number * unit));
    seconds("retry-after-ms", 0.001).or_else(|| seconds(header::RETRY_AFTER.as_str(), 1.0))
}

/// `6m0s`, `7.66s`, `20ms` (OpenAI, Groq), `33011.382867` (Cerebras), `2026-01-01T12:10:00Z` (Anthropic), or milliseconds
/// since 1970 (OpenRouter), as the time from now on.
fn reset_us(text: &str, now_us: u64) -> Option<u64> {
    if let Ok(number) = text.parse::<f64>() {
        const A_TIME: f64 = 1e11;
        #[expect(clippy::cast_precision_loss, reason = "a quarter of a microsecond is lost in this century")]
        let seconds = if number > A_TIME { number / 1e3 - now_us as f64 / 1e6 } else { number };
        return micros(if number > A_TIME { seconds.max(0.0) } else { seconds });
    }
    if text.contains('T') {
        return Some(at_us(text)?.saturating_sub(now_us));
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter.is_ascii_alphabetic())?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end = rest[end..].find(|letter: char| !letter.is_ascii_alphabetic()).map_or(rest.len(), |at| end + at);
        seconds += number
            * match &rest[end..unit_end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    if text.is_empty() { None } else { micros(seconds) }
}

fn micros(seconds: f64) -> Option<u64> {
    let span = Duration::try_from_secs_f64(seconds).ok().filter(|span| *span <= LONGEST)?;
    u64::try_from(span.as_micros()).ok()
}

/// Microseconds since 1970 of a time in RFC 3339 in UTC, to the second.
fn at_us(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?.split_once('T')?;
    let part = |text: Option<&str>| text?.parse::<u64>().ok();
    let mut date = date.split('-');
    let (year, month, day) = (part(date.next())?, part(date.next())?, part(date.next())?);
    let mut time = time.split('.').next()?.split(':');
    let (hour, minute, second) = (part(time.next())?, part(time.next())?, part(time.next())?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of a calendar whose year begins in March: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// 2026-01-01T12:09:00Z.
    const NOW_US: u64 = 1_767_269_340_000_000;

    fn of(status: u16, pairs: &[(&'static str, &'static str)]) -> Vec<Told> {
        let pairs =
            pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
        told(StatusCode::from_u16(status).unwrap(), &pairs.collect(), NOW_US)
    }

    #[test]
    fn each_provider_is_understood() {
        let openai = of(
            200,
            &[
                ("x-ratelimit-limit-requests", "60"),
                ("x-ratelimit-remaining-requests", "59"),
                ("x-ratelimit-reset-requests", "1s"),
                ("x-ratelimit-limit-tokens", "150000"),
                ("x-ratelimit-remaining-tokens", "149984"),
                ("x-ratelimit-reset-tokens", "6m0s"),
            ],
        );
        let told = |kind, limit, remaining, reset_us| Told { kind, limit: Some(limit), remaining, reset_us };
        assert_eq!(
            openai,
            [told(Kind::Requests, 60, 59, 1_000_000), told(Kind::Tokens, 150_000, 149_984, 360_000_000)]
        );
        let anthropic = of(
            200,
            &[
                ("anthropic-ratelimit-input-tokens-limit", "50000"),
                ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ("anthropic-ratelimit-input-tokens-reset", "2026-01-01T12:10:30Z"),
            ],
        );
        let azure = of(200, &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-remaining-tokens", "12")]);
        let untold = |kind, remaining, reset_us| Told { kind, limit: None, remaining, reset_us };
        assert_eq!(azure, [untold(Kind::Requests, 0, 10_000_000), untold(Kind::Tokens, 12, 60_000_000)]);
        assert_eq!(anthropic, [told(Kind::TokensIn, 50_000, 0, 90_000_000)]);
        let cerebras = of(
            200,
            &[
                ("x-ratelimit-limit-tokens-minute", "60000"),
                ("x-ratelimit-remaining-tokens-minute", "53995"),
                ("x-ratelimit-reset-tokens-minute", "11.382867"),
            ],
        );
        assert_eq!(cerebras, [told(Kind::Tokens, 60_000, 53_995, 11_382_867)]);
        let untimed = of(200, &[("anthropic-ratelimit-requests-remaining", "9")]);
        assert_eq!(untimed, [], "nobody knows for how long");
    }

    #[test]
    fn a_refusal_says_at_least_when_to_come_again() {
        let refused = Told { kind: Kind::Requests, limit: None, remaining: 0, reset_us: 2_500_000 };
        assert_eq!(of(429, &[("retry-after", "2.5")]), [refused]);
        assert_eq!(of(429, &[("retry-after-ms", "2500"), ("retry-after", "9")]), [refused]);
        assert_eq!(of(200, &[("retry-after", "2")]), []);
    }

    #[test]
    fn times_are_read_in_every_spelling_and_nonsense_is_none() {
        for (text, expected) in [
            ("20ms", Some(20_000)),
            ("7.66s", Some(7_660_000)),
            ("1h2m3s", Some(3_723_000_000)),
            ("0", Some(0)),
            ("1767269341500", Some(1_500_000)),
            ("2026-01-01T12:09:01Z", Some(1_000_000)),
            ("2026-01-01T12:09:01.75+00:00", Some(1_000_000)),
            ("2020-01-01T00:00:00Z", Some(0)),
            ("", None),
            ("soon", None),
            ("5", Some(5_000_000)),
            ("5x", None),
            ("s", None),
            ("-5s", None),
            ("NaN", None),
            ("99999999999999d", None),
            ("2026-13-01T00:00:00Z", None),
            ("T", None),
        ] {
            assert_eq!(reset_us(text, NOW_US), expected, "{text}");
        }
    }
}
