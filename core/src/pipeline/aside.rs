//! A part of a call that runs beside the call's own way. What it has tried and taken comes back to the call, however it ends.

use std::sync::PoisonError;

use super::admit::{release, unanswered};
use super::attempt::begun;
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::record::{Attempt, AttemptState};

/// The part, with an exchange of its own. Dropped in the middle, it settles what it took and leaves its tries to the call.
pub(super) struct Aside<'a> {
    engine: &'a Engine,
    exchange: Option<Exchange>,
}

impl<'a> Aside<'a> {
    pub(super) fn of(engine: &'a Engine, exchange: &Exchange) -> Self {
        let held = engine.limits.counted(&exchange.held);
        Self { engine, exchange: Some(exchange.beside(held)) }
    }

    pub(super) fn exchange(&mut self) -> &mut Exchange {
        self.exchange.as_mut().expect("it is taken only at its end, which consumes self")
    }

    /// Its end: what it tried and took is the caller's now.
    pub(super) fn end(mut self) -> Exchange {
        let mut exchange = self.exchange.take().expect("it ends once, since that consumes it");
        leave(self.engine, &mut exchange);
        exchange
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        let Some(mut exchange) = self.exchange.take() else { return };
        leave(self.engine, &mut exchange);
        release(self.engine, &mut exchange.held);
        self.engine.limits.settle(&mut exchange.held, &unanswered(exchange.attempts.last()));
        exchange.let_go.lock().unwrap_or_else(PoisonError::into_inner).append(&mut exchange.attempts);
    }
}

/// Takes note that a try which has no answer is not waited for any more.
pub(super) fn leave(engine: &Engine, exchange: &mut Exchange) {
    if let Some(step) = exchange.flying.take() {
        // It goes on with those who share it, if there are any.
        exchange.attempts.push(begun(engine, exchange, step, 1, 0));
    }
    let now_us = engine.clock.monotonic_us().saturating_sub(exchange.started_us);
    if let Some(attempt) = exchange.attempts.last_mut().filter(|attempt| is_under_way(attempt)) {
        attempt.duration_us = now_us.saturating_sub(attempt.began_us);
        attempt.reason = Some("let go of: another call had answered, or nobody waited any more".to_owned());
    }
}

fn is_under_way(attempt: &Attempt) -> bool {
    attempt.state == AttemptState::MaybeProcessed && attempt.reason.is_none() && attempt.failure.is_none()
}
