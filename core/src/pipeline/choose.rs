//! The targets of a call, one after the other: those of the caller's own list, or those that a route leads to.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::resolve::chat;
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::policy::Policy;
use crate::record::Failure;
use crate::refusal::{Refusal, code};
use crate::route::{Breaker, Candidate, Course, Here, Question};
use crate::stage::Stage;

/// The way of a call from target to target.
pub(super) struct Way {
    next: usize,
    course: Option<Course>,
    /// The one that the route has led to.
    candidate: Option<Arc<Candidate>>,
}

impl Way {
    pub(super) fn of(engine: &Engine, exchange: &mut Exchange) -> Self {
        if let Some(asked) = &exchange.asked {
            exchange.trail.notes.extend(engine.refresh_route(&asked.route));
        }
        let route = exchange.asked.as_ref().and_then(|asked| engine.routes.get(&asked.route));
        if let Some(route) = &route {
            exchange.trail.route = Some(route.name.clone());
            exchange.trail.version = Some(route.version);
        }
        Self { next: 0, course: route.map(Course::new), candidate: None }
    }

    /// The index of the next target, or `None` if there is no other.
    pub(super) fn next(&mut self, engine: &Engine, exchange: &mut Exchange) -> Result<Option<usize>, Refusal> {
        let step = self.next;
        if step > 0 && !engine.stages.on(Stage::Fallback) {
            return Ok(None);
        }
        if let Some(course) = &mut self.course {
            self.candidate = ask(engine, exchange, course);
            let Some(candidate) = &self.candidate else { return Ok(None) };
            let Some(asked) = &exchange.asked else { return Ok(None) };
            let policy = policy(engine, exchange, course);
            let (provider, model) = (&candidate.provider, &candidate.model);
            let (headers, how) = (asked.headers.clone(), (asked.stream, asked.dialect));
            let target = chat::of_model(policy, headers, &asked.body, how, provider, model)?;
            exchange.targets.push(target.into());
        }
        self.next += 1;
        Ok((step < exchange.targets.len()).then_some(step))
    }

    /// Says how the target of this index ended: with its last try, or by a `refusal` before it was asked.
    pub(super) fn ended(&mut self, exchange: &mut Exchange, step: usize, refusal: Option<&Refusal>) {
        let Some(course) = self.course.as_mut().filter(|_| !exchange.succeeded()) else { return };
        if let Some(attempt) = exchange.attempts.last().filter(|attempt| attempt.step as usize == step) {
            course.failed(attempt.failure.unwrap_or(Failure::Outage), &mut exchange.trail);
        } else {
            // It was never sent: this provider cannot be asked this, and another one may be.
            let target = &exchange.targets[step];
            let reason = refusal.map_or("it could not be asked", |refusal| &refusal.message);
            exchange.trail.skip(&target.provider.slug, &target.model, reason, exchange.attempts.len());
        }
    }

    /// Whether another target would be asked after an outage.
    pub(super) fn has_beside(&self, engine: &Engine, exchange: &Exchange) -> bool {
        let has_next = match &self.course {
            Some(course) => !course.is_last() && course.goes_on_after(Failure::Outage),
            None => self.next < exchange.targets.len(),
        };
        has_next && engine.stages.on(Stage::Fallback)
    }

    /// The index of the target to be asked beside the one that was led to, as after an outage.
    pub(super) fn beside(&mut self, engine: &Engine, exchange: &mut Exchange) -> Result<Option<usize>, Refusal> {
        if let Some(course) = &mut self.course {
            course.failed(Failure::Outage, &mut exchange.trail);
        }
        self.next(engine, exchange)
    }

    /// How the target that was led to is to be asked.
    pub(super) fn leg(&self, engine: &Engine, exchange: &Exchange) -> Leg {
        let no_more = self.course.as_ref().map_or(self.next >= exchange.targets.len(), Course::is_last);
        Leg {
            is_last: no_more || !engine.stages.on(Stage::Fallback),
            candidate: self.candidate.clone(),
            minds_refusals: self.course.as_ref().is_some_and(|course| course.route.minds_refusals()),
            looks_near: true,
            breaker: self.course.as_ref().map(|course| course.route.breaker),
            hedge_after: None,
            is_beside: false,
        }
    }
}

