//! A call between its answer and its end: what it cost, and the record that it leaves.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::admit;
use crate::account::{self, Asked, Priced};
use crate::cache::Bill;
use crate::engine::Engine;
use crate::exchange::{Exchange, Target};
use crate::headers::response as name;
use crate::held::Spent;
use crate::record::{Attempt, Changed, Record};
use crate::stage::Stage;
use crate::usage::{NanoUsd, Usage};

/// A call whose answer is on its way to the caller.
pub(super) struct Settling {
    pub(super) engine: Arc<Engine>,
    pub(super) exchange: Box<Exchange>,
    pub(super) step: usize,
    pub(super) status: Option<u16>,
    pub(super) first_byte_us: Option<u64>,
    response_content_type: Option<String>,
    /// What a translation left out or altered.
    changes: Vec<Changed>,
    pub(super) cached: bool,
    pub(super) stream: bool,
    /// Whether others go on with the call and pay.
    pub(super) unpaid: bool,
    /// What the targets used and cost with whose answer another one went on.
    earlier: Option<(Usage, Option<NanoUsd>)>,
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
    pub(super) saved: Option<NanoUsd>,
}

impl Settling {
    pub(super) fn new(engine: Arc<Engine>, exchange: Box<Exchange>, step: usize) -> Self {
        Self {
            engine,
            exchange,
            step,
            status: None,
            first_byte_us: None,
            response_content_type: None,
            changes: Vec::new(),
            cached: false,
            stream: false,
            unpaid: false,
            earlier: None,
        }
    }

    /// Takes note of what the caller reads at the head of an answer.
    pub(super) fn head(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.status = Some(status.as_u16());
        self.response_content_type = content_type(headers);
        let changes = headers.get(name::CHANGES).and_then(|json| serde_json::from_slice(json.as_bytes()).ok());
        self.changes = changes.unwrap_or_default();
    }

    fn target(&self) -> Option<&Target> {
        self.exchange.targets.get(self.step).map(AsRef::as_ref)
    }

    pub(super) fn keeps_payloads(&self) -> bool {
        let policy = self.target().map_or(&self.exchange.policy, |target| &target.policy);
        policy.log && policy.payloads
    }

    /// Takes a part in an answer that many share: one of them pays, and for the others it is what an answer from the cache
    /// is.
    pub(super) fn share(&mut self, end: &mut End, bill: Bill, attempts: &[Attempt]) {
        match bill {
            Bill::Ours => {
                // One who has taken over was not there when they were made.
                if self.exchange.attempts.iter().all(|attempt| attempt.step as usize != self.step) {
                    self.exchange.tried(self.step, attempts);
                }
            }
            Bill::Passed => {
                // Another one goes on with the call, and pays.
                end.usage = None;
                self.unpaid = true;
            }
            Bill::Theirs => {
                let saved = self.price(end.usage.as_ref(), end.model_served.as_deref()).cost;
                end.saved = saved.filter(|_| end.error.is_none());
                end.usage = None;
                self.cached = true;
            }
        }
    }

    fn price(&self, usage: Option<&Usage>, model_served: Option<&str>) -> Priced {
        let Some(target) = self.target() else { return Priced::default() };
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        price(&self.engine, target, self.exchange.created_at_us, status, usage, model_served)
    }

    /// Another target goes on with the answer, by what `beside` has tried and taken. What the one before has used is kept for
    /// the end.
    pub(super) fn move_to(&mut self, step: usize, part: &End, mut beside: Exchange) {
        let cost = self.price(part.usage.as_ref(), part.model_served.as_deref()).cost;
        let spent = part.usage.clone().map_or(Spent::Unknown, |usage| Spent::Told(usage, cost));
        let exchange = &mut self.exchange;
        self.engine.limits.move_on(&mut exchange.held, &spent);
        if let Some(credit) = exchange.held.credit.take() {
            let cost = cost.map(NanoUsd::unsigned_abs);
            self.engine.ledger.settle(credit, cost, Some(exchange.id.as_str()));
        }
        exchange.held.go_on_with(std::mem::take(&mut beside.held));
        (exchange.targets, exchange.trail, exchange.passed) = (beside.targets, beside.trail, beside.passed);
        if part.usage.is_none()
            && let Some(last) = exchange.attempts.last()
        {
            let note =
                format!("what {}/{} used until it broke is not known, and not counted", last.provider, last.model);
            exchange.trail.notes.push(note);
        }
        exchange.attempts.append(&mut beside.attempts);
        let (usage, before) = self.earlier.take().unwrap_or_default();
        self.earlier = Some((usage.plus(part.usage.as_ref()), sum(before, cost)));
        self.step = step;
    }

    /// What the call cost.
    fn cost(&self, end: &End) -> Priced {
        if self.cached {
            return Priced { cost: Some(0), by: None };
        }
        if self.unpaid {
            return Priced::default();
        }
        self.price(end.usage.as_ref(), end.model_served.as_deref())
    }

    /// Writes the call down.
    pub(super) fn finish(mut self, mut end: End) {
        let mut priced = self.cost(&end);
        let spent = admit::spent(&self, &end, priced.cost);
        self.engine.limits.settle(&mut self.exchange.held, &spent);
        let drawn = priced.cost;
        admit::draw(&mut self, drawn);
        self.exchange.gather();
        if let Some((usage, before)) = self.earlier.take() {
            end.usage = Some(usage.plus(end.usage.as_ref()));
            priced.cost = sum(before, priced.cost);
        }
        let cost = priced.cost;
        if let (false, Ok(cost)) = (self.exchange.passed.is_empty(), u64::try_from(cost.unwrap_or(0))) {
            let now_us = self.engine.clock.now_us();
            self.engine.routes.charge(&self.exchange.trail, &self.exchange.passed, cost, now_us);
        }
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
            custom_cost: priced.is_custom(),
            priced_by: priced.by,
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
            record.user = target.user_to_note();
            record.key_digest = Some(target.key_digest()).filter(|digest| !digest.is_empty());
            record.request_type = target.request_type().map(str::to_owned);
            record.request_content_type = content_type(&target.headers);
            record.request_body = Some(target.body.clone()).filter(|_| policy.payloads);
        }
        record.log_id = self.exchange.id;
        record.user_agent = self.exchange.user_agent;
        record.attempts = self.exchange.attempts;
        record.trail = self.exchange.trail;
        record.trail.changes = self.changes;
        self.engine.keep(record);
    }
}

/// What an answer of `target` costs.
pub(super) fn price(
    engine: &Engine,
    target: &Target,
    at_us: u64,
    status: Option<StatusCode>,
    usage: Option<&Usage>,
    model_served: Option<&str>,
) -> Priced {
    if !engine.stages.on(Stage::Account) || status.is_none_or(|status| status.as_u16() >= 400) {
        return Priced::default();
    }
    // Not every answer tells its usage, and a total that the caller names needs none.
    let unknown = Usage::default();
    let usage = usage.unwrap_or(&unknown);
    let custom = target.policy.custom_cost.as_ref();
    let cost = |model: &str| {
        let asked = Asked { provider: &target.provider.slug, model, at_us };
        account::cost(&engine.prices, custom, &asked, usage)
    };
    match (cost(&target.model), model_served) {
        (Priced { cost: None, .. }, Some(served)) => cost(served),
        (known, _) => known,
    }
}

/// What is known of two costs.
fn sum(one: Option<NanoUsd>, other: Option<NanoUsd>) -> Option<NanoUsd> {
    one.zip(other).map(|(one, other)| one.saturating_add(other)).or(one).or(other)
}

/// The content type that headers name.
fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
