//! How many calls retries may add to a provider that fails: without a bound, an outage is answered by a multiple of calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Retries that need no calls before them, so that a script of a few calls is tried again as it asks.
const FREE: u64 = 10;
/// After so many calls older ones count half: an outage is held against the calls around it, not those of last week.
const WINDOW: u64 = 200;
/// Hosts that nobody configured are bounded in number too; those beyond share one count.
const MAX_PROVIDERS: usize = 1024;

/// What every provider was called and called again.
pub(crate) struct Budget {
    percent: u64,
    tallies: Mutex<HashMap<Box<str>, Tally>>,
}

#[derive(Default)]
struct Tally {
    calls: u64,
    retries: u64,
}

impl Budget {
    /// A budget of so many percent; 0 sets no bound.
    pub(crate) fn new(percent: u8) -> Self {
        Self { percent: percent.into(), tallies: Mutex::default() }
    }

    /// Counts the first try at a target.
    pub(crate) fn count(&self, provider: &str) {
        self.with(provider, |tally| {
            tally.calls += 1;
            if tally.calls >= WINDOW {
                tally.calls /= 2;
                tally.retries /= 2;
            }
        });
    }

    /// Takes one more try out of the budget, if it holds one.
    pub(crate) fn take(&self, provider: &str) -> bool {
        if self.percent == 0 {
            return true;
        }
        self.with(provider, |tally| {
            let is_left = (tally.retries + 1) * 100 <= (self.percent * tally.calls).max(FREE * 100);
            tally.retries += u64::from(is_left);
            is_left
        })
    }

    fn with<T>(&self, provider: &str, act: impl FnOnce(&mut Tally) -> T) -> T {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = tallies.get_mut(provider) {
            return act(tally);
        }
        let name = if tallies.len() < MAX_PROVIDERS { provider } else { "" };
        act(tallies.entry(name.into()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Upstream calls of an outage: every request wants five tries.
    fn outage(budget: &Budget, requests: u64) -> u64 {
        (0..requests).fold(0, |calls, _| {
            budget.count("p");
            calls + 1 + (0..4).take_while(|_| budget.take("p")).count() as u64
        })
    }

    #[test]
    fn an_outage_costs_a_tenth_more() {
        assert_eq!(outage(&Budget::new(10), 2), 10, "two calls alone get all their tries");
        for requests in [100, 1_000, 10_000] {
            let calls = outage(&Budget::new(10), requests);
            assert!(calls <= requests + requests / 10 && calls >= requests + requests / 11, "{calls} of {requests}");
        }
        assert_eq!(outage(&Budget::new(0), 100), 500, "no bound");
    }

    #[test]
    fn quiet_years_do_not_add_up() {
        let budget = Budget::new(10);
        (0..1_000_000).for_each(|_| budget.count("p"));
        assert!(outage(&budget, 100) <= 100 + 30);
    }

    #[test]
    fn each_provider_has_its_own_and_their_number_is_bounded() {
        let budget = Budget::new(10);
        assert!((0..10).all(|_| budget.take("a")) && !budget.take("a") && budget.take("b"));
        (0..10_000).for_each(|number| budget.count(&number.to_string()));
        assert!(budget.tallies.lock().unwrap().len() <= MAX_PROVIDERS + 1);
    }
}
