//! What one model costs: now, before, at which hour, and in which service tier.

use std::borrow::Cow;

use super::rates::Rates;
use crate::usage::Tier;

const DAY_US: u64 = 86_400_000_000;
const MINUTE_US: u64 = 60_000_000;

/// The tiers that lists have rates for, by their names there.
pub(super) const TIERS: [(&str, Tier); 4] =
    [("batch", Tier::Batch), ("flex", Tier::Flex), ("priority", Tier::Priority), ("fast", Tier::Fast)];

/// A model's line in a list.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Its name there.
    pub(super) name: String,
    pub(super) rates: Rates,
    /// What takes the place of some rates in a service tier.
    pub(super) tiers: Vec<(Tier, Rates)>,
    /// Rates before a day, by the microsecond at which it begins.
    pub(super) until: Vec<(u64, Rates)>,
    /// Rates within hours of the day, in minutes of UTC.
    pub(super) hours: Vec<(u64, u64, Rates)>,
    /// Patterns of names that are not meant.
    pub(super) except: Vec<String>,
}

impl Row {
    /// The rates at a time, in microseconds since 1970 UTC; `None` for a tier whose price is not known.
    pub(super) fn at(&self, at_us: u64, tier: Option<Tier>) -> Option<Cow<'_, Rates>> {
        // What tiers and hours cost is known for the present rates only.
        let before = self.until.iter().find(|(end_us, _)| at_us < *end_us).map(|(_, rates)| rates);
        let standard = match before {
            Some(rates) => Cow::Borrowed(rates),
            None => self.at_hour(at_us % DAY_US / MINUTE_US),
        };
        let Some(tier) = tier else { return Some(standard) };
        let overlay = self.tiers.iter().find(|(name, _)| *name == tier).filter(|_| before.is_none());
        overlay.map(|(_, rates)| Cow::Owned(rates.over(&standard)))
    }

    fn at_hour(&self, minute: u64) -> Cow<'_, Rates> {
        let is_in = |from: u64, to: u64| {
            if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
        };
        match self.hours.iter().find(|(from, to, _)| is_in(*from, *to)) {
            Some((_, _, rates)) => Cow::Owned(rates.over(&self.rates)),
            None => Cow::Borrowed(&self.rates),
        }
    }
}
