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
    let vector = match vector(engine, semantic, exchange, &question.text).await {
        Ok(vector) => vector,
        Err(why) => {
            semantic.failed();
            let note = format!("no near answer was looked for: the question could not be embedded ({why})");
            exchange.trail.notes.push(note);
            return None;
        }
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

/// The vector of a text, if it is remembered or comes in time; or why there is none.
async fn vector(engine: &Arc<Engine>, semantic: &Semantic, exchange: &Exchange, text: &str) -> Result<Vector, String> {
    if let Some(known) = semantic.remembered(text) {
        return Ok(known);
    }
    let limit = semantic.config().timeout.duration();
    let vector = within(&engine.clock, Some(limit), embed(engine, semantic, exchange, text)).await;
    let vector = vector.unwrap_or_else(|| Err(format!("it took longer than {} ms", limit.as_millis())))?;
    semantic.remember(text, vector.clone());
    Ok(vector)
}

/// The vector of a text: from the program's own embedder, or by a call that has its own log.
async fn embed(engine: &Arc<Engine>, semantic: &Semantic, exchange: &Exchange, text: &str) -> Result<Vector, String> {
    if let Some(embedder) = &engine.embedder {
        let parts = embedder.embed(text).await.map_err(|error| error.message().to_owned())?;
        return Vector::of(parts).ok_or_else(|| "it has no length, or a part that is no number".to_owned());
    }
    let model = semantic.config().model.as_deref();
    // Without one the gateway would not have opened.
    let Some((path, model)) = model.and_then(|model| engine.embedding_path(model)) else {
        return Err("cache.semantic.model is missing".to_owned());
    };
    let mut request = Request::post(path, &serde_json::json!({ "model": model, "input": text }));
    headers::insert_json(&mut request.headers, &name::METADATA, &exchange.policy.metadata);
    request.headers.insert(name::CACHE_TTL, 0.into());
    if let Ok(id) = exchange.id.parse() {
        request.headers.insert(name::EVENT_ID, id);
    }
    if !exchange.policy.payloads {
        request.headers.insert(name::COLLECT_LOG_PAYLOAD, HeaderValue::from_static("false"));
    }
    if !exchange.policy.log {
        request.headers.insert(name::COLLECT_LOG, HeaderValue::from_static("false"));
    }
    // It walks the same road: a key, tries, limits, usage and cost.
    let answer = boxed(engine.clone(), request).await;
    if !answer.status.is_success() {
        return Err(format!("the provider answered {}", answer.status.as_u16()));
    }
    let body = answer.body.bytes(MAX_ANSWER_BYTES).await.map_err(|error| error.message().to_owned())?;
    cache::read_embedding(&body).ok_or_else(|| "the answer holds no embedding".to_owned())
}

/// The road within the road: its future is of no size that is known.
fn boxed(engine: Arc<Engine>, request: Request) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    Box::pin(handle(engine, request))
}

/// A vector of some thousand parts is a tenth of that.
const MAX_ANSWER_BYTES: usize = 1 << 20;
