//! The endpoint for any model: a body in one of the shapes that callers may speak, whose model is `{provider}/{model}`.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::{Peek, address};
use crate::config::nearest;
use crate::engine::Engine;
use crate::exchange::{Asked, Shape, Target};
use crate::policy::Policy;
use crate::provider::{Dialect, Provider, split_model, with_model, without_keys};
use crate::refusal::{Refusal, code, quoted};

pub(super) fn target(
    engine: &Engine,
    policy: Arc<Policy>,
    headers: HeaderMap,
    body: &Bytes,
    dialect: Dialect,
) -> Result<Target, Refusal> {
    let peek = Peek::at(body);
    let asked = peek.model.map(Cow::into_owned).ok_or_else(|| {
        Refusal::bad(
            code::BAD_BODY,
            "model",
            "the body is no JSON object with a model; send {\"model\": \"openai/gpt-4o-mini\", …}",
        )
    })?;
    let (slug, model) = split_model(&asked).ok_or_else(|| {
        let message = format!("{} has no provider prefix; write for example \"openai/gpt-4o-mini\"", quoted(&asked));
        Refusal::bad(code::BAD_PARAMETER, "model", message)
    })?;
    if slug == "dynamic" {
        let message = format!(
            "{} is a route, and no entry of a list; call it alone, through compat/chat/completions or chat",
            quoted(&asked)
        );
        return Err(Refusal::bad(code::BAD_PARAMETER, "model", message));
    }
    let provider = address::find(engine, slug)?;
    of_model(policy, headers, body, (peek.stream.unwrap_or(false), dialect), &provider, model)
}

/// A chat for one model of a provider: in the caller's own shape where the provider speaks it.
pub(in crate::pipeline) fn of_model(
    policy: Arc<Policy>,
    headers: HeaderMap,
    body: &Bytes,
    (stream, dialect): (bool, Dialect),
    provider: &Arc<Provider>,
    model: &str,
) -> Result<Target, Refusal> {
    let (path, shape) = match (provider.speaks(dialect), provider.chat()) {
        (Some((path, format)), _) => (path, Shape::Own(dialect, format)),
        (None, Some(chat)) => (chat.path.as_str(), Shape::Any(dialect, chat.format)),
        (None, None) => {
            let message =
                format!("{} takes no chat completions that we know of; call its own path instead", provider.slug);
            return Err(Refusal::bad(code::BAD_PARAMETER, "model", message));
        }
    };
    let body = with_model(body, model).map_err(|reason| Refusal::bad(code::BAD_BODY, &reason.field, reason.message))?;
    Ok(Target {
        shape,
        cache_key: OnceLock::new(),
        meaning: OnceLock::new(),
        path: path.to_owned(),
        query: None,
        method: Method::POST,
        model: model.to_owned(),
        provider: provider.clone(),
        stream,
        headers,
        policy,
        body,
    })
}

/// The route that a body's model names: `dynamic/{name}`.
pub(super) fn route(body: &Bytes) -> Option<String> {
    Some(Peek::at(body).model?.strip_prefix("dynamic/")?.to_owned())
}

/// A chat for a route.
pub(super) fn asked(
    engine: &Engine,
    route: String,
    mut headers: HeaderMap,
    body: Bytes,
    dialect: Dialect,
) -> Result<Asked, Refusal> {
    if engine.routes.get(&route).is_none() {
        let names = engine.routes.names();
        let known = match (nearest(&route, names.iter().map(String::as_str)), names.is_empty()) {
            (Some(meant), _) => format!("did you mean \"dynamic/{meant}\"?"),
            (None, true) => "none is configured; see [routes]".to_owned(),
            (None, false) => format!("there are {}", names.join(", ")),
        };
        let message = format!("no route {}; {known}", quoted(&route));
        return Err(Refusal::bad(code::BAD_PARAMETER, "model", message));
    }
    without_keys(&mut headers);
    let stream = Peek::at(&body).stream.unwrap_or(false);
    Ok(Asked { route, dialect, headers, body, stream })
}
