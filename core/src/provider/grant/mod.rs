//! Keys that are not sent themselves: they are exchanged for tokens which hold for an hour or so (OAuth 2.0, RFC 6749).
//! Here is what to ask the token server, and how to read its answer; who asks it stands above.

mod entra;
mod google;
mod source;

use std::time::Duration;

use serde::Deserialize;

pub(super) use source::Source;

use crate::error::{Error, ErrorKind};
use crate::keys::Key;
use crate::secret::Secret;

/// So much of a token server's reason is told.
const MAX_TOLD_CHARS: usize = 300;

/// How a provider wants its tokens asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Issuer {
    /// Google Cloud: a service account, or a user's own login.
    Google,
    /// Microsoft Entra ID: an application with a secret.
    Entra,
}

/// A key that is exchanged for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>
    ServiceAccount(google::ServiceAccount),
    /// <https://developers.google.com/identity/protocols/oauth2/web-server#offline>
    User(google::User),
    /// <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
    Application(entra::Application),
}

/// What the token server is asked: a form, posted.
pub(crate) struct Question {
    pub(crate) url: String,
    pub(crate) form: String,
}

impl Grant {
    /// The question for one token. `now_us` is the wall clock in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// When the private key cannot be used.
    pub(crate) fn question(&self, now_us: u64) -> Result<Question, Error> {
        match self {
            Self::ServiceAccount(account) => account.question(now_us / 1_000_000),
            Self::User(user) => Ok(user.question()),
            Self::Application(application) => Ok(application.question()),
        }
    }

    /// Something to know the grant by, as long as this process lives. It never leaves it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        use sha2::{Digest, Sha256};

        let parts = match self {
            Self::ServiceAccount(account) => account.parts(),
            Self::User(user) => user.parts(),
            Self::Application(application) => application.parts(),
        };
        // Each with its length, so that no part can pass for the end of another.
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// What the grant says of where its calls go: the value of a variable that a row's paths name.
    fn place(&self, variable: &str) -> Option<&str> {
        match self {
            Self::ServiceAccount(account) => account.place(variable),
            Self::User(_) | Self::Application(_) => None,
        }
    }
}

/// The token in the server's answer (RFC 6749, 5.1).
///
/// # Errors
/// When it refused, with its code and words (5.2), or when this is no such answer.
pub(crate) fn token(status: u16, body: &[u8]) -> Result<Key, Error> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: Option<String>,
        /// Seconds.
        expires_in: Option<u64>,
        error: Option<String>,
        error_description: Option<String>,
    }

    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let Some(Answer { access_token: Some(token), expires_in, error: None, .. }) = answer else {
        let reason = match answer {
            Some(Answer { error: Some(code), error_description, .. }) => {
                let described = error_description.unwrap_or_default();
                let told: String = described.lines().next().unwrap_or_default().chars().take(MAX_TOLD_CHARS).collect();
                format!("{}: {told}", code.chars().take(MAX_TOLD_CHARS).collect::<String>())
            }
            _ => "its answer has no access_token".to_owned(),
        };
        return Err(Error::new(ErrorKind::Connect, format!("the token server said {status}, {reason}")));
    };
    Ok(Key { secret: Secret::new(token), lifetime: expires_in.map(Duration::from_secs) })
}

/// `application/x-www-form-urlencoded`.
fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        text.bytes()
            .map(|byte| if kept(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_with_its_lifetime() {
        let key = token(200, br#"{"access_token": "ya29.t", "expires_in": 3599, "token_type": "Bearer"}"#).unwrap();
        assert_eq!((key.secret.expose(), key.lifetime), ("ya29.t", Some(Duration::from_secs(3599))));
    }

    #[test]
    fn a_refusal_tells_its_code_and_its_first_line() {
        let refused = br#"{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret.\r\nTrace ID: x"}"#;
        let error = token(401, refused).unwrap_err().to_string();
        assert!(
            error.ends_with("the token server said 401, invalid_client: AADSTS7000215: Invalid client secret."),
            "{error}"
        );
        for odd in [&b"<html>"[..], b"{}", b""] {
            assert!(token(502, odd).unwrap_err().to_string().ends_with("said 502, its answer has no access_token"));
        }
    }

    #[test]
    fn a_reason_is_told_no_further_than_it_is_useful() {
        let refused = format!(r#"{{"error": "invalid_grant", "error_description": "{}"}}"#, "é".repeat(50_000));
        assert!(token(400, refused.as_bytes()).unwrap_err().to_string().len() < 1_000);
    }

    #[test]
    fn grants_are_told_apart_even_where_they_cannot_sign() {
        let of = |email: &str, key: &str| {
            let text = serde_json::json!({"client_email": email, "private_key": key}).to_string();
            Source::stored(Issuer::Google, &Secret::new(text)).unwrap().unwrap().digest()
        };
        assert_eq!(of("a", "no key"), of("a", "no key"));
        assert_ne!(of("a", "no key"), of("b", "no key"));
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }

    #[test]
    fn a_form_is_encoded() {
        assert_eq!(form(&[("a", "x y&=+/é"), ("b", "-._~9")]), "a=x%20y%26%3D%2B%2F%C3%A9&b=-._~9");
    }
}
