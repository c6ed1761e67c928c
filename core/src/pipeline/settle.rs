//! The only exit: every call is measured, stored if it may be, and remembered, however it ended.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};

use super::Outcome;
use super::attempt::begun;
use super::choose::Way;
use super::flight::Keeping;
use super::metered::Metered;
use super::passing::{Passing, Source};
use super::resume::Resume;
use super::settling::{End, Settling, price};
use super::trail;
use crate::answer::{Answer, Content, Head, Shared, Whole};
use crate::cache::{self, Given, Kept, Member, Recording};
use crate::config;
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::headers::{self, response as name};
use crate::held::Standing;
use crate::message::{Body, Response};
use crate::policy::Use;
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
            Outcome::Hit(step, given) => hit(engine, exchange, step, given),
            Outcome::Shared(step, head, member) => shared(engine, exchange, step, &head, member),
            Outcome::Answered(step, answer, way) => answered(engine, exchange, step, answer, way),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(mut exchange) = self.exchange.take() else { return };
        if let Some(step) = exchange.flying {
            // What it came to is with those who go on with it, if there are any.
            let attempt = begun(&self.engine, &exchange, step, 1, 0);
            exchange.attempts.push(attempt);
        }
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
    let own = exchange.dialect.and_then(|dialect| dialect.refused(refusal.status, &refusal.message));
    let mut response = match own {
        Some(own) => refusal.told_as(own),
        None => refusal.into_response(),
    };
    stamp(&engine, &mut response.headers, &exchange, step, None);
    let mut settling = Settling::new(engine, exchange, step);
    settling.head(response.status, &response.headers);
    let body = response.body.take_full().unwrap_or_default();
    settling.finish(End { size: body.len() as u64, body: Some(body.clone()), error: Some(error), ..End::default() });
    response.body = Body::full(body);
    response
}

fn hit(engine: Arc<Engine>, mut exchange: Box<Exchange>, step: usize, given: Given) -> Response {
    let cache::Entry { status, mut headers, body, model_served, cost: saved } = given.entry;
    stamp(&engine, &mut headers, &exchange, step, Some("HIT"));
    headers.insert(header::AGE, given.age.as_secs().into());
    if let Some(why) = stale(given.how) {
        headers.insert(name::CACHE_STALE, HeaderValue::from_static(why));
        exchange
            .trail
            .notes
            .push(format!("the kept answer was {} s old and over its time: {why}", given.age.as_secs()));
    }
    let paced = exchange.targets[step].policy.cache.replay == config::Replay::Original;
    let mut settling = Settling::new(engine, exchange, step);
    settling.cached = true;
    settling.head(status, &headers);
    let body = match body {
        Kept::Whole(body) => {
            let size = body.len() as u64;
            settling.finish(End { size, body: Some(body.clone()), model_served, saved, ..End::default() });
            Body::full(body)
        }
        Kept::Stream { bytes, cuts } => {
            settling.stream = true;
            let replay = cache::Replay::new(bytes, cuts, paced.then(|| settling.engine.clock.clone()));
            Body::stream(Box::pin(Passing::new(Source::Cache { replay, model_served, saved }, settling)))
        }
    };
    Response { status, headers, body, failure: None }
}

/// Why an answer that is over its time was given.
fn stale(how: Use) -> Option<&'static str> {
    match how {
        Use::Stale => Some("max-stale"),
        Use::WhileRevalidating => Some("while-revalidate"),
        Use::IfError => Some("if-error"),
        Use::Fresh | Use::No => None,
    }
}

