//! What a path or URL points at.

use std::sync::Arc;

use http::StatusCode;

use crate::engine::Engine;
use crate::provider::Provider;
use crate::refusal::{Refusal, code};

pub(super) enum Address {
    /// `/`: a list of targets in the body.
    Universal,
    /// `/compat/chat/completions`: any model in OpenAI's shape.
    Chat,
    /// `/{provider}/{path}`, or the provider's own absolute URL.
    Native { provider: Arc<Provider>, path: String, query: Option<String> },
}

pub(super) fn parse(engine: &Engine, target: &str) -> Result<Address, Refusal> {
    if target.starts_with("https://") || target.starts_with("http://") {
        return absolute(engine, target);
    }
    let (path, query) = split_query(target);
    let path = own_gateway(engine, path.trim_start_matches('/'))?;
    if path.is_empty() {
        return Ok(Address::Universal);
    }
    let (slug, rest) = path.split_once('/').unwrap_or((path, ""));
    if slug == "compat" {
        return compat(rest);
    }
    let provider = find(engine, slug)?;
    Ok(Address::Native { provider, path: rest.to_owned(), query })
}

/// The provider of this slug, or the reference's answer to an unknown one.
pub(super) fn find(engine: &Engine, slug: &str) -> Result<Arc<Provider>, Refusal> {
    engine.catalogue.find(slug).cloned().ok_or_else(|| {
        let nearest = engine.catalogue.nearest(slug).map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
        let message = format!(
            "invalid provider {slug:?}; {nearest}A provider of your own is custom-{{name}}, after providers.{{name}}.base_url is set"
        );
        Refusal::new(StatusCode::BAD_REQUEST, code::UNKNOWN_PROVIDER, message)
    })
}

/// The part of a path after the slug, cut at its query.
pub(super) fn split_query(target: &str) -> (&str, Option<String>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    }
}

/// `v1/{account}/{gateway}` in front, as in the reference's URLs: the account may be anything, the gateway is this one.
fn own_gateway<'a>(engine: &Engine, path: &'a str) -> Result<&'a str, Refusal> {
    let Some(rest) = path.strip_prefix("v1/") else {
        return Ok(path);
    };
    let (_account, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let (gateway, rest) = rest.split_once('/').unwrap_or((rest, ""));
    if gateway == engine.config.id {
        return Ok(rest);
    }
    let message =
        format!("no gateway {gateway:?} here; this one is {:?}. Please configure AI Gateway", engine.config.id);
    Err(Refusal::new(StatusCode::BAD_REQUEST, code::UNKNOWN_GATEWAY, message))
}

fn compat(rest: &str) -> Result<Address, Refusal> {
    if rest.trim_start_matches("v1/") == "chat/completions" {
        return Ok(Address::Chat);
    }
    let message = format!("compat serves chat/completions, not {rest:?}; call the provider's own path instead");
    Err(Refusal::new(StatusCode::NOT_FOUND, code::BAD_PARAMETER, message))
}

/// A URL as an SDK's own transport sees it. One that no known provider owns is passed on as it is.
fn absolute(engine: &Engine, url: &str) -> Result<Address, Refusal> {
    let (bare, query) = split_query(url);
    if let Some((provider, path)) = engine.catalogue.by_url(bare) {
        return Ok(Address::Native { provider: provider.clone(), path: path.to_owned(), query });
    }
    let Some((provider, path)) = Provider::unlisted(bare) else {
        return Err(Refusal::bad(code::BAD_PARAMETER, "target", "not a URL with a host"));
    };
    Ok(Address::Native { provider: Arc::new(provider), path: path.to_owned(), query })
}
