//! Whose key a call goes out with: the caller's, a stored one, one on loan, a token, a signature.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};

use super::entry::{Environment, Provider};
use crate::config::ProviderConfig;
use crate::error::Error;
use crate::provider::Dialect;
use crate::provider::aws::{self, Keys};
use crate::provider::grant::{self, Grant, Issuer};
use crate::secret::Secret;

impl Provider {
    /// Puts the stored key and the configured headers where the caller sent none; placeholders count as none. A key in
    /// the query counts as sent, where the provider takes one there.
    pub(crate) fn authorize(&self, headers: &mut HeaderMap, query: Option<&str>) {
        self.credentials.authorize(headers, query);
    }

    /// Like [`Provider::authorize`], for a call in a shape that is not the provider's: the key moves from where SDKs of that
    /// shape put it to the header that [`Provider::chat`] takes it in.
    pub(crate) fn authorize_any(&self, dialect: Dialect, headers: &mut HeaderMap) {
        self.credentials.authorize_any(dialect, headers);
    }

    /// Whether a call would go out without a key: neither the caller nor the configuration has one. Of an address that a
    /// caller made up this is never said, so that no key is ever lent to it.
    pub(crate) fn lacks_key(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let signs = || self.aws.as_ref().is_some_and(|source| !matches!(source.keys(), Ok(None)));
        self.is_listed && self.credentials.lack(headers, query) && !signs()
    }

    /// What is exchanged for a token: the call's own key, where that is meant to be, or what is stored for calls that have
    /// none.
    ///
    /// # Errors
    /// When a grant is meant and cannot be used.
    pub(crate) fn grant(&self, headers: &HeaderMap, query: Option<&str>) -> Result<Option<Arc<Grant>>, Error> {
        let Some(source) = self.grants.as_ref().filter(|_| self.is_listed) else { return Ok(None) };
        match self.credentials.find(headers) {
            Some(key) => source.brought(key),
            None if self.credentials.lack(headers, query) => source.grant(),
            None => Ok(None),
        }
    }

    /// Puts an access token where the provider takes one, whatever stands there.
    pub(crate) fn lend_token(&self, headers: &mut HeaderMap, token: &Secret) {
        self.credentials.lend_token(headers, token);
    }

    /// Puts a key that was brought for this call where the provider takes it.
    pub(crate) fn lend(&self, headers: &mut HeaderMap, key: &Secret) {
        let is_signed_with = self.aws.is_some() && Keys::is_meant(key.expose());
        let is_exchanged = self.grants.is_some() && grant::Source::is_meant(key);
        if !is_signed_with && !is_exchanged {
            self.credentials.lend(headers, key);
        }
    }

    /// Signs a request that is about to go out, where the provider wants that and no key is sent. `lent` is a key that was
    /// brought for this call; `now_us` is the wall clock in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub(crate) fn sign(
        &self,
        (method, url, body): (&Method, &str, &Bytes),
        headers: &mut HeaderMap,
        lent: Option<&Secret>,
        now_us: u64,
    ) -> Result<(), Error> {
        let Some(source) = self.aws.as_ref().filter(|_| self.credentials.find(headers).is_none()) else {
            return Ok(());
        };
        let keys = match lent.and_then(|key| Keys::parse(key.expose())) {
            Some(keys) => Some(Arc::new(keys)),
            None => source.keys()?,
        };
        let Some(keys) = keys else { return Ok(()) };
        aws::sign(&keys, method, url, headers, body, now_us)
    }

    /// The header that holds the key: who pays. It is part of the cache key.
    pub(crate) fn credential<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        self.credentials.find(headers)
    }
}

/// What the configuration has for a provider, itself or by a variable's name.
fn stored(settings: &ProviderConfig, environment: Environment<'_>) -> Option<Secret> {
    match (&settings.key, &settings.key_env) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(variable)) => environment(variable).map(Secret::new),
        (None, None) => None,
    }
}

/// The grant that is stored for a provider; `None` where the stored key is sent as it is, or there is none.
pub(super) fn stored_grant(
    issuer: Issuer,
    name: &str,
    settings: &ProviderConfig,
    environment: Environment<'_>,
) -> Result<Option<Grant>, Error> {
    if let Some(index) = settings.keys.iter().position(grant::Source::is_meant) {
        let message = "a key that is exchanged for tokens takes no turns; put it in key";
        return Err(Error::config(format!("providers.{name}.keys[{index}]"), message));
    }
    let Some(key) = stored(settings, environment) else { return Ok(None) };
    grant::Source::stored(issuer, &key)
        .map_err(|form| Error::config(format!("providers.{name}.key"), format!("expected a token or {form}")))
}

/// The keys of AWS that are stored for a provider; `None` where the stored key is a token, or there is none.
pub(super) fn aws_keys(
    name: &str,
    settings: &ProviderConfig,
    environment: Environment<'_>,
) -> Result<Option<Keys>, Error> {
    let Some(text) = stored(settings, environment).filter(|text| Keys::is_meant(text.expose())) else {
        return Ok(None);
    };
    Keys::parse(text.expose()).map(Some).ok_or_else(|| {
        let form = "expected {\"accessKeyId\", \"secretAccessKey\", \"sessionToken\"?, \"region\"?}, each a text";
        Error::config(format!("providers.{name}.key"), form)
    })
}
