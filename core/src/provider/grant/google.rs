//! Google Cloud: tokens for a service account, whose private key signs the question (RFC 7523), or for a user who has
//! logged in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::{Question, form};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long an assertion holds, in seconds: the most that Google takes.
const LIFETIME_S: u64 = 3600;

/// The key file of a service account. Its other members say nothing that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ServiceAccount {
    client_email: String,
    private_key: Secret,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    project_id: Option<String>,
    #[serde(default = "token_uri")]
    token_uri: String,
    /// Not Google's: the reference's stored keys have it, and it says where calls go that do not say it themselves.
    #[serde(default)]
    region: Option<String>,
}

/// What `gcloud auth application-default login` leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct User {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
}

impl ServiceAccount {
    pub(super) const FORM: &str = "a service account's key file (JSON with client_email and private_key)";

    /// Whether its tokens come from Google. A caller's own account could name any address, to have it called.
    pub(super) fn asks_google(&self) -> bool {
        self.token_uri == token_uri()
    }

    /// All that makes a difference to its tokens.
    pub(super) fn parts(&self) -> Vec<&str> {
        vec!["account", &self.client_email, self.private_key.expose(), &self.token_uri]
    }

    pub(super) fn place(&self, variable: &str) -> Option<&str> {
        match variable {
            "GOOGLE_CLOUD_PROJECT" => self.project_id.as_deref(),
            "GOOGLE_CLOUD_LOCATION" => self.region.as_deref(),
            _ => None,
        }
    }

    pub(super) fn question(&self, now_s: u64) -> Result<Question, Error> {
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.private_key_id {
            header["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.client_email, "scope": SCOPE, "aud": self.token_uri, "iat": now_s, "exp": now_s + LIFETIME_S,
        });
        let assertion = signed(&self.private_key, &header.to_string(), &claims.to_string())?;
        let form = form(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)]);
        Ok(Question { url: self.token_uri.clone(), form })
    }
}

impl User {
    pub(super) fn parts(&self) -> Vec<&str> {
        vec!["user", &self.client_id, self.client_secret.expose(), self.refresh_token.expose()]
    }

    pub(super) fn question(&self) -> Question {
        let form = form(&[
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose()),
            ("refresh_token", self.refresh_token.expose()),
        ]);
        Question { url: token_uri(), form }
    }
}

/// A JSON Web Signature with RS256 (RFC 7515; RFC 7518, 3.3).
fn signed(private_key: &Secret, header: &str, claims: &str) -> Result<String, Error> {
    let unusable = |why: String| {
        let message = format!(
            "the private key of the service account cannot be used: {why}; take it from Google's JSON file as it is"
        );
        Error::new(ErrorKind::Connect, message)
    };
    let der = PrivatePkcs8KeyDer::from_pem_slice(private_key.expose().as_bytes())
        .map_err(|_| unusable("it is no PKCS#8 key in PEM".to_owned()))?;
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|rejected| unusable(rejected.to_string()))?;
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature)
        .map_err(|_| unusable("signing failed".to_owned()))?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::provider::fixtures::Folder;

    /// Of RFC 7515, A.2: its key, and what it signs.
    fn fixture(kind: &str) -> String {
        String::from_utf8(Folder("google").read("rfc7515-a2", kind)).unwrap()
    }

    /// A key file with that key.
    pub(in crate::provider) fn account() -> String {
        let key = fixture("pem");
        json!({
            "type": "service_account", "project_id": "p-1", "private_key_id": "k1", "private_key": key,
            "client_email": "robot@p-1.iam.gserviceaccount.com", "client_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token", "region": "europe-west4",
        })
        .to_string()
    }

    #[test]
    fn the_signature_is_that_of_rfc_7515() {
        let claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        let key = Secret::new(fixture("pem"));
        assert_eq!(signed(&key, r#"{"alg":"RS256"}"#, claims).unwrap(), fixture("jws").trim());
    }

    #[test]
    fn the_question_is_a_signed_assertion() {
        let account: ServiceAccount = serde_json::from_str(&account()).unwrap();
        let Question { url, form } = account.question(1_700_000_000).unwrap();
        assert_eq!(url, "https://oauth2.googleapis.com/token");
        let assertion =
            form.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
        let parts: Vec<&str> = assertion.unwrap().split('.').collect();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(parts[0]), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        assert_eq!(
            read(parts[1]),
            json!({
                "iss": "robot@p-1.iam.gserviceaccount.com", "scope": SCOPE, "aud": url,
                "iat": 1_700_000_000, "exp": 1_700_003_600,
            })
        );
        assert_eq!(URL_SAFE_NO_PAD.decode(parts[2]).unwrap().len(), 256);
    }

    #[test]
    fn a_key_that_cannot_sign_is_named_and_not_shown() {
        for key in ["canary", "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n"] {
            let error = signed(&Secret::new(key), "{}", "{}").unwrap_err().to_string();
            assert!(error.contains("the private key of the service account cannot be used"), "{error}");
            assert!(!error.contains("canary") && !error.contains("Y2FuYXJ5"), "{error}");
        }
    }
}
