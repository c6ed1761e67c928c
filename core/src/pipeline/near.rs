//! An answer to a question that means the same. Nothing of this fails a call: without an embedding there is no near hit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderValue;

use super::handle;
use crate::cache::{self, Given, Semantic, Vector};
use crate::engine::Engine;
use crate::exchange::{Exchange, Near};
use crate::headers::{self, request as name};
use crate::message::{Request, Response};
use crate::route::within;

/// The kept answer to a question that means the same as that of target number `step`, if it may be given. What was found is
/// noted in any case.
pub(super) async fn near(engine: &Arc<Engine>, exchange: &mut Exchange, step: usize) -> Option<Given> {
    let semantic = engine.semantic.as_ref()?;
    let target = exchange.targets[step].clone();
    let question = engine.question(&target)?;
    let Some(vector) = vector(engine, semantic, exchange, &question.text).await else {
        semantic.failed();
        exchange.trail.notes.push("no near answer was looked for: the question could not be embedded".to_owned());
        return None;
    };
    let partition = engine.partition(&target, &question.rest);
    let namespace = target.policy.cache.namespace.as_deref();
    let mut found = None;
    while let Some(neighbour) = semantic.look(&partition, &question.text, &vector, namespace) {
        // Its answer may be over its time, or gone.
        let given = engine.kept(&target, &neighbour.key).await;
        if given.is_some() {
            found = given.map(|given| (neighbour, given));
            break;
        }
        semantic.forget(&partition, &neighbour.key);
    }
    // Whoever keeps the answer to this question lets others find it.
    let _ = target.meaning.set(cache::meaning(partition, &question.text, &vector));
    let (neighbour, given) = found?;
    let verdict = neighbour.differs.unwrap_or(if semantic.serves() { "served" } else { "shadow" });
    let similarity = (f64::from(neighbour.similarity) * 1e4).round() / 1e4;
    let percent = similarity * 100.0;
    exchange.trail.notes.push(match neighbour.differs {
        Some(what) => format!("a question that is {percent:.1} % alike has an answer, but differs in its {what}"),
        None if semantic.serves() => format!("the answer to a question that is {percent:.1} % alike"),
        None => format!("a question that is {percent:.1} % alike has an answer, which shadow mode does not give"),
    });
    exchange.near = Some(Near { similarity, verdict });
    (verdict == "served").then_some(given)
}

/// The vector of a text, if it is remembered or comes in time.
async fn vector(engine: &Arc<Engine>, semantic: &Semantic, exchange: &Exchange, text: &str) -> Option<Vector> {
    if let Some(known) = semantic.remembered(text) {
        return Some(known);
    }
    let limit = Some(semantic.config().timeout.duration());
    let vector = within(&engine.clock, limit, embed(engine, semantic, exchange, text)).await.flatten()?;
    semantic.remember(text, vector.clone());
    Some(vector)
}

/// The vector of a text: from the program's own embedder, or by a call that has its own log.
async fn embed(engine: &Arc<Engine>, semantic: &Semantic, exchange: &Exchange, text: &str) -> Option<Vector> {
    if let Some(embedder) = &engine.embedder {
        return Vector::of(embedder.embed(text).await.ok()?);
    }
    let (path, model) = engine.embedding_path(semantic.config().model.as_deref()?)?;
    let mut request = Request::post(path, &serde_json::json!({ "model": model, "input": text }));
    headers::insert_json(&mut request.headers, &name::METADATA, &exchange.policy.metadata);
    request.headers.insert(name::CACHE_TTL, 0.into());
    request.headers.insert(name::EVENT_ID, exchange.id.parse().ok()?);
    if !exchange.policy.payloads {
        request.headers.insert(name::COLLECT_LOG_PAYLOAD, HeaderValue::from_static("false"));
    }
    if !exchange.policy.log {
        request.headers.insert(name::COLLECT_LOG, HeaderValue::from_static("false"));
    }
    // It walks the same road: a key, tries, limits, usage and cost.
    let answer = boxed(engine.clone(), request).await;
    if !answer.status.is_success() {
        return None;
    }
    cache::read_embedding(&answer.body.bytes(MAX_ANSWER_BYTES).await.ok()?)
}

/// The road within the road: its future is of no size that is known.
fn boxed(engine: Arc<Engine>, request: Request) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    Box::pin(handle(engine, request))
}

/// A vector of some thousand parts is a tenth of that.
const MAX_ANSWER_BYTES: usize = 1 << 20;
