//! What a path or URL points at.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use crate::engine::Engine;
use crate::provider::{Dialect, Provider};
use crate::refusal::{Refusal, code, quoted};

/// What ends a segment of a path.
const DELIMITERS: [char; 3] = ['/', '?', '#'];

pub(super) enum Address {
    /// `/`: a list of targets in the body.
    Universal,
    /// `/compat/chat/completions`, `/compat/v1/messages` or `/compat/responses`: any model in this shape.
    Any(Dialect),
    /// `/{provider}/{path}`, or the provider's own absolute URL.
    Native { provider: Arc<Provider>, path: String, query: Option<String> },
}

pub(super) fn parse(engine: &Engine, target: &str) -> Result<Address, Refusal> {
    let target = own_path(target);
    if target.starts_with("https://") || target.starts_with("http://") {
        return absolute(engine, target);
    }
    let target = own_gateway(engine, target.trim_start_matches('/'))?;
    let (slug, rest) = target.split_at(target.find(DELIMITERS).unwrap_or(target.len()));
    let (path, query) = native(rest)?;
    match slug {
        "" => Ok(Address::Universal),
        "compat" => compat(&path).map(Address::Any),
        _ => Ok(Address::Native { provider: find(engine, slug)?, path, query }),
    }
}

/// The provider of this slug, or the reference's answer to an unknown one.
pub(super) fn find(engine: &Engine, slug: &str) -> Result<Arc<Provider>, Refusal> {
    engine.catalogue.find(slug).cloned().ok_or_else(|| {
        let nearest = engine.catalogue.nearest(slug).map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
        let message = format!(
            "invalid provider {}; {nearest}A provider of your own is custom-{{name}}, after providers.{{name}}.base_url is set",
            quoted(slug)
        );
        Refusal::new(StatusCode::BAD_REQUEST, code::UNKNOWN_PROVIDER, message)
    })
}

/// What follows the provider: its path without a slash in front, and its query. A fragment is never sent (RFC 9110, 4.1).
pub(super) fn native(rest: &str) -> Result<(String, Option<String>), Refusal> {
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (rest, None),
    };
    if path.split(['/', '\\']).any(is_step_up) {
        let message = "has a \"..\" segment, which would leave the provider's base URL; write the path without it";
        return Err(Refusal::bad(code::BAD_PARAMETER, "path", message));
    }
    Ok((path.trim_start_matches('/').to_owned(), query))
}

/// Whether an HTTP client takes a segment for `..` (WHATWG URL, "double-dot URL path segment", and what its parser skips).
fn is_step_up(segment: &str) -> bool {
    if !segment.starts_with(['.', '%', '\t', '\n', '\r']) {
        return false;
    }
    let plain = segment.replace(['\t', '\n', '\r'], "").to_ascii_lowercase();
    plain.replace("%2e", ".") == ".."
}

/// What follows the gateway's own name, for SDKs that take a base URL and no transport without one. Nobody can have that
/// name (RFC 2606), so a call that does not come through the gateway fails instead of going elsewhere.
fn own_path(target: &str) -> &str {
    let named =
        ["https://tollhouse.invalid", "http://tollhouse.invalid"].iter().find_map(|own| target.strip_prefix(own));
    named.filter(|rest| rest.is_empty() || rest.starts_with(DELIMITERS)).unwrap_or(target)
}

/// `v1/{account}/{gateway}` in front, as in the reference's URLs: the account may be anything, the gateway is this one.
fn own_gateway<'a>(engine: &Engine, target: &'a str) -> Result<&'a str, Refusal> {
    let Some(rest) = target.strip_prefix("v1/") else {
        return Ok(target);
    };
    let (_account, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let (gateway, rest) = rest.split_at(rest.find(DELIMITERS).unwrap_or(rest.len()));
    if gateway == engine.config.id {
        return Ok(rest.trim_start_matches('/'));
    }
    let (asked, own) = (quoted(gateway), &engine.config.id);
    let message = format!("no gateway {asked} here; this one is {own:?}. Please configure AI Gateway");
    Err(Refusal::new(StatusCode::BAD_REQUEST, code::UNKNOWN_GATEWAY, message))
}

/// The shape that is spoken at this path below `compat`.
pub(super) fn compat(path: &str) -> Result<Dialect, Refusal> {
    Dialect::at(path).ok_or_else(|| {
        let asked = quoted(path);
        let message = format!(
            "compat serves chat/completions, messages and responses, not {asked}; call the provider's own path instead"
        );
        Refusal::new(StatusCode::NOT_FOUND, code::BAD_PARAMETER, message)
    })
}

/// The path and query that an SDK which was told of a proxy wants to reach: it says so in a header of its own. The URL must
/// be one of that provider's, since the stored key goes there.
pub(super) fn redirected(
    engine: &Engine,
    provider: &Arc<Provider>,
    headers: &mut HeaderMap,
) -> Result<Option<(String, Option<String>)>, Refusal> {
    let Some((name, value)) = provider.target_header().and_then(|name| Some((name.clone(), headers.remove(name)?)))
    else {
        return Ok(None);
    };
    let url = value.to_str().unwrap_or_default();
    match absolute(engine, url)? {
        Address::Native { provider: found, path, query } if found.slug == provider.slug => Ok(Some((path, query))),
        _ => Err(Refusal::bad(code::BAD_PARAMETER, name.as_str(), format!("not a URL of {}", provider.slug))),
    }
}

/// A URL as an SDK's own transport sees it. One that no known provider owns is passed on as it is.
fn absolute(engine: &Engine, url: &str) -> Result<Address, Refusal> {
    let (bare, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    let unlisted = || Provider::unlisted(bare).map(|(provider, path)| (Arc::new(provider), Cow::Borrowed(path)));
    let found = engine.catalogue.by_url(bare).map(|(provider, path)| (provider.clone(), path)).or_else(unlisted);
    let Some((provider, path)) = found else {
        return Err(Refusal::bad(code::BAD_PARAMETER, "target", "not a URL with a host"));
    };
    let (path, query) = native(&format!("{path}{rest}"))?;
    Ok(Address::Native { provider, path, query })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_out_whole() {
        for (rest, path, query) in [
            ("", "", None),
            ("//v1//models", "v1//models", None),
            ("/files/a..b/...?x=../y", "files/a..b/...", Some("x=../y")),
            ("?a#b", "", Some("a")),
            ("/v1/x#a?b", "v1/x", None),
        ] {
            assert_eq!(native(rest).ok(), Some((path.to_owned(), query.map(str::to_owned))), "{rest}");
        }
    }

    #[test]
    fn no_spelling_of_a_step_up_passes() {
        for segment in ["..", ".%2e", "%2E.", "%2e%2E", ".\t.", "\n..", "\r%2e\t."] {
            for path in [format!("/{segment}"), format!("a/{segment}/b"), format!("a\\{segment}\\b")] {
                assert!(native(&path).is_err(), "{path:?}");
            }
        }
    }
}
