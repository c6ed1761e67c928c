//! The first stage: what is asked, of whom, under which settings. Everything is parsed here, once.

mod address;
pub(super) mod chat;
mod entry;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;

use self::address::Address;
use crate::engine::Engine;
use crate::exchange::{Exchange, Shape, Target};
use crate::headers;
use crate::held::Held;
use crate::message::Request;
use crate::record::Trail;
use crate::refusal::{Refusal, code};
use crate::stage::Stage;
use crate::usage::Format;

/// An exchange with its targets, or with none and the reason.
pub(crate) fn resolve(engine: &Engine, request: Request) -> (Exchange, Result<(), Refusal>) {
    let mut exchange = Exchange {
        id: engine.new_id(),
        created_at_us: engine.clock.now_us(),
        started_us: engine.clock.monotonic_us(),
        user_agent: headers::text(&request.headers, &header::USER_AGENT).map(Cow::into_owned),
        deadlines: request.deadlines,
        policy: engine.defaults.clone(),
        request_size: request.body.len() as u64,
        targets: Vec::new(),
        universal: false,
        dialect: None,
        asked: None,
        attempts: Vec::new(),
        let_go: Arc::default(),
        flying: None,
        is_shared: false,
        trail: Trail::default(),
        near: None,
        passed: Vec::new(),
        total: engine.config.timeouts.total().filter(|_| engine.stages.on(Stage::Timeout)),
        held: Held::default(),
    };
    let resolved = targets(engine, &mut exchange, request);
    (exchange, resolved)
}

fn targets(engine: &Engine, exchange: &mut Exchange, mut request: Request) -> Result<(), Refusal> {
    check_headers(&request.headers)?;
    exchange.policy = engine.under_headers(&exchange.policy, &request.headers)?;
    let policy = &exchange.policy;
    match address::parse(engine, &request.target)? {
        Address::Universal => {
            check_method(&request.method, "the universal endpoint")?;
            exchange.universal = true;
            exchange.targets = entry::targets(engine, policy, &request.body)?;
        }
        Address::Any(dialect) => {
            exchange.dialect = Some(dialect);
            check_method(&request.method, "compat")?;
            let headers = forwarded(engine, request.headers);
            if let Some(name) = chat::route(&request.body) {
                exchange.asked = Some(chat::asked(engine, name, headers, request.body, dialect)?);
            } else {
                let target = chat::target(engine, policy.clone(), headers, &request.body, dialect)?;
                exchange.targets.push(target.into());
            }
        }
        Address::Native { provider, path, query } => {
            let (path, query) = address::redirected(engine, &provider, &mut request.headers)?.unwrap_or((path, query));
            let headers = forwarded(engine, request.headers);
            let peek = Peek::at(&request.body);
            exchange.targets.push(Arc::new(Target {
                model: peek
                    .model
                    .map(Cow::into_owned)
                    .or_else(|| model_in(provider.format_of(&path), &path))
                    .unwrap_or_default(),
                stream: peek.stream.unwrap_or(false) || path.ends_with(":streamGenerateContent"),
                shape: Shape::Native,
                cache_key: OnceLock::new(),
                meaning: OnceLock::new(),
                method: request.method,
                headers,
                policy: policy.clone(),
                body: request.body,
                provider,
                path,
                query,
            }));
        }
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers::are_bounded(headers) {
        return Ok(());
    }
    let message = format!("headers: more than {} of them, or more than 64 KiB; send fewer", headers::MAX_COUNT);
    Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, code::BAD_PARAMETER, message))
}

fn check_method(method: &Method, place: &str) -> Result<(), Refusal> {
    if method == Method::POST {
        return Ok(());
    }
    let message = format!("{place} takes a POST");
    let mut refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_PARAMETER, message);
    refusal.headers.push((header::ALLOW, HeaderValue::from_static("POST")));
    Err(refusal)
}

/// The headers that may reach a provider.
fn forwarded(engine: &Engine, mut headers: HeaderMap) -> HeaderMap {
    let strip = engine.stages.on(Stage::Strip);
    let drop = |name: &HeaderName| headers::is_for_connection(name) || (strip && headers::is_for_gateway(name));
    let dropped: Vec<_> = headers.keys().filter(|name| drop(name)).cloned().collect();
    for name in dropped {
        headers.remove(name);
    }
    headers
}

/// What the road needs to know of a JSON body; all the rest stays bytes.
#[derive(Default, Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(default)]
    stream: Option<bool>,
}

impl<'a> Peek<'a> {
    /// A body that is no JSON object, or names its model in another way, is none of our business here.
    fn at(body: &'a Bytes) -> Self {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => serde_json::from_slice(body).unwrap_or_default(),
            _ => Self::default(),
        }
    }
}

/// The model that a path names: Gemini's `models/{model}:method`, Workers AI's `@cf/…`, Bedrock's `model/{model}/converse`.
fn model_in(format: Format, path: &str) -> Option<String> {
    let name = match format {
        // The SDK writes the colon of a version in its escaped form.
        Format::Bedrock => return Some(path.rsplit_once("model/")?.1.split('/').next()?.replace("%3A", ":")),
        Format::Gemini => path.rsplit_once("models/")?.1.split([':', '/']).next()?,
        Format::WorkersAi => &path[path.find('@')?..],
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_in_paths() {
        let gemini = |path| model_in(Format::Gemini, path);
        assert_eq!(gemini("v1beta/models/gemini-2.5-flash:generateContent").as_deref(), Some("gemini-2.5-flash"));
        assert_eq!(gemini("v1beta/files"), None);
        assert_eq!(
            model_in(Format::WorkersAi, "run/@cf/meta/llama-3.1-8b-instruct").as_deref(),
            Some("@cf/meta/llama-3.1-8b-instruct")
        );
        assert_eq!(model_in(Format::Openai, "models/x"), None);
    }

    #[test]
    fn a_body_is_read_no_further_than_needed() {
        let peek = |body: &'static str| {
            let body = Bytes::from_static(body.as_bytes());
            let peek = Peek::at(&body);
            (peek.model.map(Cow::into_owned), peek.stream)
        };
        assert_eq!(peek(r#" {"x":{"model":"no"},"model":"a\u0062","stream":true}"#), (Some("ab".into()), Some(true)));
        assert_eq!(peek("--boundary\r\n"), (None, None));
        assert_eq!(peek(r#"{"model": 3}"#), (None, None));
        assert_eq!(peek(r#"{"model": "#), (None, None));
    }
}