fn answered(
    engine: Arc<Engine>,
    exchange: Box<Exchange>,
    step: usize,
    answer: Answer,
    way: Option<Box<Way>>,
) -> Response {
    let Answer { status, mut headers, content, head_us } = answer;
    let keeps = cache::is_cacheable(status, &headers) && engine.caches(&exchange.targets[step]);
    let kept_headers = keeps.then(|| cache::kept_headers(&headers));
    stamp(&engine, &mut headers, &exchange, step, Some("MISS"));
    let mut settling = Settling::new(engine, exchange, step);
    settling.head(status, &headers);
    settling.first_byte_us = Some(head_us);
    let body = match content {
        Content::Stream { body, meter, decoder } => {
            settling.stream = true;
            let max_bytes = settling.engine.config.cache.max_entry_bytes.bytes();
            let recording = |headers| Keeping { status, headers, recording: Recording::new(head_us, max_bytes) };
            // Only the meter knows whether a stream was whole.
            let keeping = kept_headers.filter(|_| meter.is_some()).map(recording);
            let is_events = meter.is_some();
            let source = Source::Provider(Metered::new(body, meter, decoder), keeping);
            let resume = Resume::of(&settling.engine, &settling.exchange.targets[step], way.filter(|_| is_events));
            Body::stream(Box::pin(Passing::new(source, settling).with(resume)))
        }
        Content::Whole(Whole { body, usage, model_served }) => {
            if let Some(headers) = kept_headers.filter(|headers| cache::is_whole(headers, &body)) {
                let target = &settling.exchange.targets[step];
                let at_us = settling.exchange.created_at_us;
                let cost =
                    price(&settling.engine, target, at_us, Some(status), usage.as_ref(), model_served.as_deref()).cost;
                let (body, model_served) = (Kept::Whole(body.clone()), model_served.clone());
                settling.engine.remember(target, cache::Entry { status, headers, body, model_served, cost });
            }
            let end = End { usage, model_served, size: body.len() as u64, body: Some(body.clone()), ..End::default() };
            settling.finish(end);
            Body::full(body)
        }
    };
    Response { status, headers, body, failure: None }
}

/// An answer that others have asked for too. Who leads has made the call; for the others it is a hit.
fn shared(
    engine: Arc<Engine>,
    exchange: Box<Exchange>,
    step: usize,
    head: &Arc<Head>,
    member: Member<Shared>,
) -> Response {
    let mut headers = head.headers.clone();
    let leads = member.leads();
    stamp(&engine, &mut headers, &exchange, step, Some(if leads { "MISS" } else { "HIT" }));
    let first_byte_us = if leads { head.head_us } else { engine.clock.monotonic_us() };
    let mut settling = Settling::new(engine, exchange, step);
    settling.head(head.status, &headers);
    settling.first_byte_us = Some(first_byte_us);
    let body = match head.whole.clone() {
        None => {
            settling.stream = true;
            let source = Source::flight(member, head.clone(), &settling);
            Body::stream(Box::pin(Passing::new(source, settling)))
        }
        Some(Whole { body, usage, model_served }) => {
            let size = body.len() as u64;
            let mut end = End { usage, model_served, size, body: Some(body.clone()), ..End::default() };
            settling.share(&mut end, member.bill(), &head.attempts);
            settling.finish(end);
            Body::full(body)
        }
    };
    Response { status: head.status, headers, body, failure: None }
}

/// The headers by which a caller knows what happened.
fn stamp(engine: &Engine, headers: &mut HeaderMap, exchange: &Exchange, step: usize, cache: Option<&'static str>) {
    let policy = exchange.targets.get(step).map_or(&exchange.policy, |target| &target.policy);
    headers.reserve(5);
    let id = HeaderValue::from_str(&exchange.id).expect("a UUID is plain ASCII");
    if let Some(status) = cache {
        headers.insert(name::CACHE_STATUS, HeaderValue::from_static(status));
    }
    if let Some(near) = &exchange.near {
        headers::insert_json(headers, &name::CACHE_NEAR, near);
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
    let alerts: Vec<_> = exchange.held.alerts.iter().map(|(path, _)| path.as_str()).collect();
    if let Some(value) = HeaderValue::from_str(&alerts.join(", ")).ok().filter(|_| !alerts.is_empty()) {
        headers.insert(name::BUDGET_ALERT, value);
    }
}
