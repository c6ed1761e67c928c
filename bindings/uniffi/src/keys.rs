//! Keys that the app brings when they are needed.

use std::sync::Arc;
use std::time::Duration;

use tollhouse::{Asking, Key, KeySource, Secret};

use crate::errors::Failure;

/// Brings the key of a provider: from a keychain, or from a broker that knows the app's user. It is asked where neither
/// the caller nor the configuration has one.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait TokenBroker: Send + Sync {
    /// The key for `provider` (a slug such as `openai`), or `None` to call it without one. What it throws ends this
    /// attempt before anything is sent.
    async fn token(&self, provider: String) -> Result<Option<Token>, Failure>;
}

/// A key on its way in.
#[derive(uniffi::Record)]
pub struct Token {
    /// The key, without `Bearer`.
    pub secret: String,
    /// How long it holds, in milliseconds; without it every call asks again.
    pub lifetime_ms: Option<u64>,
}

/// A broker as core asks it.
pub struct Brokered(pub Arc<dyn TokenBroker>);

impl KeySource for Brokered {
    fn key<'a>(&'a self, provider: &'a str) -> Asking<'a> {
        Box::pin(async move {
            let token = self.0.token(provider.to_owned()).await.map_err(Failure::into_error)?;
            Ok(token.map(|token| Key {
                secret: Secret::new(token.secret),
                lifetime: token.lifetime_ms.map(Duration::from_millis),
            }))
        })
    }
}
