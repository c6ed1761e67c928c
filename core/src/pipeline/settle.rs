//! The only exit: every call is measured, stored if it may be, and remembered, however it ended.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::Outcome;
use super::answer::{Answer, Content};
use super::metered::Metered;
use crate::cache;
use crate::engine::Engine;
use crate::exchange::{Exchange, Target};
use crate::headers::response as name;
use crate::message::{Body, Response};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::stage::Stage;
use crate::usage::Usage;

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

/// A call whose answer is on its way to the caller.
pub(super) struct Settling {
    engine: Arc<Engine>,
    exchange: Box<Exchange>,
    step: usize,
    status: Option<u16>,
    first_byte_us: Option<u64>,
    response_content_type: Option<String>,
    cached: bool,
    stream: bool,
}

/// How the answer ended.
#[derive(Default)]
pub(super) struct End {
    pub(super) usage: Option<Usage>,
    pub(super) model_served: Option<String>,
    pub(super) size: u64,
    pub(super) body: Option<Bytes>,
    pub(super) cancelled: bool,
    pub(super) truncated: bool,
    pub(super) error: Option<String>,
    pub(super) saved: Option<i64>,
}

impl Settling {
    fn new(engine: Arc<Engine>, exchange: Box<Exchange>, step: usize) -> Self {
        Self {
            engine,
            exchange,
            step,
            status: None,
            first_byte_us: None,
            response_content_type: None,
            cached: false,
            stream: false,
        }
    }

    fn target(&self) -> Option<&Target> {
        self.exchange.targets.get(self.step)
    }

    pub(super) fn keeps_payloads(&self) -> bool {
        let policy = self.target().map_or(&self.exchange.policy, |target| &target.policy);
        policy.log && policy.payloads
    }

    /// What the call cost, and whether the caller named the price.
    fn cost(&self, end: &End) -> (Option<i64>, bool) {
        if self.cached {
            return (Some(0), false);
        }
        let (Some(target), Some(usage)) = (self.target(), &end.usage) else {
            return (None, false);
        };
        if !self.engine.stages.on(Stage::Account) || self.status.is_none_or(|status| status >= 400) {
            return (None, false);
        }
        let custom = target.policy.custom_cost.as_ref();
        let cost = |model: &str| crate::account::cost(&self.engine.prices, custom, &target.provider.slug, model, usage);
        match (cost(&target.model), &end.model_served) {
            ((None, _), Some(served)) => cost(served),
            (known, _) => known,
        }
    }

    /// Writes the call down.
    pub(super) fn finish(mut self, end: End) {
        let (cost, custom_cost) = self.cost(&end);
        let target = self.exchange.targets.get(self.step);
        let policy = target.map_or(&self.exchange.policy, |target| &target.policy);
        if !policy.log || !self.engine.stages.on(Stage::Log) {
            return;
        }
        let ended_well = !end.cancelled && !end.truncated && end.error.is_none();
        let mut record = Record {
            duration_us: self.engine.clock.monotonic_us() - self.exchange.started_us,
            event_id: policy.event_id.clone().unwrap_or_else(|| self.exchange.id.clone()),
            created_at_us: self.exchange.created_at_us,
            first_byte_us: self.first_byte_us.map(|at| at - self.exchange.started_us),
            model_served: end.model_served,
            stream: self.stream,
            status_code: self.status,
            success: ended_well && self.status.is_some_and(|status| status < 400),
            cached: self.cached,
            cancelled: end.cancelled,
            truncated: end.truncated,
            error: end.error,
            step: u32::try_from(self.step).unwrap_or(u32::MAX),
            usage: end.usage.unwrap_or_default(),
            cost,
            custom_cost,
            saved: end.saved,
            metadata: policy.metadata.clone(),
            response_content_type: self.response_content_type.take(),
            request_size: self.exchange.request_size,
            response_size: end.size,
            response_body: end.body.filter(|_| policy.payloads),
            ..Record::default()
        };
        if let Some(target) = target {
            record.provider.clone_from(&target.provider.slug);
            record.model.clone_from(&target.model);
            record.path.clone_from(&target.path);
            record.request_type = target.request_type().map(str::to_owned);
            record.request_content_type = content_type(&target.headers);
            record.request_body = Some(target.body.clone()).filter(|_| policy.payloads);
        }
        record.log_id = self.exchange.id;
        record.user_agent = self.exchange.user_agent;
        record.attempts = self.exchange.attempts;
        self.engine.log.append(record);
    }
}

fn refuse(engine: Arc<Engine>, exchange: Box<Exchange>, refusal: Refusal) -> Response {
    let step = exchange.attempts.last().map_or(0, |attempt| attempt.step as usize);
    let error = refusal.failure.as_ref().map_or_else(|| refusal.message.clone(), ToString::to_string);
    let mut response = refusal.into_response();
    stamp(&mut response.headers, &exchange, step, None);
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
    stamp(&mut headers, &exchange, step, Some("HIT"));
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
    stamp(&mut headers, &exchange, step, Some("MISS"));
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
            if let Some(headers) = kept_headers {
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
fn stamp(headers: &mut HeaderMap, exchange: &Exchange, step: usize, cache: Option<&'static str>) {
    let policy = exchange.targets.get(step).map_or(&exchange.policy, |target| &target.policy);
    let id = HeaderValue::from_str(&exchange.id).expect("a UUID is plain ASCII");
    if let Some(status) = cache {
        headers.insert(name::CACHE_STATUS, HeaderValue::from_static(status));
    }
    headers.insert(name::STEP, step.into());
    if policy.log {
        headers.insert(name::LOG_ID, id.clone());
    }
    let event = policy.event_id.as_deref().and_then(|event| HeaderValue::from_str(event).ok());
    headers.insert(name::EVENT_ID, event.unwrap_or_else(|| id.clone()));
    headers.insert(name::REQUEST_ID, id);
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
