//! A target as its provider's own request.

use http::StatusCode;

use crate::engine::Engine;
use crate::exchange::{Shape, Target};
use crate::message::Deadlines;
use crate::provider::{Change, Translation, translation};
use crate::refusal::{Refusal, code};
use crate::secret::Secret;
use crate::stage::Stage;
use crate::transport::UpstreamRequest;

/// How the answer to a prepared request is to be read.
pub(super) struct Reading {
    pub(super) decoding: Option<Decoding>,
    pub(super) changes: Vec<Change>,
}

/// How an answer in another format becomes one in OpenAI's.
pub(super) struct Decoding {
    pub(super) translation: &'static dyn Translation,
    pub(super) include_usage: bool,
}

/// What goes out for `target`, and how its answer is to be read. A `lent` key is one that was brought for this call.
pub(super) fn prepare(
    engine: &Engine,
    target: &Target,
    deadlines: Deadlines,
    lent: Option<&Secret>,
) -> Result<(UpstreamRequest, Reading), Refusal> {
    let provider = &target.provider;
    provider
        .ready(&target.path)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, code::NO_ANSWER, error.to_string()))?;
    let mut headers = target.headers.clone();
    if engine.stages.on(Stage::Keys) {
        if let Some(key) = lent {
            provider.lend(&mut headers, key);
        }
        match target.shape {
            Shape::Native => provider.authorize(&mut headers, target.query.as_deref()),
            Shape::Chat(_) => provider.authorize_chat(&mut headers),
        }
    }
    let mut request = UpstreamRequest {
        method: target.method.clone(),
        url: provider.url(&target.path, target.query.as_deref()),
        headers,
        body: target.body.clone(),
        deadlines,
    };
    let translation = match target.shape {
        Shape::Chat(format) if engine.stages.on(Stage::Translate) => translation(format),
        _ => None,
    };
    let Some(translation) = translation else {
        sign(engine, target, &mut request, lent)?;
        return Ok((request, Reading { decoding: None, changes: Vec::new() }));
    };
    let translated = translation
        .request(&target.body)
        .map_err(|reason| Refusal::bad(code::BAD_BODY, &reason.field, reason.message))?;
    for (name, value) in translated.headers {
        request.headers.entry(name).or_insert(value);
    }
    request.url = provider.url(&translated.path, None);
    request.body = translated.body;
    sign(engine, target, &mut request, lent)?;
    let decoding = Some(Decoding { translation, include_usage: translated.include_usage });
    Ok((request, Reading { decoding, changes: translated.changes }))
}

/// A signature covers the request as it goes out, so it comes last.
fn sign(engine: &Engine, target: &Target, request: &mut UpstreamRequest, lent: Option<&Secret>) -> Result<(), Refusal> {
    if !engine.stages.on(Stage::Keys) {
        return Ok(());
    }
    let UpstreamRequest { method, url, headers, body, .. } = request;
    let signed = target.provider.sign((method, url, body), headers, lent, engine.clock.now_us());
    signed.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, code::NO_ANSWER, error.to_string()))
}
