//! Where logs are sent to.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::{Size, Span};
use super::validate::{self, check_url, is_variable};
use crate::error::Error;
use crate::secret::Secret;

/// A receiver of logs, and how they get there.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UploadConfig {
    /// Where batches are posted to: an `http` or `https` URL without credentials, query or fragment.
    #[schemars(url)]
    pub to: String,
    /// What the receiver is shown as `authorization: Bearer {key}`.
    pub key: Option<Secret>,
    /// The environment variable that holds the key.
    pub key_env: Option<String>,
    /// Headers for every batch. Their values are kept like keys.
    pub headers: BTreeMap<String, Secret>,
    /// Whether bodies are sent too, where the log keeps them.
    pub payloads: bool,
    /// How many records a batch holds at most: 1 to 10,000.
    #[schemars(range(min = 1, max = 10_000))]
    pub batch_records: u32,
    /// How many bytes a batch holds at most before it is compressed: 1 KiB to 64 MiB. A record that is larger goes alone.
    pub batch_bytes: Size,
    /// How long a record waits for others, up to 1 hour.
    pub batch_age: Span,
    /// How many bytes may wait, at least 64 KiB. Beyond it bodies of the oldest records are left out, then records of
    /// calls that succeeded, then the others; each is counted.
    pub max_bytes: Size,
}

impl Default for UploadConfig {
    fn default() -> Self {
        Self {
            to: String::new(),
            key: None,
            key_env: None,
            headers: BTreeMap::new(),
            payloads: false,
            batch_records: 512,
            batch_bytes: Size::new(1 << 20),
            batch_age: Span::from_millis(5_000),
            max_bytes: Size::new(256 << 20),
        }
    }
}

impl UploadConfig {
    const LONGEST_AGE: Span = Span::from_millis(3_600_000);

    pub(super) fn check(&self, name: &str) -> Result<(), Error> {
        let at = |key: &str| format!("uploads.{name}.{key}");
        if cfg!(not(feature = "sqlite")) {
            return Err(Error::config(format!("uploads.{name}"), "this build keeps no log, so it has nothing to send"));
        }
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(in_name) {
            let message = "a receiver is named with 1 to 64 letters, digits, \"-\", \"_\" or \".\"";
            return Err(Error::config(format!("uploads.{name}"), message));
        }
        if self.to.is_empty() {
            return Err(Error::config(at("to"), "is missing: the URL that batches are posted to"));
        }
        check_url(&self.to).map_err(|message| Error::config(at("to"), message))?;
        if self.key.is_some() && self.key_env.is_some() {
            return Err(Error::config(at("key_env"), "key and key_env are both given; keep one of them"));
        }
        if self.key_env.as_deref().is_some_and(|name| !is_variable(name)) {
            let message = "expected the name of an environment variable; the key itself is called key";
            return Err(Error::config(at("key_env"), message));
        }
        let values = self.headers.values().chain(&self.key);
        if values.into_iter().any(|value| HeaderValue::from_str(value.expose()).is_err()) {
            let message = "a value holds characters that a header cannot carry, such as line ends";
            return Err(Error::config(at("headers"), message));
        }
        if let Some(name) = self.headers.keys().find(|name| HeaderName::from_bytes(name.as_bytes()).is_err()) {
            return Err(Error::config(at("headers"), format!("{name:?} is not a header name")));
        }
        if !(1..=10_000).contains(&self.batch_records) {
            let message = format!("{} is outside 1 to 10000", self.batch_records);
            return Err(Error::config(at("batch_records"), message));
        }
        size(at("batch_bytes"), self.batch_bytes, 1 << 10, 64 << 20)?;
        size(at("max_bytes"), self.max_bytes, 64 << 10, u64::MAX)?;
        validate::within(&at("batch_age"), self.batch_age, Span::default(), Self::LONGEST_AGE, "")
    }
}

fn size(field: String, size: Size, min: u64, max: u64) -> Result<(), Error> {
    if (min..=max).contains(&size.bytes()) {
        return Ok(());
    }
    let (min, max) = (Size::new(min), Size::new(max));
    let range = if max.bytes() == u64::MAX { format!("at least {min}") } else { format!("{min} to {max}") };
    Err(Error::config(field, format!("{size} is outside {range}")))
}
