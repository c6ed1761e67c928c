//! The only exit: every call is measured, stored if it may be, and remembered, however it ended.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};

use super::Outcome;
use super::answer::{Answer, Content};
use super::metered::Metered;
use super::settling::{End, Settling, content_type};
use super::trail;
use crate::cache;
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::headers::response as name;
use crate::held::Standing;
use crate::message::{Body, Response};
use crate::refusal::Refusal;

/// A call that has not ended yet. Dropped before its end, it goes into the log as cancelled.
pub(super) struct Open {
    engine: Arc<Engine>,
    exchange: Option<Box<Exchange>>,
}

impl Open {
    pub(super) fn new(engine: Arc<Engine>, exchange: Exchange) -> Self {
        Self { engine, exchange: Some(Box::new(exchange)) }
    }

    pub(super) fn exchange(&mut self) -> &mut Exchange {
        self.exchange.as_mut().expect("the exchange is taken only when the call is settled, which consumes self")
    }

    pub(super) fn settle(mut self, outcome: Outcome) -> Response {
        let exchange = self.exchange.take().expect("a call is settled once, since settling consumes it");
        let engine = self.engine.clone();
        match outcome {
            Outcome::Refused(refusal) => refuse(engine, exchange, refusal),
            Outcome::Hit(step, entry) => hit(engine, exchange, step, entry),
            Outcome::Answered(step, answer) => answered(engine, exchange, step, answer),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(exchange) = self.exchange.take() else { return };
        let step = exchange.attempts.last().map_or(0, |attempt| attempt.step as usize);
        let settling = Settling::new(self.engine.clone(), exchange, step);
        settling.finish(End {
            cancelled: true,
            error: Some("the caller left before the answer".into()),
            ..End::default()
        });
    }
}

fn refuse(engine: Arc<Engine>, exchange: Box<Exchange>, refusal: Refusal) -> Response {
    let step = exchange.attempts.last().map_or(0, |attempt| attempt.step as usize);
    let error = refusal.failure.as_ref().map_or_else(|| refusal.message.clone(), ToString::to_string);
    let mut response = refusal.into_response();
    stamp(&engine, &mut response.headers, &exchange, step, None);
    let mut settling = Settling::new(engine, exchange, step);
    settling.status = Some(response.status.as_u16());
    settling.response_content_type = content_type(&response.headers);
    let body = response.body.take_full().unwrap_or_default();
    settling.finish(End { size: body.len() as u64, body: Some(body.clone()), error: Some(error), ..End::default() });
    response.body = Body::full(body);
    response
}

fn hit(engine: Arc<Engine>, exchange: Box<Exchange>, step: usize, entry: cache::Entry) -> Response {
    let mut headers = entry.headers;
    stamp(&engine, &mut headers, &exchange, step, Some("HIT"));
    let mut settling = Settling::new(engine, exchange, step);
    settling.cached = true;
    settling.status = Some(entry.status.as_u16());
    settling.response_content_type = content_type(&headers);
    settling.finish(End {
        size: entry.body.len() as u64,
        body: Some(entry.body.clone()),
        model_served: entry.model_served,
        saved: entry.cost,
        ..End::default()
    });
    Response { status: entry.status, headers, body: Body::full(entry.body), failure: None }
}

fn answered(engine: Arc<Engine>, exchange: Box<Exchange>, step: usize, answer: Answer) -> Response {
    let Answer { status, mut headers, content, head_us } = answer;
    let keeps = cache::is_cacheable(status, &headers) && engine.caches(&exchange.targets[step]);
    let kept_headers = keeps.then(|| cache::kept_headers(&headers));
    stamp(&engine, &mut headers, &exchange, step, Some("MISS"));
    let mut settling = Settling::new(engine, exchange, step);
    settling.status = Some(status.as_u16());
    settling.first_byte_us = Some(head_us);
    settling.response_content_type = content_type(&headers);
    let body = match content {
        Content::Stream { body, meter, decoder } => {
            settling.stream = true;
            Body::stream(Box::pin(Metered::new(body, meter, decoder, settling)))
        }
        Content::Whole { body, usage, model_served } => {
            let end = End { usage, model_served, size: body.len() as u64, body: Some(body.clone()), ..End::default() };
            if let Some(headers) = kept_headers.filter(|headers| cache::is_whole(headers, &body)) {
                let (cost, _) = settling.cost(&end);
                let model_served = end.model_served.clone();
                let entry = cache::Entry { status, headers, body: body.clone(), model_served, cost };
                settling.engine.remember(&settling.exchange.targets[step], entry);
            }
            settling.finish(end);
            Body::full(body)
        }
    };
    Response { status, headers, body, failure: None }
}

/// The headers by which a caller knows what happened.
fn stamp(engine: &Engine, headers: &mut HeaderMap, exchange: &Exchange, step: usize, cache: Option<&'static str>) {
    let policy = exchange.targets.get(step).map_or(&exchange.policy, |target| &target.policy);
    headers.reserve(5);
    let id = HeaderValue::from_str(&exchange.id).expect("a UUID is plain ASCII");
    if let Some(status) = cache {
        headers.insert(name::CACHE_STATUS, HeaderValue::from_static(status));
    }
    headers.insert(name::STEP, step.into());
    trail::stamp(headers, exchange, step);
    if policy.log {
        headers.insert(name::LOG_ID, id.clone());
    }
    let event = policy.event_id.as_deref().and_then(|event| HeaderValue::from_str(event).ok());
    headers.insert(name::EVENT_ID, event.unwrap_or_else(|| id.clone()));
    headers.insert(name::REQUEST_ID, id);
    // A provider's own headers of these names stay; the hint of a refusal is nearer than how the call stood before.
    for (name, value) in exchange.held.standing.iter().flat_map(Standing::headers) {
        headers.entry(name).or_insert(value);
    }
    if let Some(value) = engine.limits.observed(&exchange.held).and_then(|names| HeaderValue::from_str(&names).ok()) {
        headers.insert(name::LIMITS_OBSERVED, value);
    }
}
