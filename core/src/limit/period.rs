//! The periods of a calendar: when the present one began, and when the next one does.

use std::sync::{Mutex, PoisonError};

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::config;

/// When a period ends that never does: in the year 2255. Stores count exactly up to 2^53.
pub(super) const NEVER_US: u64 = 9_000_000_000_000_000;

/// Periods that follow each other.
#[derive(Debug)]
pub(super) struct Calendar {
    period: config::Period,
    zone: TimeZone,
    /// The last one that was asked for: calls of one day ask for the same again and again.
    last: Mutex<(u64, u64)>,
}

impl Calendar {
    pub(super) fn new(period: config::Period, zone: TimeZone) -> Self {
        Self { period, zone, last: Mutex::default() }
    }

    /// When the period of `now_us` began, and when the next one begins, in microseconds since 1970.
    pub(super) fn around(&self, now_us: u64) -> (u64, u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !(last.0..last.1).contains(&now_us) {
            // A time beyond the calendar belongs to the one period that there is.
            *last = self.reckon(now_us).unwrap_or((0, NEVER_US));
        }
        *last
    }

    fn reckon(&self, now_us: u64) -> Option<(u64, u64)> {
        let now = Timestamp::from_microsecond(i64::try_from(now_us).ok()?).ok()?;
        let today = self.zone.to_datetime(now).date();
        let (first, length) = match self.period {
            config::Period::Day => (today, Span::new().days(1)),
            config::Period::Week => (monday(today)?, Span::new().days(7)),
            config::Period::Month => (today.first_of_month(), Span::new().months(1)),
            config::Period::Rolling | config::Period::Total => return None,
        };
        Some((self.midnight(first)?, self.midnight(first.checked_add(length).ok()?)?))
    }

    /// The first moment of a day. Where clocks skip midnight it is later.
    fn midnight(&self, day: Date) -> Option<u64> {
        let first = self.zone.to_timestamp(day.to_datetime(Time::midnight())).ok()?;
        u64::try_from(first.as_microsecond()).ok()
    }

    /// A moment as people of this zone write it: RFC 3339.
    pub(super) fn written(&self, at_us: u64) -> Option<String> {
        let at = Timestamp::from_microsecond(i64::try_from(at_us).ok()?).ok()?;
        let offset = self.zone.to_offset(at);
        Some(at.display_with_offset(offset).to_string())
    }
}

fn monday(day: Date) -> Option<Date> {
    let since = day.weekday().since(Weekday::Monday);
    day.checked_sub(Span::new().days(since)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    fn around(period: config::Period, zone: &str, now: &str) -> (String, String) {
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let calendar = Calendar::new(period, zone);
        let now: Timestamp = now.parse().unwrap();
        let (start, end) = calendar.around(now.as_microsecond().unsigned_abs());
        (calendar.written(start).unwrap(), calendar.written(end).unwrap())
    }

    #[test]
    fn periods_begin_at_midnight_of_their_zone() {
        use config::Period::{Day, Month, Week};
        for (period, zone, now, start, end) in [
            (Day, "UTC", "2026-01-01T12:09:00Z", "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"),
            (Month, "UTC", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
            (Week, "UTC", "2026-11-29T12:00:00Z", "2026-11-23T00:00:00+00:00", "2026-11-30T00:00:00+00:00"),
            (Week, "UTC", "2026-11-30T00:00:00Z", "2026-11-30T00:00:00+00:00", "2026-12-07T00:00:00+00:00"),
            // It is tomorrow there already.
            (Day, "Asia/Tokyo", "2026-01-01T15:00:00Z", "2026-01-02T00:00:00+09:00", "2026-01-03T00:00:00+09:00"),
            // 23 and 25 hours.
            (Day, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
            (Day, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
            (
                Month,
                "America/New_York",
                "2026-11-15T00:00:00Z",
                "2026-11-01T00:00:00-04:00",
                "2026-12-01T00:00:00-05:00",
            ),
            // Clocks skip from midnight to one.
            (Day, "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"),
        ] {
            let expected = (start.to_owned(), end.to_owned());
            assert_eq!(around(period, zone, now), expected, "{zone} {now}");
        }
    }

    #[test]
    fn a_total_never_ends() {
        let calendar = Calendar::new(config::Period::Total, TimeZone::UTC);
        assert_eq!(calendar.around(1_767_269_340_000_000), (0, NEVER_US));
    }

    #[test]
    fn it_says_the_same_of_every_moment_of_a_period() {
        let zone = TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
        let kept = Calendar::new(config::Period::Day, zone.clone());
        for hour in 0..24 * 400 {
            let now_us = 1_767_222_000_000_000 + hour * 3_600_000_000;
            let (start, end) = kept.around(now_us);
            assert!(start <= now_us && now_us < end && end - start <= 25 * 3_600_000_000);
            assert_eq!((start, end), Calendar::new(config::Period::Day, zone.clone()).around(now_us));
        }
    }
}
