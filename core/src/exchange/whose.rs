//! Whose call it is: what tells calls apart, for limits, budgets, wallets and bills.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Target;
use crate::config::Dimension;

impl Target {
    /// What this call has of `dimension`; empty where it has nothing.
    pub(crate) fn value(&self, dimension: &Dimension) -> Cow<'_, str> {
        match dimension {
            Dimension::Gateway => Cow::Borrowed(""),
            Dimension::Provider => self.provider.slug.as_str().into(),
            Dimension::Model => self.model.as_str().into(),
            // A call without a key of its own is made with the gateway's: nobody else's key is the empty one.
            Dimension::Key => {
                let key = self.provider.credential(&self.headers).map_or(&[][..], HeaderValue::as_bytes);
                format!("{} {}", self.provider.slug, String::from_utf8_lossy(key)).into()
            }
            Dimension::Metadata(key) => self.metadata(key),
            Dimension::User => match self.metadata("user") {
                user if user.is_empty() => named_user(&self.body).into(),
                user => user,
            },
        }
    }

    /// Whether it is one of the calls that `when` chooses.
    pub(crate) fn is_meant(&self, when: &[(Dimension, String)]) -> bool {
        when.iter().all(|(dimension, pattern)| matches(pattern, &self.value(dimension)))
    }

    /// What it has of each dimension, to be shown. Of a key only a digest is.
    pub(crate) fn shown(&self, by: &[Dimension]) -> Map<String, Value> {
        let shown = |dimension: &Dimension| match dimension {
            Dimension::Key => self.key_digest(),
            other => self.value(other).into_owned(),
        };
        let entry = |dimension: &Dimension| {
            let value = shown(dimension);
            (dimension.to_string(), if value.is_empty() { Value::Null } else { value.into() })
        };
        by.iter().map(entry).collect()
    }

    /// Eight hexadecimal digits by which the key of a call is told from others; empty for the gateway's own key.
    pub(crate) fn key_digest(&self) -> String {
        let Some(key) = self.provider.credential(&self.headers) else { return String::new() };
        let mut digest = Sha256::new();
        digest.update(self.provider.slug.as_bytes());
        digest.update(b" ");
        digest.update(key.as_bytes());
        digest.finalize()[..4].iter().fold(String::with_capacity(8), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Whom the call is made for, for its log. A body that does not look as if it named anybody is not read for it.
    pub(crate) fn user_to_note(&self) -> Option<String> {
        const NAMES: [&[u8]; 3] = [b"\"user\":", b"\"safety_identifier\":", b"\"user_id\":"];
        let names = || NAMES.iter().any(|name| memchr::memmem::find(&self.body, name).is_some());
        let known = !self.metadata("user").is_empty() || names();
        let user = known.then(|| self.value(&Dimension::User).into_owned());
        user.filter(|user| !user.is_empty())
    }

    fn metadata(&self, key: &str) -> Cow<'_, str> {
        match self.policy.metadata.get(key) {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) => text.as_str().into(),
            Some(other) => other.to_string().into(),
        }
    }
}

/// The user that a body names: `user` or `safety_identifier` (OpenAI), `metadata.user_id` (Anthropic).
fn named_user(body: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        user: Option<String>,
        safety_identifier: Option<String>,
        metadata: Option<Metadata>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        user_id: Option<String>,
    }
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    body.user.or(body.safety_identifier).or(body.metadata.and_then(|metadata| metadata.user_id)).unwrap_or_default()
}

/// A `*` at the end of a pattern stands for anything.
fn matches(pattern: &str, value: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == pattern,
    }
}
