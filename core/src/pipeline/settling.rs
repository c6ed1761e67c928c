//! A call between its answer and its end: what it cost, and the record that it leaves.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, header};

use super::admit;
use crate::engine::Engine;
use crate::exchange::{Exchange, Target};
use crate::record::Record;
use crate::stage::Stage;
use crate::usage::Usage;

/// A call whose answer is on its way to the caller.
pub(super) struct Settling {
    pub(super) engine: Arc<Engine>,
    pub(super) exchange: Box<Exchange>,
    pub(super) step: usize,
    pub(super) status: Option<u16>,
    pub(super) first_byte_us: Option<u64>,
    pub(super) response_content_type: Option<String>,
    pub(super) cached: bool,
    pub(super) stream: bool,
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
    pub(super) fn new(engine: Arc<Engine>, exchange: Box<Exchange>, step: usize) -> Self {
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
    pub(super) fn cost(&self, end: &End) -> (Option<i64>, bool) {
        if self.cached {
            return (Some(0), false);
        }
        let Some(target) = self.target() else { return (None, false) };
        // Not every answer tells its usage, and a total that the caller names needs none.
        let unknown = Usage::default();
        let usage = end.usage.as_ref().unwrap_or(&unknown);
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
        let spent = admit::spent(&self, &end, cost);
        self.engine.limits.settle(&mut self.exchange.held, &spent);
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
        record.trail = self.exchange.trail;
        self.engine.log.append(record);
    }
}

/// The content type that headers name.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
