//! Keys: the caller's own goes first, the stored one fills in.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::row;
use crate::config::ProviderConfig;
use crate::error::Error;
use crate::provider::Dialect;
use crate::secret::Secret;

/// Where SDKs put keys besides the provider's own header: an SDK of another provider may be pointed at this one.
static USUAL: [HeaderName; 4] = [
    AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("api-key"),
];

/// Words that stand for "no key", for SDKs that want one: Cloudflare's own provider sends the first.
const PLACEHOLDERS: [&str; 2] = ["CF_TEMP_TOKEN", "tollhouse"];

/// How a provider takes its key.
#[derive(Clone, Debug)]
pub(super) struct Auth {
    header: HeaderName,
    prefix: &'static str,
    query: Option<&'static str>,
}

impl Auth {
    pub(super) fn of(row: &row::Auth) -> Self {
        Self { header: HeaderName::from_static(row.header), prefix: row.prefix, query: row.query }
    }

    pub(super) fn bearer() -> Self {
        Self::of(&row::Auth::default())
    }

    /// The header value for `key`; `None` where a header cannot carry it.
    fn value(&self, key: &str) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("{}{key}", self.prefix)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What is stored for a provider.
#[derive(Debug)]
pub(super) struct Credentials {
    auth: Auth,
    key: Option<Secret>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Credentials {
    /// The key is the configured one, the one in the configured variable, or the first that `variables` hold.
    pub(super) fn new(
        auth: Auth,
        name: &str,
        settings: &ProviderConfig,
        variables: &[&str],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let key = match (&settings.key, &settings.key_env) {
            (Some(key), _) => Some(key.clone()),
            (None, Some(variable)) => Some(required(name, variable, environment)?),
            // Each call is given one of them.
            (None, None) if !settings.keys.is_empty() => None,
            (None, None) => variables.iter().find_map(|variable| environment(variable)).map(|key| trimmed(&key)),
        };
        if key.as_ref().is_some_and(|key| auth.value(key.expose()).is_none()) {
            let message = "holds characters that a header cannot carry, such as line ends; check how it was copied";
            return Err(Error::config(format!("providers.{name}.key"), message));
        }
        let headers =
            settings.headers.iter().map(|(header, value)| parse(name, header, value)).collect::<Result<_, _>>()?;
        Ok(Self { auth, key, headers })
    }

    fn names(&self) -> impl Iterator<Item = &HeaderName> {
        std::iter::once(&self.auth.header).chain(USUAL.iter().filter(|name| **name != self.auth.header))
    }

    pub(super) fn find<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        self.names().find_map(|name| headers.get(name).filter(|value| is_key(value)))
    }

    pub(super) fn authorize(&self, headers: &mut HeaderMap, query: Option<&str>) {
        let in_query = self.auth.query.is_some_and(|name| has_parameter(query.unwrap_or_default(), name));
        self.fill(&self.auth, headers, in_query);
    }

    /// Moves the key of a call in `dialect` into the provider's own header, and fills in what is missing.
    pub(super) fn authorize_any(&self, dialect: Dialect, headers: &mut HeaderMap) {
        let auth = &self.auth;
        let own = |headers: &HeaderMap| headers.get(&auth.header).is_some_and(is_key);
        for name in places(dialect).iter().filter(|name| **name != auth.header) {
            if own(headers) {
                break;
            }
            let brought = headers.get(name).filter(|value| is_key(value)).and_then(token);
            if let Some(value) = brought.and_then(|key| auth.value(&key)) {
                headers.remove(name);
                headers.insert(auth.header.clone(), value);
            }
        }
        self.fill(auth, headers, false);
    }

    /// Whether there is no key at all: none stored, none in `headers` or in the query.
    pub(super) fn lack(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let in_query = self.auth.query.is_some_and(|name| has_parameter(query.unwrap_or_default(), name));
        self.key.is_none() && !in_query && self.find(headers).is_none()
    }

    /// Puts `key` into the provider's own header.
    pub(super) fn lend(&self, headers: &mut HeaderMap, key: &Secret) {
        let auth = &self.auth;
        if let Some(value) = auth.value(key.expose().trim()) {
            headers.insert(auth.header.clone(), value);
        }
    }

    /// Puts an access token where tokens are sent, in the place of every key.
    pub(super) fn lend_token(&self, headers: &mut HeaderMap, token: &Secret) {
        for name in self.names() {
            headers.remove(name);
        }
        if let Some(value) = Auth::bearer().value(token.expose().trim()) {
            headers.insert(AUTHORIZATION, value);
        }
    }

    fn fill(&self, auth: &Auth, headers: &mut HeaderMap, has_key: bool) {
        for name in self.names() {
            if headers.get(name).is_some_and(|value| !is_key(value)) {
                headers.remove(name);
            }
        }
        let is_missing = !has_key && self.find(headers).is_none();
        if let Some(value) = self.key.as_ref().filter(|_| is_missing).and_then(|key| auth.value(key.expose())) {
            headers.insert(auth.header.clone(), value);
        }
        for (name, value) in &self.headers {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// Where the SDKs of a shape put the key: OpenAI's as a bearer token, Anthropic's as either.
fn places(dialect: Dialect) -> &'static [HeaderName] {
    match dialect {
        Dialect::Chat | Dialect::Responses => &USUAL[..1],
        Dialect::Messages => &USUAL[..2],
    }
}

/// Takes out whatever SDKs send as a key.
pub(crate) fn without_keys(headers: &mut HeaderMap) {
    for name in &USUAL {
        headers.remove(name);
    }
}

fn required(name: &str, variable: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Secret, Error> {
    environment(variable).map(|key| trimmed(&key)).ok_or_else(|| {
        let message = format!("the environment variable {variable} is not set; set it, or leave key_env out");
        Error::config(format!("providers.{name}.key_env"), message)
    })
}

fn trimmed(key: &str) -> Secret {
    Secret::new(key.trim())
}

fn parse(provider: &str, name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), Error> {
    let refuse = |message| Error::config(format!("providers.{provider}.headers.{name}"), message);
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse("not a header's name"))?;
    let mut value = HeaderValue::from_str(value.expose()).map_err(|_| refuse("not a header's value"))?;
    value.set_sensitive(true);
    Ok((header, value))
}

/// Whether a header holds a key, and not nothing or a placeholder.
fn is_key(value: &HeaderValue) -> bool {
    token(value).is_none_or(|token| !token.is_empty() && !PLACEHOLDERS.contains(&token.as_str()))
}

/// The key in a header value; `None` where it is not text.
fn token(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    let scheme = text.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("bearer"));
    let token = match scheme {
        Some(_) if text.len() == 6 || text[6..].starts_with(' ') => &text[6..],
        _ => text,
    };
    Some(token.trim().to_owned())
}

fn has_parameter(query: &str, name: &str) -> bool {
    query.split('&').filter_map(|pair| pair.split_once('=')).any(|(key, value)| key == name && !value.is_empty())
}
