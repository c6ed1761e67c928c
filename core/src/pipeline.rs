//! The road that every call walks, once, in this order:
//!
//! resolve → cache → limit → route → prepare → transport → settle
//!
//! It never goes back. Two short cuts lead to the end: an answer from the cache, and a refusal. Once a byte of an answer
//! has reached the caller there is no other try and no fallback.

mod admit;
mod answer;
mod aside;
mod attempt;
mod choose;
mod flight;
mod hedge;
mod hold;
mod metered;
mod near;
mod passing;
mod prepare;
mod refresh;
mod resolve;
mod resume;
mod settle;
mod settling;
mod shown;
mod splice;
mod trail;
mod why;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use self::choose::Way;
use self::flight::Flown;
#[cfg(feature = "testing")]
pub(crate) use self::resolve::resolve;
use self::settle::Open;
pub(crate) use self::why::why_miss;
use crate::answer::{Answer, Head, Shared};
use crate::cache::{Given, Member, Miss};
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::message::{Request, Response};
use crate::policy::Use;
use crate::refusal::Refusal;
use crate::route::within;

/// Walks the road.
pub(crate) async fn handle(engine: Arc<Engine>, request: Request) -> Response {
    let (exchange, resolved) = resolve::resolve(&engine, request);
    // From here on the call is in the log however it ends, also when the caller lets go of it in the middle.
    let mut open = Open::new(engine.clone(), exchange);
    let outcome = match resolved {
        Ok(()) => in_time(&engine, open.exchange()).await,
        Err(refusal) => Outcome::Refused(refusal),
    };
    open.settle(outcome)
}

/// How a call came to its answer.
enum Outcome {
    /// From the cache, for the target of this index.
    Hit(usize, Given),
    /// Together with others, from the provider of the target of this index.
    Shared(usize, Arc<Head>, Member<Shared>),
    /// From the provider of the target of this index; and the rest of the way, for a stream that breaks.
    Answered(usize, Answer, Option<Box<Way>>),
    /// From nobody.
    Refused(Refusal),
}

impl Outcome {
    /// Whether nobody could answer, though somebody should have.
    fn is_outage(&self) -> bool {
        let is_outage = |status: StatusCode| status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        match self {
            Self::Answered(_, answer, _) => is_outage(answer.status),
            Self::Refused(refusal) => is_outage(refusal.status) || refusal.failure.is_some(),
            Self::Hit(..) | Self::Shared(..) => false,
        }
    }
}

/// The walk within the time that the call has in all. If it comes to nothing, a stale answer is better, where one may be
/// given.
async fn in_time(engine: &Arc<Engine>, exchange: &mut Exchange) -> Outcome {
    let (total, mut spare) = (exchange.total, None);
    let walked = within(&engine.clock, total, walk(engine, exchange, &mut spare)).await;
    let outcome = walked.unwrap_or_else(|| out_of_time(total));
    match spare {
        Some((step, given)) if outcome.is_outage() => Outcome::Hit(step, given),
        _ => outcome,
    }
}

fn out_of_time(total: Option<Duration>) -> Outcome {
    Outcome::Refused(Refusal::out_of_time(total.unwrap_or_default()))
}

async fn walk(engine: &Arc<Engine>, exchange: &mut Exchange, spare: &mut Option<(usize, Given)>) -> Outcome {
    let (mut answered, mut refused) = (None, None);
    let mut way = Way::of(engine, exchange);
    loop {
        let step = match way.next(engine, exchange) {
            Ok(Some(step)) => step,
            Ok(None) => break,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        match engine.cached(&exchange.targets[step]).await {
            Some(given) if given.how == Use::IfError => {
                exchange.trail.missed(Miss::Stale.word());
                *spare = spare.take().or(Some((step, given)));
            }
            Some(given) => {
                if given.how == Use::WhileRevalidating {
                    refresh::begin(engine, exchange, step);
                }
                return Outcome::Hit(step, given);
            }
            None => exchange.trail.missed(engine.miss(&exchange.targets[step]).word()),
        }
        if exchange.targets[step].policy.cache.only_if_cached() {
            let refusal = Refusal::not_cached();
            way.ended(exchange, step, Some(&refusal));
            // It was not asked, so nothing has failed.
            (refused, *spare) = (Some(Outcome::Refused(refusal)), None);
            continue;
        }
        let (step, flown) = hedge::fly(engine, exchange, &mut way, step).await;
        let answer = match flown {
            Flown::Hit(given) => return Outcome::Hit(step, given),
            Flown::Shared(head, member) => return Outcome::Shared(step, head, member),
            Flown::Own(reached) => reached,
        };
        way.ended(exchange, step, answer.as_ref().err());
        match answer {
            Ok(answer) if exchange.succeeded() => return Outcome::Answered(step, answer, Some(Box::new(way))),
            Ok(answer) => answered = Some(Outcome::Answered(step, answer, None)),
            Err(refusal) => refused = Some(Outcome::Refused(refusal)),
        }
    }
    answered.or(refused).unwrap_or_else(|| Outcome::Refused(choose::nobody(exchange, &way)))
}
