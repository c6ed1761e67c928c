//! The one-shape endpoint: an OpenAI chat body whose model is `{provider}/{model}`.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::{Peek, address};
use crate::engine::Engine;
use crate::exchange::{Shape, Target};
use crate::policy::Policy;
use crate::provider::{split_model, with_model};
use crate::refusal::{Refusal, code, quoted};

pub(super) fn target(
    engine: &Engine,
    policy: Arc<Policy>,
    headers: HeaderMap,
    body: &Bytes,
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
    let provider = address::find(engine, slug)?;
    let chat = provider.chat().ok_or_else(|| {
        let message = format!("{slug} takes no chat completions that we know of; call its own path instead");
        Refusal::bad(code::BAD_PARAMETER, "model", message)
    })?;
    let body = with_model(body, model).map_err(|reason| Refusal::bad(code::BAD_BODY, &reason.field, reason.message))?;
    Ok(Target {
        shape: Shape::Chat(chat.format),
        cache_key: OnceLock::new(),
        path: chat.path.to_owned(),
        query: None,
        method: Method::POST,
        model: model.to_owned(),
        stream: peek.stream.unwrap_or(false),
        headers,
        policy,
        body,
        provider,
    })
}
