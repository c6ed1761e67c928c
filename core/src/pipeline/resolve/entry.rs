//! The universal endpoint: a list of targets, each with a provider, its path, headers and body.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Peek, address, chat, check_headers, forwarded, model_in};
use crate::config::without_values;
use crate::engine::Engine;
use crate::exchange::{Shape, Target};
use crate::headers::MAX_COUNT;
use crate::policy::{EntryConfig, Policy};
use crate::provider::Dialect;
use crate::refusal::{Refusal, code, quoted};
use crate::stage::Stage;

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow, default)]
    endpoint: Cow<'a, str>,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(default)]
    config: Option<EntryConfig>,
    #[serde(default)]
    authorization: Option<String>,
}

/// The targets of a universal body: a list of entries, or one.
pub(super) fn targets(engine: &Engine, policy: &Arc<Policy>, body: &Bytes) -> Result<Vec<Arc<Target>>, Refusal> {
    let bad = |error| not_readable("request", &error);
    let entries: Vec<&RawValue> = match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => vec![serde_json::from_slice(body).map_err(bad)?],
        _ => serde_json::from_slice(body).map_err(bad)?,
    };
    if entries.is_empty() {
        let message = "an empty list; give at least one {provider, endpoint, headers, query}";
        return Err(Refusal::bad(code::BAD_PARAMETER, "body", message));
    }
    let target = |(index, entry): (usize, &&RawValue)| {
        target(engine, policy, entry).map(Arc::new).map_err(|refusal| refusal.under(&format!("[{index}]: ")))
    };
    entries.iter().enumerate().map(target).collect()
}

fn target(engine: &Engine, policy: &Arc<Policy>, entry: &RawValue) -> Result<Target, Refusal> {
    let entry: Entry<'_> = serde_json::from_str(entry.get()).map_err(|error| not_readable("entry", &error))?;
    let mut headers = header_map(&entry.headers)?;
    if let Some(authorization) = &entry.authorization {
        headers.insert(header::AUTHORIZATION, header_value("authorization", authorization)?);
    }
    check_headers(&headers)?;
    let mut policy = policy.clone();
    if let Some(config) = entry.config.as_ref().filter(|_| engine.stages.on(Stage::Headers)) {
        policy = Arc::new(Policy::clone(&policy).under_config(config)?);
    }
    let policy = engine.under_headers(&policy, &headers)?;
    let mut headers = forwarded(engine, headers);
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    let body = entry.query.map(|query| Bytes::copy_from_slice(query.get().as_bytes())).unwrap_or_default();

    let (path, query) = address::native(&entry.endpoint)?;
    if entry.provider == "compat" {
        let dialect = if path.is_empty() { Dialect::Chat } else { address::compat(&path)? };
        return chat::target(engine, policy, headers, &body, dialect);
    }
    let provider = address::find(engine, &entry.provider)?;
    let peek = Peek::at(&body);
    Ok(Target {
        model: peek
            .model
            .map(Cow::into_owned)
            .or_else(|| model_in(provider.format_of(&path), &path))
            .unwrap_or_default(),
        stream: peek.stream.unwrap_or(false) || path.ends_with(":streamGenerateContent"),
        shape: Shape::Native,
        cache_key: OnceLock::new(),
        meaning: OnceLock::new(),
        method: Method::POST,
        path,
        query,
        headers,
        policy,
        body,
        provider,
    })
}

/// The values themselves are not repeated: one that stands in a wrong place may be a key or a prompt.
fn not_readable(what: &str, error: &serde_json::Error) -> Refusal {
    let message = format!("not a universal {what} {{provider, endpoint, headers, query}}: {}", without_values(error));
    Refusal::bad(code::BAD_BODY, "body", message)
}

/// An entry's headers; numbers, booleans and objects become text as in the reference's binding.
fn header_map(entries: &Map<String, Value>) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    // One more than the bound is enough to see that it is passed.
    for (name, value) in entries.iter().take(MAX_COUNT + 1) {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            Refusal::bad(code::BAD_PARAMETER, "headers", format!("{} is not a header name", quoted(name)))
        })?;
        headers.insert(key, header_value(name, &text)?);
    }
    Ok(headers)
}

/// The value itself may be a key, so the message does not repeat it.
fn header_value(name: &str, text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        Refusal::bad(code::BAD_PARAMETER, "headers", format!("the value of {name:?} has control characters"))
    })
}
