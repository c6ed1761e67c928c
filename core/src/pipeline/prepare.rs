//! A target as its provider's own request.

use http::StatusCode;

use crate::engine::Engine;
use crate::exchange::{Shape, Target};
use crate::keys::Lent;
use crate::message::Deadlines;
use crate::provider::{Change, Decoding, Dialect, Origins, Untranslatable, translation};
use crate::refusal::{Refusal, code};
use crate::stage::Stage;
use crate::transport::UpstreamRequest;
use crate::usage::Format;

/// How the answer to a prepared request is to be read.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) decoding: Option<Decoding>,
    pub(super) changes: Vec<Change>,
}

/// What goes out for `target`, and how its answer is to be read. A `lent` key is one that was brought for this call.
pub(super) fn prepare(
    engine: &Engine,
    target: &Target,
    deadlines: Deadlines,
    lent: Option<&Lent>,
) -> Result<(UpstreamRequest, Reading), Refusal> {
    let provider = &target.provider;
    provider
        .ready(&target.path)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, code::NO_ANSWER, error.to_string()))?;
    let mut headers = target.headers.clone();
    if engine.stages.on(Stage::Keys) {
        if let Some(Lent { key, is_token: false, .. }) = lent {
            provider.lend(&mut headers, key);
        }
        match target.shape {
            Shape::Native => provider.authorize(&mut headers, target.query.as_deref()),
            Shape::Any(dialect, _) | Shape::Own(dialect, _) => provider.authorize_any(dialect, &mut headers),
        }
        // Not before: a token would be taken for the caller's key, and moved to where keys are sent.
        if let Some(Lent { key, is_token: true, .. }) = lent {
            provider.lend_token(&mut headers, key);
        }
    }
    let mut request = UpstreamRequest {
        method: target.method.clone(),
        url: provider.url(&target.path, target.query.as_deref()),
        headers,
        body: target.body.clone(),
        deadlines,
    };
    let reading = match target.shape {
        Shape::Any(dialect, format) if engine.stages.on(Stage::Translate) => {
            let reading = translate(target, dialect, format, &mut request)
                .map_err(|reason| Refusal::bad(code::BAD_BODY, &reason.field, reason.message))?;
            if target.policy.strict {
                unchanged(&reading.changes)?;
            }
            reading
        }
        _ => Reading::default(),
    };
    sign(engine, target, &mut request, lent)?;
    Ok((request, reading))
}

/// From the caller's shape to a chat, and from that to the provider's format; either may be the same.
fn translate(
    target: &Target,
    dialect: Dialect,
    format: Format,
    request: &mut UpstreamRequest,
) -> Result<Reading, Untranslatable> {
    let provider = &target.provider;
    let mut decoding = Decoding::default();
    let (mut changes, mut origins) = (Vec::new(), Origins::default());
    if let Some(heard) = dialect.hear(&request.body, &provider.takes(format))? {
        request.body = heard.chat;
        (changes, origins) = (heard.changes, heard.origins);
        decoding.reply = Some(heard.reply);
    }
    if let Some(translation) = translation(format) {
        let translated = translation.request(&request.body).map_err(|reason| origins.of_fault(reason))?;
        for (name, value) in translated.headers {
            request.headers.entry(name).or_insert(value);
        }
        request.url = provider.url(&translated.path, None);
        request.body = translated.body;
        changes.extend(translated.changes.into_iter().map(|change| origins.of_change(change)));
        decoding.translation = Some((translation, translated.include_usage));
    }
    Ok(Reading { decoding: decoding.is_needed().then_some(decoding), changes })
}

/// A call that may not be changed: the first change tells what stands in its way.
fn unchanged(changes: &[Change]) -> Result<(), Refusal> {
    let Some(first) = changes.first() else { return Ok(()) };
    let others = match changes.len() - 1 {
        0 => String::new(),
        others => format!(" ({others} more like this)"),
    };
    let message = format!("{}{others}; refused, since translation.strict asks for no changes", first.reason);
    Err(Refusal::bad(code::BAD_BODY, &first.path, message))
}

/// A signature covers the request as it goes out, so it comes last.
fn sign(engine: &Engine, target: &Target, request: &mut UpstreamRequest, lent: Option<&Lent>) -> Result<(), Refusal> {
    if !engine.stages.on(Stage::Keys) {
        return Ok(());
    }
    let UpstreamRequest { method, url, headers, body, .. } = request;
    let signed = target.provider.sign((method, url, body), headers, lent.map(|lent| &lent.key), engine.clock.now_us());
    signed.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, code::NO_ANSWER, error.to_string()))
}
