//! Which answers are being made new behind stale ones: each once at a time, and none is forgotten.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::exchange::CacheKey;

/// The refreshes under way.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    state: Mutex<State>,
    ended: Condvar,
    told: Notify,
}

#[derive(Debug, Default)]
struct State {
    keys: HashSet<CacheKey>,
    begun: u64,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Refresh {
    all: Arc<Refreshes>,
    key: CacheKey,
}

impl Refreshes {
    /// The only refresh of this key, or `None` while there is one.
    pub(crate) fn begin(self: &Arc<Self>, key: CacheKey) -> Option<Refresh> {
        let mut state = self.state();
        if !state.keys.insert(key) {
            return None;
        }
        state.begun += 1;
        Some(Refresh { all: self.clone(), key })
    }

    /// How many there were so far.
    pub(crate) fn begun(&self) -> u64 {
        self.state().begun
    }

    /// Ends when none is under way.
    pub(crate) async fn idle(&self) {
        loop {
            let told = self.told.notified();
            if self.state().keys.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// Waits on this thread until none is under way, for `budget` at most, and says what is left of it.
    pub(crate) fn wait(&self, budget: Duration) -> Duration {
        let started = Instant::now();
        let state = self.state();
        let waited = self.ended.wait_timeout_while(state, budget, |state| !state.keys.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        budget.saturating_sub(started.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Refresh {
    fn drop(&mut self) {
        self.all.state().keys.remove(&self.key);
        self.all.ended.notify_all();
        self.all.told.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_made_once_at_a_time_and_waited_for() {
        let all = Arc::new(Refreshes::default());
        let first = all.begin([1; 32]).expect("nobody makes it yet");
        assert!(all.begin([1; 32]).is_none());
        let second = all.begin([2; 32]);
        assert_eq!(all.wait(Duration::ZERO), Duration::ZERO);
        let waiting = std::thread::spawn({
            let all = all.clone();
            move || all.wait(Duration::from_secs(60))
        });
        drop((first, second));
        assert!(!waiting.join().expect("it waits and ends").is_zero());
        assert!(all.begin([1; 32]).is_some());
        assert_eq!(all.begun(), 3);
    }
}
