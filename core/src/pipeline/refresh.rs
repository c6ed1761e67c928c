//! An answer that is made new behind the back of a caller who was given a stale one.

use std::sync::Arc;

use super::choose::Leg;
use super::flight::{Flown, fly};
use super::settle::Open;
use super::{Outcome, out_of_time};
use crate::cache::Refresh;
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::route::within;

/// Begins to make the answer of target number `step` new, if nobody does. It has a log of its own, and closing the gateway
/// waits for it.
pub(super) fn begin(engine: &Arc<Engine>, exchange: &Exchange, step: usize) {
    let target = exchange.targets[step].clone();
    let Some(refresh) = engine.refresh(&target) else { return };
    let now = (engine.clock.now_us(), engine.clock.monotonic_us());
    let mut exchange = exchange.for_refresh(engine.new_id(), now, target);
    exchange.trail.notes.push("the kept answer was over its time, and is made new in the background".to_owned());
    // Without a thread it stays stale until it is fetched in the usual way.
    if let Ok(handle) = engine.background.handle() {
        handle.spawn(make(engine.clone(), exchange, refresh));
    }
}

async fn make(engine: Arc<Engine>, exchange: Exchange, _under_way: Refresh) {
    let total = exchange.total;
    let mut open = Open::new(engine.clone(), exchange);
    let flown = within(&engine.clock, total, fly(&engine, open.exchange(), 0, Leg::alone())).await;
    let outcome = match flown {
        Some(Flown::Hit(given)) => Outcome::Hit(0, given),
        Some(Flown::Shared(head, member)) => Outcome::Shared(0, head, member),
        Some(Flown::Own(Ok(answer))) => Outcome::Answered(0, answer, None),
        Some(Flown::Own(Err(refusal))) => Outcome::Refused(refusal),
        None => out_of_time(total),
    };
    let mut response = open.settle(outcome);
    // A stream is kept when it has been read to its end.
    while let Some(Ok(_)) = response.body.next().await {}
}
