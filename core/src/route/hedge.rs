//! When a second call is made beside one that does not begin to answer, and how many of them there may be.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::budget::Budget;
use crate::policy::HedgePolicy;

/// So many times of a model are remembered, and a percentile is told from so many at least.
const REMEMBERED: usize = 100;
const ENOUGH: usize = 20;
/// Models come from callers too, so they are bounded in number; those beyond have no percentile.
const MAX_MODELS: usize = 1024;

/// The second calls of one gateway.
pub(crate) struct Hedges {
    budget: Budget,
    times: Mutex<HashMap<Model, Times>>,
}

/// A provider's slug and the name of its model.
type Model = (Box<str>, Box<str>);

/// How long the last answers of a model took to begin, in microseconds.
#[derive(Default)]
struct Times {
    last: Vec<u64>,
    next: usize,
}

impl Hedges {
    /// So many percent of the calls to a provider may be hedged; 0 sets no bound.
    pub(crate) fn new(budget_percent: u8) -> Self {
        Self { budget: Budget::new(budget_percent), times: Mutex::default() }
    }

    /// After how long without an answer a call to this model is hedged, if it is.
    pub(crate) fn after(&self, policy: HedgePolicy, provider: &str, model: &str) -> Option<Duration> {
        let after = policy.after?;
        let told = policy.percentile.and_then(|percentile| {
            self.with(provider, model, |times| times.percentile(percentile)).flatten().map(Duration::from_micros)
        });
        Some(told.unwrap_or(after))
    }

    /// Counts a call that may be hedged.
    pub(crate) fn count(&self, provider: &str) {
        self.budget.count(provider);
    }

    /// Takes a second call out of the budget, if it holds one.
    pub(crate) fn take(&self, provider: &str) -> bool {
        self.budget.take(provider)
    }

    /// An answer of this model began after `took_us`, or had not begun by then.
    pub(crate) fn learn(&self, policy: HedgePolicy, provider: &str, model: &str, took_us: u64) {
        if policy.after.is_some() && policy.percentile.is_some() {
            self.with(provider, model, |times| times.add(took_us));
        }
    }

    fn with<T>(&self, provider: &str, model: &str, act: impl FnOnce(&mut Times) -> T) -> Option<T> {
        let mut all = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (provider.into(), model.into());
        (all.len() < MAX_MODELS || all.contains_key(&key)).then(|| act(all.entry(key).or_default()))
    }
}

impl Times {
    fn add(&mut self, took_us: u64) {
        if self.last.len() < REMEMBERED {
            self.last.push(took_us);
        } else {
            self.last[self.next] = took_us;
            self.next = (self.next + 1) % REMEMBERED;
        }
    }

    /// The time within which so many percent began: the nearest rank.
    fn percentile(&self, percentile: u8) -> Option<u64> {
        if self.last.len() < ENOUGH {
            return None;
        }
        let mut sorted = self.last.clone();
        let rank = (sorted.len() * usize::from(percentile)).div_ceil(100).clamp(1, sorted.len());
        Some(*sorted.select_nth_unstable(rank - 1).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HedgeTo;

    const POLICY: HedgePolicy =
        HedgePolicy { after: Some(Duration::from_secs(2)), percentile: Some(95), to: HedgeTo::Next };

    #[test]
    fn a_percentile_needs_twenty_answers_and_fades_with_the_hundredth() {
        let hedges = Hedges::new(10);
        let after = || hedges.after(POLICY, "p", "m").unwrap().as_millis();
        (1..20).for_each(|number| hedges.learn(POLICY, "p", "m", number * 1_000));
        assert_eq!(after(), 2_000, "nineteen are not enough");
        hedges.learn(POLICY, "p", "m", 20_000);
        assert_eq!(after(), 19, "nineteen of twenty began within 19 ms");
        assert_eq!(hedges.after(POLICY, "p", "another").unwrap().as_millis(), 2_000);
        (0..100).for_each(|_| hedges.learn(POLICY, "p", "m", 7_000));
        assert_eq!(after(), 7, "older ones are forgotten");
        assert_eq!(hedges.after(POLICY.named(Duration::from_secs(1)), "p", "m").unwrap().as_secs(), 1);
        assert_eq!(hedges.after(POLICY.named(Duration::ZERO), "p", "m"), None);
    }

    #[test]
    fn models_are_bounded_in_number() {
        let hedges = Hedges::new(10);
        (0..5_000).for_each(|number| hedges.learn(POLICY, "p", &number.to_string(), 1));
        assert_eq!(hedges.times.lock().unwrap().len(), MAX_MODELS);
        assert_eq!(hedges.after(POLICY, "p", "4999"), POLICY.after);
    }
}
