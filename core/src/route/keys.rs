//! Several keys of one provider: they take turns, and one that is refused or used up rests while the others go on.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;

use crate::secret::Secret;

/// How long a key rests after 429, where the provider does not say.
const AFTER_LIMIT: Duration = Duration::from_secs(30);
/// How long after 401: it may have been revoked for good, or only just been made.
const AFTER_REFUSAL: Duration = Duration::from_mins(10);

/// The keys of one provider.
pub(crate) struct KeyPool {
    keys: Vec<Pooled>,
    next: AtomicUsize,
}

struct Pooled {
    secret: Secret,
    /// On the monotonic clock.
    rests_until_us: AtomicU64,
}

/// The keys that one call to a target has gone through.
pub(crate) struct Turn<'a> {
    pool: &'a KeyPool,
    index: usize,
    tried: Vec<usize>,
}

impl KeyPool {
    pub(crate) fn new(keys: &[Secret]) -> Self {
        let keys = keys.iter().map(|secret| Pooled { secret: secret.clone(), rests_until_us: AtomicU64::new(0) });
        Self { keys: keys.collect(), next: AtomicUsize::new(0) }
    }

    /// The next key in turn. If all rest, the one that has rested almost enough: it is better than none.
    pub(crate) fn turn(&self, now_us: u64) -> Turn<'_> {
        let start = self.next.fetch_add(1, Relaxed) % self.keys.len();
        let index = self.ready(start, &[], now_us).unwrap_or_else(|| {
            let until = |index: &usize| self.keys[*index].rests_until_us.load(Relaxed);
            (0..self.keys.len()).min_by_key(until).unwrap_or(start)
        });
        Turn { pool: self, index, tried: Vec::new() }
    }

    fn ready(&self, start: usize, tried: &[usize], now_us: u64) -> Option<usize> {
        let all = (0..self.keys.len()).map(|offset| (start + offset) % self.keys.len());
        let rested = |index: &usize| self.keys[*index].rests_until_us.load(Relaxed) <= now_us;
        all.filter(|index| !tried.contains(index)).find(rested)
    }
}

impl Turn<'_> {
    pub(crate) fn key(&self) -> &Secret {
        &self.pool.keys[self.index].secret
    }

    /// Lets the key rest if `status` says so, and goes on to another one if there is one. What happened, in words, and
    /// whether another key is there to be tried at once.
    pub(crate) fn after(
        &mut self,
        status: StatusCode,
        retry_after: Option<Duration>,
        now_us: u64,
    ) -> Option<(String, bool)> {
        let rest = match status {
            StatusCode::TOO_MANY_REQUESTS => retry_after.unwrap_or(AFTER_LIMIT),
            StatusCode::UNAUTHORIZED => AFTER_REFUSAL,
            _ => return None,
        };
        let until_us = now_us.saturating_add(u64::try_from(rest.as_micros()).unwrap_or(u64::MAX));
        self.pool.keys[self.index].rests_until_us.store(until_us, Relaxed);
        let told = format!("key {} of {} rests for {} ms", self.index + 1, self.pool.keys.len(), rest.as_millis());
        self.tried.push(self.index);
        let next = self.pool.ready(self.index, &self.tried, now_us);
        self.index = next.unwrap_or(self.index);
        Some((told, next.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> KeyPool {
        KeyPool::new(&["a", "b", "c"].map(Secret::new))
    }

    #[test]
    fn keys_take_turns_and_rest() {
        let pool = pool();
        let key = |now_us| pool.turn(now_us).key().expose().to_owned();
        assert_eq!([key(0), key(0), key(0), key(0)], ["a", "b", "c", "a"]);
        let mut turn = pool.turn(0);
        assert_eq!(turn.key().expose(), "b");
        assert!(turn.after(StatusCode::BAD_REQUEST, None, 0).is_none());
        let (told, again) = turn.after(StatusCode::TOO_MANY_REQUESTS, Some(Duration::from_secs(2)), 0).unwrap();
        assert_eq!((told.as_str(), again, turn.key().expose()), ("key 2 of 3 rests for 2000 ms", true, "c"));
        assert_eq!([key(1), key(1), key(1), key(1)], ["c", "a", "c", "c"], "b rests");
        assert!((0..3).any(|_| key(2_000_000) == "b"));
    }

    #[test]
    fn each_key_once_and_never_none() {
        let pool = pool();
        let mut turn = pool.turn(0);
        let refused = |turn: &mut Turn<'_>| turn.after(StatusCode::UNAUTHORIZED, None, 7).unwrap().1;
        assert_eq!([refused(&mut turn), refused(&mut turn), refused(&mut turn)], [true, true, false]);
        pool.keys[1].rests_until_us.store(9, Relaxed);
        assert_eq!(pool.turn(8).key().expose(), "b", "all rest; this one is the nearest to its end");
    }
}
