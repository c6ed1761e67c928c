//! Instants as text: RFC 3339 outside, microseconds since 1970 UTC inside.

use crate::config::Span;

const DAY_US: u64 = 86_400_000_000;

/// After so many days the calendar repeats itself.
const DAYS_IN_400_YEARS: u64 = 146_097;

/// `2026-11-22T09:44:00.123Z`; what is finer than a millisecond is cut off.
pub(super) fn to_rfc3339(us: u64) -> String {
    let (year, month, day) = date(us / DAY_US);
    let ms = us % DAY_US / 1_000;
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}

/// An instant as queries write it: RFC 3339, a day (its first moment in UTC), or a span back from now such as `1h`.
pub(super) fn instant(text: &str, now_us: u64) -> Option<u64> {
    if let Ok(span) = text.parse::<Span>() {
        return Some(now_us.saturating_sub(span.millis().saturating_mul(1_000)));
    }
    from_rfc3339(text)
}

fn from_rfc3339(text: &str) -> Option<u64> {
    let (day, rest) = text.split_at_checked(10)?;
    let day_us = days(day)?.checked_mul(DAY_US)?;
    if rest.is_empty() {
        return Some(day_us);
    }
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset_us) = split_offset(clock)?;
    let local_us = day_us.checked_add(clock_us(clock)?)?;
    local_us.checked_sub_signed(offset_us)
}

/// Days from 1970-01-01 to `YYYY-MM-DD`.
fn days(text: &str) -> Option<u64> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    if year < 1970 || !(1..=12).contains(&month) || !(1..=month_length(year, month)).contains(&day) {
        return None;
    }
    let whole_years: u64 = (1970..year).map(year_length).sum();
    let whole_months: u64 = (1..month).map(|month| month_length(year, month)).sum();
    Some(whole_years + whole_months + day - 1)
}

/// Year, month and day of a number of days since 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / DAYS_IN_400_YEARS * 400;
    let mut left = days % DAYS_IN_400_YEARS;
    while left >= year_length(year) {
        left -= year_length(year);
        year += 1;
    }
    let mut month = 1;
    while left >= month_length(year, month) {
        left -= month_length(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// Microseconds since midnight of `HH:MM:SS` with any fraction of a second.
fn clock_us(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    // Second 60 is a leap second; it counts as the first moment of the next minute.
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() || !all_digits(fraction) {
        return None;
    }
    let fraction_us: u64 = format!("{fraction:0<6.6}").parse().ok()?;
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction_us)
}

/// Cuts `Z` or `+HH:MM` off, and says how far the clock is ahead of UTC in microseconds.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let sign_at = text.rfind(['+', '-'])?;
    let (clock, offset) = text.split_at(sign_at);
    let [hours, minutes] = numbers(&offset[1..], ':', [2, 2])?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let ahead_us = i64::try_from((hours * 60 + minutes) * 60_000_000).ok()?;
    Some((clock, if offset.starts_with('-') { -ahead_us } else { ahead_us }))
}

/// Numbers of fixed widths with a separator between them, and nothing else.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width && all_digits(part))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_length(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn month_length(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        assert_eq!(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_rfc3339(951_782_400_000_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(to_rfc3339(1_795_340_640_123_999), "2026-11-22T09:44:00.123Z");
        assert_eq!(to_rfc3339(253_402_300_799_999_999), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for us in [0, 1_000, 68_169_600_000_000, 1_795_340_640_123_000, 4_107_542_400_000_000, 253_402_300_799_999_000]
        {
            assert_eq!(from_rfc3339(&to_rfc3339(us)), Some(us));
        }
    }

    #[test]
    fn offsets_and_fractions_are_read() {
        let expected = Some(1_795_340_640_123_400);
        assert_eq!(from_rfc3339("2026-11-22T10:44:00.1234+01:00"), expected);
        assert_eq!(from_rfc3339("2026-11-22t04:14:00.1234009-05:30"), expected);
        assert_eq!(from_rfc3339("2026-11-22"), Some(1_795_340_640_000_000 - 9 * 3_600_000_000 - 44 * 60_000_000));
    }

    #[test]
    fn spans_count_back_from_now() {
        assert_eq!(instant("1h", 3_600_000_001), Some(1));
        assert_eq!(instant("7d", 5), Some(0));
    }

    #[test]
    fn other_texts_are_no_instants() {
        for text in [
            "",
            "now",
            "2026-02-29",
            "2026-13-01",
            "1969-12-31",
            "2026-11-22T09:44",
            "2026-11-22T09:44:00",
            "2026-11-22T25:00:00Z",
            "2026-11-22T09:44:00.Z",
            "2026-11-22T09:44:00+1:00",
            "2026-11-2é",
            "+026-11-22",
        ] {
            assert_eq!(instant(text, 0), None, "{text}");
        }
    }
}
