//! What providers say is left of their own limits, learned from their answers and minded before the next call: one quota
//! for each provider, key and model. Only a digest of a key is kept.

mod told;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use self::told::{Kind, Told, told};
use super::estimate::Worst;
use crate::clock::Clock;
use crate::config::QuotaConfig;
use crate::exchange::Target;
use crate::held::LimitKey;

/// As many keys as one gateway talks for at most; beyond it those whose time is over are forgotten.
const MAX_KNOWN: usize = 10_000;

/// The quotas of one gateway.
pub(crate) struct Quotas {
    /// How long a call waits for a quota; `None` where nobody does.
    max_wait: Option<Duration>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<LimitKey, Quota>>,
}

/// What is known of one key at one model.
#[derive(Debug, Default)]
struct Quota {
    /// Calls that were sent and have no answer yet: the provider may not have counted them when it last told.
    in_flight: u64,
    left: Vec<Left>,
}

/// What is left of one thing that a provider counts.
#[derive(Debug)]
struct Left {
    kind: Kind,
    limit: Option<u64>,
    remaining: u64,
    /// When there is more again (monotonic).
    until_us: u64,
}

impl Quotas {
    pub(crate) fn new(config: &QuotaConfig, clock: Arc<dyn Clock>) -> Self {
        Self { max_wait: config.max_wait(), clock, known: Mutex::default() }
    }

    /// Ends when the provider will take the call by what it said last, or when waiting is not worth it: then the provider
    /// itself says no, and the call goes the way of every 429. `headers` are those that are sent, with their key.
    pub(crate) async fn pace(&self, target: &Target, headers: &HeaderMap) -> Option<Pace<'_>> {
        let max_wait = self.max_wait?;
        let key = key(target, headers);
        let tokens = if self.knows(&key) { Worst::of(target).tokens_in() } else { 0 };
        let started_us = self.clock.monotonic_us();
        loop {
            let now_us = self.clock.monotonic_us();
            let left = max_wait.saturating_sub(Duration::from_micros(now_us - started_us));
            let wait = self.quota(key).wait(tokens, now_us);
            match wait {
                Some(wait) if wait <= left => self.clock.sleep(wait).await,
                _ => break,
            }
        }
        self.quota(key).send(tokens);
        Some(Pace { quotas: self, key, heard: false })
    }

    fn knows(&self, key: &LimitKey) -> bool {
        self.known().get(key).is_some_and(|quota| !quota.left.is_empty())
    }

    fn quota(&self, key: LimitKey) -> impl std::ops::DerefMut<Target = Quota> {
        Locked { known: self.known(), key }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<LimitKey, Quota>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was sent. Dropped without an answer, it is in flight no longer.
pub(crate) struct Pace<'a> {
    quotas: &'a Quotas,
    key: LimitKey,
    heard: bool,
}

impl Pace<'_> {
    /// Takes in what the provider said.
    pub(crate) fn learn(mut self, status: StatusCode, headers: &HeaderMap) {
        self.heard = true;
        let clock = &self.quotas.clock;
        let (told, now_us) = (told(status, headers, clock.now_us()), clock.monotonic_us());
        let mut quota = self.quotas.quota(self.key);
        quota.in_flight = quota.in_flight.saturating_sub(1);
        for told in told {
            quota.learn(&told, now_us);
        }
    }
}

impl Drop for Pace<'_> {
    fn drop(&mut self) {
        if !self.heard {
            let mut quota = self.quotas.quota(self.key);
            quota.in_flight = quota.in_flight.saturating_sub(1);
        }
    }
}

impl Quota {
    /// How long a call of so many input tokens would have to wait; `None` if it may go.
    fn wait(&mut self, tokens: u64, now_us: u64) -> Option<Duration> {
        for left in self.left.iter_mut().filter(|left| left.until_us <= now_us) {
            // Its time is over: all of it is there again, and nobody knows when it ends.
            left.remaining = left.limit.unwrap_or(u64::MAX);
        }
        let in_flight = self.in_flight;
        let short = self.left.iter().filter(|left| left.until_us > now_us).filter(|left| match left.kind {
            Kind::Requests => left.remaining <= in_flight,
            Kind::Tokens | Kind::TokensIn => left.remaining < tokens.min(left.limit.unwrap_or(u64::MAX)).max(1),
            Kind::TokensOut => left.remaining == 0,
        });
        short.map(|left| Duration::from_micros(left.until_us - now_us)).max()
    }

    fn send(&mut self, tokens: u64) {
        self.in_flight += 1;
        for left in &mut self.left {
            if matches!(left.kind, Kind::Tokens | Kind::TokensIn) {
                left.remaining = left.remaining.saturating_sub(tokens);
            }
        }
    }

    fn learn(&mut self, told: &Told, now_us: u64) {
        let left = Left {
            kind: told.kind,
            limit: told.limit,
            remaining: told.remaining,
            until_us: now_us.saturating_add(told.reset_us),
        };
        match self.left.iter_mut().find(|known| known.kind == told.kind) {
            Some(known) => *known = left,
            None => self.left.push(left),
        }
    }
}

/// A quota under its lock.
struct Locked<'a> {
    known: MutexGuard<'a, HashMap<LimitKey, Quota>>,
    key: LimitKey,
}

impl std::ops::Deref for Locked<'_> {
    type Target = Quota;

    fn deref(&self) -> &Quota {
        static NOTHING: Quota = Quota { in_flight: 0, left: Vec::new() };
        self.known.get(&self.key).unwrap_or(&NOTHING)
    }
}

impl std::ops::DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Quota {
        if self.known.len() >= MAX_KNOWN && !self.known.contains_key(&self.key) {
            self.known.retain(|_, quota| quota.in_flight > 0);
        }
        self.known.entry(self.key).or_default()
    }
}

fn key(target: &Target, headers: &HeaderMap) -> LimitKey {
    let credential = target.provider.credential(headers).map_or(&[][..], |value| value.as_bytes());
    let mut digest = Sha256::new();
    for part in [target.provider.slug.as_bytes(), target.model.as_bytes(), credential] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let whole: [u8; 32] = digest.finalize().into();
    let mut half = LimitKey::default();
    half.copy_from_slice(&whole[..16]);
    half
}
