//! Where a provider's grant comes from: the configuration, a call's own key, the environment, a file that it names.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::entra::Application;
use super::google::ServiceAccount;
use super::{Grant, Issuer};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The grant of one provider.
#[derive(Debug)]
pub(in crate::provider) struct Source {
    issuer: Issuer,
    known: Option<Arc<Grant>>,
    /// Where Google's own clients look: read when it is first needed.
    file: Option<PathBuf>,
    read: OnceLock<Arc<Grant>>,
}

impl Source {
    pub(in crate::provider) fn new(
        issuer: Issuer,
        stored: Option<Grant>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let (known, file) = match issuer {
            Issuer::Google => (stored, environment("GOOGLE_APPLICATION_CREDENTIALS").map(|path| path.trim().into())),
            Issuer::Entra => (stored.or_else(|| Application::of(environment).map(Grant::Application)), None),
        };
        Self { issuer, known: known.map(Arc::new), file, read: OnceLock::new() }
    }

    /// The grant in a stored key; `None` where that is a key of another kind, which is sent as it is.
    ///
    /// # Errors
    /// The form that is expected, where a grant is meant and cannot be read.
    pub(in crate::provider) fn stored(issuer: Issuer, text: &Secret) -> Result<Option<Grant>, &'static str> {
        plain(text.expose()).map(|json| parse(issuer, &json)).transpose()
    }

    /// Whether a key is meant to be exchanged. Sent as it is, it would give away what it is exchanged with.
    pub(in crate::provider) fn is_meant(key: &Secret) -> bool {
        plain(key.expose()).is_some()
    }

    /// The value of a variable that a row's paths name, as the stored grant says it.
    pub(in crate::provider) fn place<'a>(stored: Option<&'a Grant>, variable: &str) -> Option<&'a str> {
        stored.and_then(|grant| grant.place(variable))
    }

    /// The grant in a call's own key; `None` where that is a token.
    ///
    /// # Errors
    /// When a grant is meant and cannot be used.
    pub(in crate::provider) fn brought(&self, key: &HeaderValue) -> Result<Option<Arc<Grant>>, Error> {
        let text = key.to_str().unwrap_or_default().trim();
        let text = text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")).unwrap_or(text);
        let Some(json) = plain(text).filter(|_| self.issuer == Issuer::Google) else { return Ok(None) };
        match parse(self.issuer, &json) {
            Ok(Grant::ServiceAccount(account)) if account.asks_google() => {
                Ok(Some(Arc::new(Grant::ServiceAccount(account))))
            }
            Ok(_) => Err(Error::invalid(
                "authorization",
                "a service account whose token_uri is not Google's, or another login",
            )),
            Err(form) => Err(Error::invalid("authorization", format!("expected a token or {form}"))),
        }
    }

    /// The grant for calls that bring no key, or `None` if there is none.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub(in crate::provider) fn grant(&self) -> Result<Option<Arc<Grant>>, Error> {
        if let Some(grant) = self.known.as_ref().or_else(|| self.read.get()) {
            return Ok(Some(grant.clone()));
        }
        let Some(path) = &self.file else { return Ok(None) };
        let refuse = |why: String| {
            let message = format!("GOOGLE_APPLICATION_CREDENTIALS: {}: {why}", path.display());
            Error::new(ErrorKind::Connect, message)
        };
        let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
        let grant = parse(self.issuer, &text).map_err(|form| refuse(format!("expected {form}")))?;
        Ok(Some(self.read.get_or_init(|| Arc::new(grant)).clone()))
    }
}

/// The JSON that a key is, as it is or in base64 as the reference wants it; `None` where the key is something else.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('{') {
        return Some(text.to_owned());
    }
    // Base64 of `{` and whatever may follow it in JSON.
    let decoded = text.starts_with("ey").then(|| STANDARD.decode(text).ok())??;
    String::from_utf8(decoded).ok().filter(|text| text.trim_end().ends_with('}'))
}

fn parse(issuer: Issuer, json: &str) -> Result<Grant, &'static str> {
    match issuer {
        Issuer::Google => {
            let account = serde_json::from_str(json).map(Grant::ServiceAccount);
            account.or_else(|_| serde_json::from_str(json).map(Grant::User)).map_err(|_| ServiceAccount::FORM)
        }
        Issuer::Entra => serde_json::from_str(json).map(Grant::Application).map_err(|_| Application::FORM),
    }
}

#[cfg(test)]
mod tests {
    use super::super::google::tests::account;
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn brought(text: &str) -> Result<Option<Arc<Grant>>, Error> {
        Source::new(Issuer::Google, None, &none).brought(&HeaderValue::from_str(text).unwrap())
    }

    #[test]
    fn a_stored_key_is_a_grant_or_a_token() {
        let stored = |text: &str| Source::stored(Issuer::Google, &Secret::new(text));
        let plain = stored(&account()).unwrap().unwrap();
        assert_eq!(stored(&STANDARD.encode(account())).unwrap().unwrap(), plain);
        assert_eq!(Source::place(Some(&plain), "GOOGLE_CLOUD_PROJECT"), Some("p-1"));
        assert_eq!(Source::place(Some(&plain), "GOOGLE_CLOUD_LOCATION"), Some("europe-west4"));
        assert!(stored("ya29.token").unwrap().is_none() && stored("eyJhbGciOi.eyJ.sig").unwrap().is_none());
        assert!(stored("{\"client_email\": \"x\"}").unwrap_err().contains("client_email and private_key"));
        let user =
            stored(r#"{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}"#);
        assert!(matches!(user, Ok(Some(Grant::User(_)))));
        assert!(
            Source::stored(Issuer::Entra, &Secret::new(r#"{"tenantId": "t"}"#)).unwrap_err().contains("clientSecret")
        );
    }

    #[test]
    fn a_callers_account_may_only_have_google_called() {
        let own = format!("Bearer {}", STANDARD.encode(account()));
        assert!(brought(&own).unwrap().is_some() && brought("Bearer ya29.token").unwrap().is_none());
        let elsewhere = account().replace("https://oauth2.googleapis.com/token", "http://169.254.169.254/x");
        let error = brought(&STANDARD.encode(elsewhere)).unwrap_err().to_string();
        assert!(error.contains("token_uri") && !error.contains("PRIVATE"), "{error}");
        assert!(brought(&STANDARD.encode("{\"a\": 1}")).unwrap_err().to_string().contains("expected a token or"));
    }

    #[test]
    fn a_file_is_read_when_it_is_needed() {
        let path = std::env::temp_dir().join(format!("tollhouse-grant-{}.json", std::process::id()));
        let variable = |name: &str| (name == "GOOGLE_APPLICATION_CREDENTIALS").then(|| path.display().to_string());
        let source = Source::new(Issuer::Google, None, &variable);
        assert!(source.grant().unwrap_err().to_string().contains("GOOGLE_APPLICATION_CREDENTIALS"));
        std::fs::write(&path, account()).unwrap();
        let grant = source.grant().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(grant.is_some() && grant == source.grant().unwrap());
    }
}