/// What the tries at one target need to know of the way.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub(super) struct Leg {
    /// Whether no other target can follow.
    pub(super) is_last: bool,
    pub(super) candidate: Option<Arc<Candidate>>,
    /// Whether an answer that refuses the content is a failure here.
    pub(super) minds_refusals: bool,
    /// Whether the answer to a question that means the same will do.
    pub(super) looks_near: bool,
    breaker: Option<Breaker>,
    /// After how long without an answer the same target is asked once more.
    pub(super) hedge_after: Option<Duration>,
    /// Whether it is asked beside another one, which does not begin to answer.
    pub(super) is_beside: bool,
}

impl Leg {
    /// Of a call that has one target and no way to another.
    pub(super) fn alone() -> Self {
        Self {
            is_last: true,
            candidate: None,
            minds_refusals: false,
            looks_near: false,
            breaker: None,
            hedge_after: None,
            is_beside: false,
        }
    }

    /// Tells the one that was asked how it did, for the calls that come.
    pub(super) fn learn(&self, engine: &Engine, failure: Option<Failure>, took_us: u64) {
        let (Some(candidate), Some(breaker)) = (&self.candidate, self.breaker) else { return };
        let now_us = engine.clock.monotonic_us();
        match failure {
            None => candidate.health.answered(Duration::from_micros(took_us), now_us),
            Some(Failure::Outage | Failure::RateLimit) => candidate.health.failed(breaker, now_us),
            Some(_) => {}
        }
    }
}

/// What holds for a call, under what its route says of time and tries. What the caller says goes before both.
fn policy(engine: &Engine, exchange: &Exchange, course: &Course) -> Arc<Policy> {
    let (policy, defaults) = (&exchange.policy, &engine.defaults);
    let (timeout, tries) = course.settings();
    let timeout = timeout.filter(|_| policy.timeout == defaults.timeout);
    let tries = tries.filter(|_| policy.retry.max_attempts == defaults.retry.max_attempts);
    let hedge_after = course.route.hedge_after.filter(|_| policy.hedge == defaults.hedge);
    if timeout.is_none() && tries.is_none() && hedge_after.is_none() {
        return policy.clone();
    }
    let mut own = Policy::clone(policy);
    own.timeout = timeout.or(own.timeout);
    own.hedge = hedge_after.map_or(own.hedge, |after| own.hedge.named(after));
    own.retry.max_attempts = tries.unwrap_or(own.retry.max_attempts);
    Arc::new(own)
}

fn ask(engine: &Engine, exchange: &mut Exchange, course: &mut Course) -> Option<Arc<Candidate>> {
    let asked = exchange.asked.as_ref()?;
    let question = Question {
        body: &asked.body,
        headers: &asked.headers,
        metadata: &exchange.policy.metadata,
        count: &count,
        json: OnceCell::new(),
    };
    let here = Here {
        question: &question,
        now_us: engine.clock.monotonic_us(),
        wall_us: engine.clock.now_us(),
        chance: &|| engine.chance(),
        tries: exchange.attempts.len(),
    };
    let candidate = course.next(&here, &mut exchange.trail);
    exchange.passed.append(&mut course.passed);
    candidate
}

/// How many tokens messages have for a model; `None` where nobody can tell.
#[cfg(feature = "tokens")]
fn count(model: &str, messages: &serde_json::Value) -> Option<u64> {
    let input = crate::account::TokenInput::from_json(messages).ok()?;
    Some(crate::account::count_tokens(model, &input).ok()?.tokens)
}

#[cfg(not(feature = "tokens"))]
fn count(_: &str, _: &serde_json::Value) -> Option<u64> {
    None
}

/// Nobody was asked: the targets were skipped, each for its reason.
pub(super) fn nobody(exchange: &Exchange, way: &Way) -> Refusal {
    let Some(route) = &exchange.trail.route else {
        return Refusal::bad(code::BAD_PARAMETER, "body", "the list of targets is empty");
    };
    let skipped = exchange.trail.skipped.iter();
    let reasons: Vec<_> = skipped.map(|one| format!("{}/{}: {}", one.provider, one.model, one.reason)).collect();
    let reasons = if reasons.is_empty() { "it leads to no model".to_owned() } else { reasons.join("; ") };
    if way.course.as_ref().is_some_and(|course| course.is_over_limit) {
        let notes = exchange.trail.notes.join("; ");
        let message = format!("Rate limited: {notes} (route {route:?}). Nothing was sent.");
        return Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::RATE_LIMITED, message);
    }
    let message =
        format!("Failed to get response from provider: no model of route {route:?} can answer this: {reasons}");
    Refusal::new(StatusCode::BAD_REQUEST, code::NO_ANSWER, message)
}
