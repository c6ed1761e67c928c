//! Where AWS keys come from, in the order of its SDKs: the configuration, the environment, a profile.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::profile::Profile;
use crate::error::Error;
use crate::secret::Secret;

/// Keys of AWS; the form is that of the reference's stored keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::provider) struct Keys {
    /// Which keys they are; not secret.
    pub(super) access_key_id: String,
    pub(super) secret_access_key: Secret,
    /// Of keys for a time.
    #[serde(default)]
    pub(super) session_token: Option<Secret>,
    /// Where calls go that do not say it themselves.
    #[serde(default)]
    pub(super) region: Option<String>,
}

impl Keys {
    /// The keys in a stored text `{"accessKeyId", "secretAccessKey", "sessionToken"?, "region"?}`; `None` where that is
    /// another text, such as a bearer token.
    pub(in crate::provider) fn parse(text: &str) -> Option<Self> {
        let keys: Self = serde_json::from_str(text.trim()).ok()?;
        keys.can_be_sent().then_some(keys)
    }

    /// Whether a text means to be keys: then one that cannot be read is a mistake, not a token.
    pub(in crate::provider) fn is_meant(text: &str) -> bool {
        text.trim_start().starts_with('{')
    }

    pub(in crate::provider) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    fn can_be_sent(&self) -> bool {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        plain(&self.access_key_id) && self.session_token.as_ref().is_none_or(|token| plain(token.expose()))
    }
}

/// Where the keys of one provider come from.
#[derive(Debug)]
pub(in crate::provider) struct Source {
    known: Option<Arc<Keys>>,
    profile: Option<Profile>,
    read: OnceLock<Option<Arc<Keys>>>,
}

impl Source {
    /// `stored` is what the configuration has. The profile's file is read when it is first needed.
    pub(in crate::provider) fn new(stored: Option<Keys>, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let known = stored.or_else(|| {
            let trimmed = |name| environment(name).map(|value| value.trim().to_owned());
            let keys = Keys {
                access_key_id: trimmed("AWS_ACCESS_KEY_ID")?,
                secret_access_key: Secret::new(trimmed("AWS_SECRET_ACCESS_KEY")?),
                session_token: trimmed("AWS_SESSION_TOKEN").map(Secret::new),
                region: trimmed("AWS_REGION").or_else(|| trimmed("AWS_DEFAULT_REGION")),
            };
            keys.can_be_sent().then_some(keys)
        });
        Self { known: known.map(Arc::new), profile: Profile::of(environment), read: OnceLock::new() }
    }

    /// The keys, or `None` if there are none.
    ///
    /// # Errors
    /// When there is a profile's file that cannot be read.
    pub(in crate::provider) fn keys(&self) -> Result<Option<Arc<Keys>>, Error> {
        if let Some(keys) = self.known.as_ref().or_else(|| self.read.get()?.as_ref()) {
            return Ok(Some(keys.clone()));
        }
        let Some(profile) = self.profile.as_ref().filter(|_| self.read.get().is_none()) else { return Ok(None) };
        let keys = profile.read()?.filter(Keys::can_be_sent).map(Arc::new);
        Ok(self.read.get_or_init(|| keys).clone())
    }
}
