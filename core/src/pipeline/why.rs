//! Why a call would not be answered from the cache: what the nearest kept answer was asked for, and where the two differ.

use std::sync::Arc;

use serde_json::{Value, json};

use super::resolve;
use crate::cache::{Difference, Miss};
use crate::engine::Engine;
use crate::exchange::Target;
use crate::message::Request;
use crate::policy::Use;

/// So many differences are told.
const MAX_DIFFERENCES: usize = 20;

/// What the cache would say to a request, target by target. Nothing is sent, counted or logged.
pub(crate) async fn why_miss(engine: &Arc<Engine>, request: Request) -> Value {
    let (exchange, resolved) = resolve::resolve(engine, request);
    if let Err(refusal) = resolved {
        return json!({ "would_hit": false, "reason": "refused", "text": refusal.message, "targets": [] });
    }
    if exchange.asked.is_some() {
        let text = "a route chooses the model when it is called; ask about one of its models";
        return json!({ "would_hit": false, "reason": "route", "text": text, "targets": [] });
    }
    let mut targets = Vec::new();
    for (step, target) in exchange.targets.iter().enumerate() {
        let mut told = of_target(engine, target).await;
        told["step"] = step.into();
        told["provider"] = target.provider.slug.as_str().into();
        told["model"] = target.model.as_str().into();
        targets.push(told);
    }
    let would_hit = targets.iter().any(|told| told["reason"] == "hit");
    let deciding = targets.iter().find(|told| told["reason"] == "hit").or(targets.first());
    let (reason, text) =
        deciding.map_or((Value::Null, Value::Null), |told| (told["reason"].clone(), told["text"].clone()));
    json!({ "would_hit": would_hit, "reason": reason, "text": text, "targets": targets })
}

async fn of_target(engine: &Engine, target: &Target) -> Value {
    let told = |reason: &str, text: String| json!({ "reason": reason, "text": text, "nearest": null });
    if let Some(miss) = engine.uncacheable(target) {
        return told(miss.word(), miss.text().to_owned());
    }
    match engine.cached(target).await {
        Some(given) if given.how != Use::IfError => {
            return told("hit", format!("an answer that is {} s old would be given", given.age.as_secs()));
        }
        Some(given) => {
            return told(
                Miss::Stale.word(),
                format!("an answer is kept, but it is {} s old and over its time", given.age.as_secs()),
            );
        }
        None => {}
    }
    if target.policy.cache.key.is_some() {
        return told(
            Miss::NothingKept.word(),
            "no answer is kept under this cf-aig-cache-key in this scope".to_owned(),
        );
    }
    let Some((age_us, differences)) = engine.nearest(target).await else {
        return told(Miss::NothingKept.word(), "no answer is kept in this scope".to_owned());
    };
    if differences.is_empty() {
        return told(Miss::Stale.word(), "an answer to the same request is kept, but may not be given: it is too old, or differs in what is not compared".to_owned());
    }
    let named: Vec<&str> = differences.iter().map(|one| one.path.as_str()).take(3).collect();
    let more = if differences.len() > named.len() {
        format!(" and {} more", differences.len() - named.len())
    } else {
        String::new()
    };
    let mut told =
        told("differs", format!("the nearest kept answer was asked for with another {}{more}", named.join(", ")));
    let listed: Vec<Value> = differences.iter().take(MAX_DIFFERENCES).map(line).collect();
    told["nearest"] = json!({ "age_ms": age_us / 1_000, "differences": listed, "count": differences.len() });
    told
}

fn line(difference: &Difference) -> Value {
    let Difference { path, kind, asked, kept } = difference;
    json!({ "field": path, "kind": kind, "asked": asked, "kept_digest": kept })
}
