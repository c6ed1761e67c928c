//! Keys that somebody brings when they are needed: a token broker, a keychain. That is how an app on a phone calls a
//! provider without carrying its key.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// A key is given up so long before its time is over: the call that it goes out with takes time too.
const MARGIN: Duration = Duration::from_secs(10);

/// How long a source may think: calls wait behind it, and no provider's timeout covers it.
const MAX_ASKING: Duration = Duration::from_secs(30);

/// A key for one provider.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key itself, without `Bearer`.
    pub secret: Secret,
    /// How long it holds from now on. It is kept for that time, less ten seconds; without it every call asks again.
    pub lifetime: Option<Duration>,
}

/// The future of one question.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Option<Key>, Error>> + Send + 'a>>;

/// Brings keys for calls that have none: neither the caller nor the configuration names one.
///
/// Only providers of the catalogue and of the configuration are asked for, never an address that a caller made up.
pub trait KeySource: Send + Sync {
    /// The key for `provider` (a slug such as `openai`), or `None` to call it without one. An error ends this attempt
    /// before anything is sent; a fallback goes on.
    fn key<'a>(&'a self, provider: &'a str) -> Asking<'a>;
}

/// A key on loan, for one call.
pub(crate) struct Lent {
    pub(crate) key: Secret,
    /// Whether it is an access token, which is sent as one wherever the provider takes its keys.
    pub(crate) is_token: bool,
    keyring: Option<Arc<Keyring>>,
}

impl Lent {
    /// One of the keys that the configuration has for `provider`.
    pub(crate) fn of_pool(key: Secret) -> Self {
        Self { key, is_token: false, keyring: None }
    }

    /// The provider did not take it: the next call asks for another.
    pub(crate) fn forget(&self, provider: &str) {
        if let Some(keyring) = &self.keyring {
            keyring.forget(provider, &self.key);
        }
    }
}

/// The keys that a source has brought, as long as they hold.
pub(crate) struct Keyring {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    kept: tokio::sync::Mutex<Option<Kept>>,
    /// Set while the last answer was none to be kept: then calls need not wait for one another.
    asks_always: AtomicBool,
}

struct Kept {
    secret: Secret,
    /// By both clocks: one stands still while a phone sleeps, the other may be set.
    until_monotonic_us: u64,
    until_us: u64,
}

impl Keyring {
    pub(crate) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, slots: Mutex::default() }
    }

    /// The key for `provider`, with its way back.
    pub(crate) async fn lend(self: Arc<Self>, provider: &str, is_token: bool) -> Result<Option<Lent>, Error> {
        Ok(self.key(provider).await?.map(|key| Lent { key, is_token, keyring: Some(self) }))
    }

    /// The key for `provider`. Calls that come while one is fetched that can be kept wait for the one answer.
    async fn key(&self, provider: &str) -> Result<Option<Secret>, Error> {
        let slot = self.slot(provider);
        if !slot.asks_always.load(Ordering::Relaxed) {
            let mut kept = slot.kept.lock().await;
            if let Some(kept) = kept.as_ref().filter(|kept| self.holds(kept)) {
                return Ok(Some(kept.secret.clone()));
            }
            // Whoever waited for the lock may have waited for an answer that is not kept.
            if !slot.asks_always.load(Ordering::Relaxed) {
                let answer = self.ask(provider).await;
                return self.keep(&slot, &mut kept, answer);
            }
        }
        let answer = self.ask(provider).await;
        self.keep(&slot, &mut *slot.kept.lock().await, answer)
    }

    /// Lets go of a key that the provider did not take, unless a newer one is there already, or on its way.
    fn forget(&self, provider: &str, refused: &Secret) {
        let slot = self.slot(provider);
        let Ok(mut kept) = slot.kept.try_lock() else { return };
        if kept.as_ref().is_some_and(|kept| kept.secret.matches(refused.expose())) {
            *kept = None;
        }
    }

    fn holds(&self, kept: &Kept) -> bool {
        self.clock.monotonic_us() < kept.until_monotonic_us && self.clock.now_us() < kept.until_us
    }

    fn keep(
        &self,
        slot: &Slot,
        kept: &mut Option<Kept>,
        answer: Result<Option<Key>, Error>,
    ) -> Result<Option<Secret>, Error> {
        let lasts =
            |key: &Key| key.lifetime.and_then(|lifetime| lifetime.checked_sub(MARGIN)).filter(|left| !left.is_zero());
        let key = answer.as_ref().ok().and_then(Option::as_ref);
        *kept = key.and_then(|key| Some((key, lasts(key)?))).map(|(key, left)| {
            let left_us = u64::try_from(left.as_micros()).unwrap_or(u64::MAX);
            Kept {
                secret: key.secret.clone(),
                until_monotonic_us: self.clock.monotonic_us().saturating_add(left_us),
                until_us: self.clock.now_us().saturating_add(left_us),
            }
        });
        slot.asks_always.store(kept.is_none(), Ordering::Relaxed);
        Ok(answer?.map(|key| key.secret))
    }

    async fn ask(&self, provider: &str) -> Result<Option<Key>, Error> {
        let answer = tokio::select! {
            answer = self.source.key(provider) => answer,
            () = self.clock.sleep(MAX_ASKING) => {
                let message = format!("the key source did not answer within {} s", MAX_ASKING.as_secs());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        };
        let key = answer.map_err(|error| {
            let message = format!("no key for {provider}: {}. Nothing was sent", error.message());
            Error::new(ErrorKind::Connect, message)
        })?;
        if key.as_ref().is_some_and(|key| !can_be_sent(&key.secret)) {
            let message = format!(
                "the key for {provider} is empty or has characters that a header cannot carry; see what the key source \
                 returns. Nothing was sent"
            );
            return Err(Error::new(ErrorKind::Connect, message));
        }
        Ok(key)
    }

    fn slot(&self, provider: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(provider) {
            return slot.clone();
        }
        slots.entry(provider.to_owned()).or_default().clone()
    }
}

fn can_be_sent(key: &Secret) -> bool {
    !key.expose().trim().is_empty() && http::HeaderValue::from_str(key.expose()).is_ok()
}
