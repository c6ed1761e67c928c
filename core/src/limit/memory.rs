//! The counts of one process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Decision, LimitStore, Rule, Technique};

/// Counts in memory, exact under any number of threads.
#[derive(Default)]
pub(crate) struct Memory {
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Default)]
struct Window {
    /// Fixed: the window's start and its count.
    start_us: u64,
    count: u64,
    /// Sliding: when each admitted call came.
    calls_us: VecDeque<u64>,
}

impl LimitStore for Memory {
    fn admit(&self, key: &str, rule: &Rule, now_us: u64) -> Decision {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if !windows.contains_key(key) {
            windows.insert(key.to_owned(), Window::default());
        }
        let window = windows.get_mut(key).expect("the key was put in just above");
        let span_us = u64::try_from(rule.window.as_micros()).unwrap_or(u64::MAX).max(1);
        match rule.technique {
            Technique::Fixed => window.admit_fixed(rule.limit, span_us, now_us),
            Technique::Sliding => window.admit_sliding(rule.limit, span_us, now_us),
        }
    }
}

impl Window {
    /// Windows stand on the clock: one of ten minutes begins at 12:00, 12:10, and so on.
    fn admit_fixed(&mut self, limit: u64, span_us: u64, now_us: u64) -> Decision {
        let start_us = now_us - now_us % span_us;
        // A thread that read the clock just before the window began counts in it; only a clock that was set back further
        // begins another one.
        if start_us > self.start_us || self.start_us - start_us > span_us {
            (self.start_us, self.count) = (start_us, 0);
        }
        if self.count >= limit {
            return Decision::Refused { retry_after: Duration::from_micros(self.start_us + span_us - now_us) };
        }
        self.count += 1;
        Decision::Admitted
    }

    /// The window is the span that ends now, exact: each admitted call is remembered until it leaves it.
    fn admit_sliding(&mut self, limit: u64, span_us: u64, now_us: u64) -> Decision {
        // A clock that was set back must not lock calls out for longer than the window. Calls that are only a little ahead
        // came from threads that read the clock later and were served earlier: they count.
        while self.calls_us.back().is_some_and(|call| *call >= now_us.saturating_add(span_us)) {
            self.calls_us.pop_back();
        }
        for call in self.calls_us.iter_mut().rev().take_while(|call| **call > now_us) {
            *call = now_us;
        }
        while self.calls_us.front().is_some_and(|call| now_us - call >= span_us) {
            self.calls_us.pop_front();
        }
        if self.calls_us.len() as u64 >= limit {
            let oldest = self.calls_us.front().copied().unwrap_or(now_us);
            return Decision::Refused { retry_after: Duration::from_micros(oldest + span_us - now_us) };
        }
        self.calls_us.push_back(now_us);
        Decision::Admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: u64 = 60_000_000;

    fn rule(technique: Technique) -> Rule {
        Rule { limit: 10, window: Duration::from_mins(10), technique }
    }

    fn admitted(store: &Memory, rule: &Rule, at_us: u64) -> usize {
        (0..10).filter(|_| store.admit("k", rule, at_us) == Decision::Admitted).count()
    }

    #[test]
    fn fixed_windows_start_afresh_on_the_clock() {
        let (store, rule) = (Memory::default(), rule(Technique::Fixed));
        assert_eq!(admitted(&store, &rule, 9 * MINUTE_US), 10);
        let refused = store.admit("k", &rule, 9 * MINUTE_US);
        assert_eq!(refused, Decision::Refused { retry_after: Duration::from_mins(1) });
        assert_eq!(admitted(&store, &rule, 11 * MINUTE_US), 10);
    }

    #[test]
    fn sliding_windows_look_back() {
        let (store, rule) = (Memory::default(), rule(Technique::Sliding));
        assert_eq!(admitted(&store, &rule, 9 * MINUTE_US), 10);
        assert_eq!(admitted(&store, &rule, 11 * MINUTE_US), 0);
        let refused = store.admit("k", &rule, 11 * MINUTE_US);
        assert_eq!(refused, Decision::Refused { retry_after: Duration::from_mins(8) });
        assert_eq!(admitted(&store, &rule, 19 * MINUTE_US), 10);
    }

    #[test]
    fn keys_do_not_meet() {
        let (store, rule) = (Memory::default(), rule(Technique::Fixed));
        assert_eq!(admitted(&store, &rule, 0), 10);
        assert_eq!(store.admit("other", &rule, 0), Decision::Admitted);
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out() {
        let (store, rule) = (Memory::default(), rule(Technique::Sliding));
        assert_eq!(admitted(&store, &rule, 1_000 * MINUTE_US), 10);
        assert_eq!(admitted(&store, &rule, 5 * MINUTE_US), 10);
    }

    #[test]
    fn threads_that_are_served_out_of_order_are_all_counted() {
        for technique in [Technique::Fixed, Technique::Sliding] {
            let (store, rule) = (Memory::default(), rule(technique));
            let just_before = 10 * MINUTE_US - 1;
            let admit = |at_us: u64| store.admit("k", &rule, at_us) == Decision::Admitted;
            let total = (1..=20).filter(|turn| admit(just_before + turn % 2)).count();
            assert_eq!(total, 10, "{technique:?}");
        }
    }

    #[test]
    fn no_thread_gets_past_the_limit() {
        let (store, rule) = (Memory::default(), Rule { limit: 500, ..rule(Technique::Sliding) });
        let count = |_| (0..1_000).filter(|_| store.admit("k", &rule, MINUTE_US) == Decision::Admitted).count();
        let total: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || count(number))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
        });
        assert_eq!(total, 500);
    }
}
