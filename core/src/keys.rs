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

/// The keys that a source has brought, as long as they hold.
pub(crate) struct Keyring {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    kept: tokio::sync::Mutex<Option<Kept>>,
    /// Set once a key came without a lifetime: then calls need not wait for one another.
    asks_always: AtomicBool,
}

struct Kept {
    secret: Secret,
    until_us: u64,
}

impl Keyring {
    pub(crate) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, slots: Mutex::default() }
    }

    /// The key for `provider`. Calls that come while it is fetched wait for the one answer.
    pub(crate) async fn key(&self, provider: &str) -> Result<Option<Secret>, Error> {
        let slot = self.slot(provider);
        if slot.asks_always.load(Ordering::Relaxed) {
            return Ok(self.ask(provider).await?.map(|key| key.secret));
        }
        let mut kept = slot.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| self.clock.monotonic_us() < kept.until_us) {
            return Ok(Some(kept.secret.clone()));
        }
        *kept = None;
        let Some(Key { secret, lifetime }) = self.ask(provider).await? else { return Ok(None) };
        match lifetime {
            Some(lifetime) => {
                let held_us = u64::try_from(lifetime.saturating_sub(MARGIN).as_micros()).unwrap_or(u64::MAX);
                let until_us = self.clock.monotonic_us().saturating_add(held_us);
                *kept = Some(Kept { secret: secret.clone(), until_us });
            }
            None => slot.asks_always.store(true, Ordering::Relaxed),
        }
        Ok(Some(secret))
    }

    /// Lets go of a key that the provider did not take, unless a newer one is there already.
    pub(crate) async fn forget(&self, provider: &str, refused: &Secret) {
        let slot = self.slot(provider);
        let mut kept = slot.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.secret.matches(refused.expose())) {
            *kept = None;
        }
    }

    async fn ask(&self, provider: &str) -> Result<Option<Key>, Error> {
        let key = self.source.key(provider).await.map_err(|error| {
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
