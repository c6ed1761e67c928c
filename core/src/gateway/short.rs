//! Short paths to the door: what a call by method looks like as a request.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::config::without_values;
use crate::error::Error;
use crate::headers::{MAX_COUNT, request as name};
use crate::message::Request;

/// The options of the reference's binding. Snake case is accepted beside its camel case.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    gateway: GatewayOptions,
    #[serde(alias = "extra_headers")]
    extra_headers: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GatewayOptions {
    #[serde(alias = "skip_cache")]
    skip_cache: Option<bool>,
    #[serde(alias = "cache_ttl")]
    cache_ttl: Option<u64>,
    #[serde(alias = "cache_key")]
    cache_key: Option<String>,
    #[serde(alias = "cache_scope")]
    cache_scope: Option<String>,
    #[serde(alias = "cache_namespace")]
    cache_namespace: Option<String>,
    #[serde(alias = "cache_mode")]
    cache_mode: Option<String>,
    #[serde(alias = "cache_control")]
    cache_control: Option<String>,
    metadata: Option<Map<String, Value>>,
    #[serde(alias = "collect_log")]
    collect_log: Option<bool>,
    #[serde(alias = "event_id")]
    event_id: Option<String>,
    #[serde(alias = "request_timeout_ms")]
    request_timeout_ms: Option<u64>,
    retries: Option<Retries>,
    #[serde(alias = "hedge_after_ms")]
    hedge_after_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Retries {
    #[serde(alias = "max_attempts")]
    max_attempts: Option<u64>,
    #[serde(alias = "retry_delay_ms")]
    retry_delay_ms: Option<u64>,
    backoff: Option<String>,
}

pub(super) fn run(entries: &Value, options: &Value) -> Result<Request, Error> {
    let mut request = Request::post("/", entries);
    add_headers(&mut request.headers, options)?;
    Ok(request)
}

pub(super) fn chat(model: &str, messages: &Value, options: &Value) -> Result<Request, Error> {
    let mut body = match options {
        Value::Null => Map::new(),
        Value::Object(fields) => fields.clone(),
        _ => return Err(Error::invalid("options", "not an object")),
    };
    let gateway = json!({
        "gateway": body.remove("gateway").unwrap_or_default(),
        "extraHeaders": body.remove("extraHeaders").or_else(|| body.remove("extra_headers")).unwrap_or_default(),
    });
    let messages = match messages {
        Value::String(text) => json!([{"role": "user", "content": text}]),
        Value::Array(_) => messages.clone(),
        _ => return Err(Error::invalid("messages", "neither a text nor a list of messages")),
    };
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages);
    let mut request = Request::post("/compat/chat/completions", &Value::Object(body));
    add_headers(&mut request.headers, &gateway)?;
    Ok(request)
}

fn add_headers(headers: &mut HeaderMap, options: &Value) -> Result<(), Error> {
    let options: Options = match without_nulls(options) {
        Value::Null => Options::default(),
        options => serde_path_to_error::deserialize(options)
            .map_err(|error| Error::invalid(field(error.path()), without_values(error.inner())))?,
    };
    if options.extra_headers.len() > MAX_COUNT {
        return Err(Error::invalid("options.extraHeaders", format!("more than {MAX_COUNT} headers")));
    }
    let GatewayOptions {
        skip_cache,
        cache_ttl,
        cache_key,
        cache_scope,
        cache_namespace,
        cache_mode,
        cache_control,
        metadata,
        collect_log,
        event_id,
        request_timeout_ms,
        retries,
        hedge_after_ms,
    } = options.gateway;
    let retries = retries.unwrap_or(Retries { max_attempts: None, retry_delay_ms: None, backoff: None });
    let text = |number: Option<u64>| number.map(|number| number.to_string());
    let settings = [
        (name::SKIP_CACHE, skip_cache.map(|flag| flag.to_string())),
        (name::CACHE_TTL, text(cache_ttl)),
        (name::CACHE_KEY, cache_key.filter(|key| !key.is_empty())),
        (name::CACHE_SCOPE, cache_scope.filter(|scope| !scope.is_empty())),
        (name::CACHE_NAMESPACE, cache_namespace.filter(|namespace| !namespace.is_empty())),
        (name::CACHE_MODE, cache_mode),
        (header::CACHE_CONTROL, cache_control),
        (name::METADATA, metadata.map(|entries| Value::Object(entries).to_string())),
        (name::COLLECT_LOG, collect_log.map(|flag| flag.to_string())),
        (name::EVENT_ID, event_id),
        (name::REQUEST_TIMEOUT, text(request_timeout_ms)),
        (name::MAX_ATTEMPTS, text(retries.max_attempts)),
        (name::RETRY_DELAY, text(retries.retry_delay_ms)),
        (name::BACKOFF, retries.backoff),
        (name::HEDGE_AFTER, text(hedge_after_ms)),
    ];
    for (name, value) in settings {
        if let Some(value) = value {
            headers.insert(name.clone(), header_value(name.as_str(), &value)?);
        }
    }
    for (key, value) in options.extra_headers {
        let name = HeaderName::from_bytes(key.as_bytes())
            .map_err(|_| Error::invalid("options.extraHeaders", format!("{key:?} is not a header name")))?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.insert(name, header_value(&key, &text)?);
    }
    Ok(())
}

fn field(path: &serde_path_to_error::Path) -> String {
    match path.to_string().as_str() {
        "." => "options".to_owned(),
        path => format!("options.{path}"),
    }
}

/// A null stands for "not given", as in every host language.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let given = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

fn header_value(name: &str, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| Error::invalid(name, "the value has control characters, which a header cannot carry"))
}
