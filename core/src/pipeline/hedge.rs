//! A second call beside one that does not begin to answer. The first good answer is taken; the other call is let go of, and
//! both are counted, settled and remembered. Which calls are hedged, and how many, is the route's to say.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::admit::{admit, release, unanswered};
use super::aside::{Aside, leave};
use super::attempt::{self, begun};
use super::choose::{Leg, Way};
use super::flight::{self, Flown};
use crate::answer::Answer;
use crate::config::HedgeTo;
use crate::engine::Engine;
use crate::exchange::{Exchange, Target};
use crate::policy::Use;
use crate::record::{Attempt, AttemptState, Failure};
use crate::route::{Candidate, Tries, classify, within};
use crate::transport::{TransportError, UpstreamRequest, UpstreamResponse};

/// Asks target number `step`, and the next one beside it if the first does not begin to answer in time. Gives the number of
/// the target that counts.
pub(super) async fn fly(engine: &Arc<Engine>, exchange: &mut Exchange, way: &mut Way, step: usize) -> (usize, Flown) {
    let mut leg = way.leg(engine, exchange);
    let after = after(engine, &exchange.targets[step]);
    let is_to_next = exchange.targets[step].policy.hedge.to == HedgeTo::Next && way.has_beside(engine, exchange);
    match after {
        Some(after) if is_to_next => Box::pin(beside_next(engine, exchange, way, step, leg, after)).await,
        after => {
            leg.hedge_after = after;
            (step, flight::fly(engine, exchange, step, leg).await)
        }
    }
}

/// After how long without an answer a call to `target` is hedged. Only calls of models are: a second upload is a second file.
fn after(engine: &Engine, target: &Target) -> Option<Duration> {
    let is_of_model = target.request_type().is_some_and(|kind| kind != "files");
    let after = engine.hedges.after(target.policy.hedge, &target.provider.slug, &target.model);
    after.filter(|_| is_of_model)
}

async fn beside_next(
    engine: &Arc<Engine>,
    exchange: &mut Exchange,
    way: &mut Way,
    step: usize,
    leg: Leg,
    after: Duration,
) -> (usize, Flown) {
    let (tried, known) = (exchange.attempts.len(), exchange.trail.limits.len());
    let (target, candidate) = (exchange.targets[step].clone(), leg.candidate.clone());
    let asked_us = engine.clock.monotonic_us();
    let mut aside = Aside::of(engine, exchange);
    let (one, other) = {
        let mut one = pin!(flight::fly(engine, exchange, step, leg));
        if let Some(flown) = within(&engine.clock, Some(after), one.as_mut()).await {
            return (step, flown);
        }
        if engine.hedges.take(&target.provider.slug) {
            let other = pin!(next(engine, aside.exchange(), way));
            let is_good_other =
                |other: &Option<(usize, Flown)>| other.as_ref().is_some_and(|(_, flown)| is_good(flown));
            both(one, other, is_good, is_good_other).await
        } else {
            aside.exchange().trail.notes.push(used_up(&target));
            (Some(one.await), None)
        }
    };
    let mut beside = aside.end();
    leave(engine, exchange);
    let own = std::mem::replace(&mut exchange.trail, std::mem::take(&mut beside.trail));
    // What both passed, in the order in which they did.
    let passed = exchange.trail.limits.split_off(known.min(exchange.trail.limits.len()));
    exchange.trail.limits = own.limits;
    exchange.trail.pass_limits(passed.into_iter());
    exchange.targets = std::mem::take(&mut beside.targets);
    exchange.passed = std::mem::take(&mut beside.passed);
    let other = other.flatten();
    let is_let_go = one.is_none();
    if is_let_go {
        was_slow(engine, &target, candidate.as_deref(), asked_us);
    }
    // The other one counts if it is good, or if it is all there is to go on with.
    let takes_other = match (&one, &other) {
        (Some(one), Some((_, other))) => !is_good(one) && (is_good(other) || matches!(other, Flown::Own(Ok(_)))),
        (one, _) => one.is_none(),
    };
    match (one, other) {
        (_, Some((next, other))) if takes_other => {
            if !is_let_go {
                way.ended(exchange, step, None);
            }
            release(engine, &mut exchange.held);
            engine.limits.move_on(&mut exchange.held, &unanswered(exchange.attempts.last()));
            exchange.attempts.append(&mut beside.attempts);
            exchange.held.go_on_with(beside.held);
            (next, other)
        }
        (one, other) => {
            release(engine, &mut beside.held);
            engine.limits.settle(&mut beside.held, &unanswered(beside.attempts.last()));
            let many = beside.attempts.len();
            exchange.attempts.append(&mut beside.attempts);
            if let Some((next, Flown::Own(Err(refusal)))) = &other {
                way.ended(exchange, *next, Some(refusal));
            }
            // The one that counts stands last.
            exchange.attempts[tried..].rotate_right(many);
            (step, one.expect("where only one has ended, it is the one that is not the other"))
        }
    }
}

/// The target after the one that is slow.
async fn next(engine: &Arc<Engine>, exchange: &mut Exchange, way: &mut Way) -> Option<(usize, Flown)> {
    let step = match way.beside(engine, exchange) {
        Ok(step) => step?,
        Err(refusal) => {
            exchange.trail.notes.push(format!("no other target was asked beside: {}", refusal.message));
            return None;
        }
    };
    let given = engine.cached(&exchange.targets[step]).await;
    if let Some(given) = given.filter(|given| matches!(given.how, Use::Fresh | Use::Stale)) {
        return Some((step, Flown::Hit(given)));
    }
    if exchange.targets[step].policy.cache.only_if_cached() {
        return None;
    }
    let mut leg = way.leg(engine, exchange);
    leg.is_beside = true;
    Some((step, flight::fly(engine, exchange, step, leg).await))
}

fn is_good(flown: &Flown) -> bool {
    match flown {
        Flown::Hit(_) | Flown::Shared(..) => true,
        Flown::Own(reached) => reached.as_ref().is_ok_and(Answer::is_success),
    }
}

fn is_good_head(head: &Result<UpstreamResponse, TransportError>) -> bool {
    head.as_ref().is_ok_and(|head| head.status.as_u16() < 400)
}

/// The head of an answer, and when its request was sent.
pub(super) struct Sent {
    pub(super) head: Result<UpstreamResponse, TransportError>,
    pub(super) sent_us: u64,
}

/// Sends a try, and the same once more beside it if no answer begins in time.
pub(super) async fn send(
    engine: &Engine,
    exchange: &mut Exchange,
    step: usize,
    request: UpstreamRequest,
    tries: &Tries<'_>,
    leg: &Leg,
) -> Sent {
    if let Some(after) = leg.hedge_after {
        return Box::pin(beside_same(engine, exchange, step, request, tries, leg, after)).await;
    }
    let sent_us = engine.clock.monotonic_us();
    Sent { head: attempt::send(engine, exchange, step, request, tries).await, sent_us }
}

async fn beside_same(
    engine: &Engine,
    exchange: &mut Exchange,
    step: usize,
    request: UpstreamRequest,
    tries: &Tries<'_>,
    leg: &Leg,
    after: Duration,
) -> Sent {
    let (target, sent_us) = (exchange.targets[step].clone(), engine.clock.monotonic_us());
    let mut aside = Aside::of(engine, exchange);
    let (one, other) = {
        let again = request.clone();
        let mut one = pin!(attempt::send(engine, exchange, step, request, tries));
        if let Some(head) = within(&engine.clock, Some(after), one.as_mut()).await {
            return Sent { head, sent_us };
        }
        if engine.hedges.take(&target.provider.slug) {
            let number = exchange.attempts.last().map_or(1, |attempt| attempt.number);
            let other = pin!(again_to(engine, aside.exchange(), step, number, again, tries, leg));
            both(one, other, is_good_head, |other| other.as_ref().is_some_and(|sent| is_good_head(&sent.head))).await
        } else {
            aside.exchange().trail.notes.push(used_up(&target));
            (Some(one.await), None)
        }
    };
    let mut beside = aside.end();
    exchange.trail.notes.append(&mut beside.trail.notes.split_off(exchange.trail.notes.len()));
    exchange.trail.pass_limits(beside.trail.limits.split_off(exchange.trail.limits.len()).into_iter());
    let other = other.flatten();
    let is_good_other = other.as_ref().is_some_and(|sent| is_good_head(&sent.head));
    let takes_other = is_good_other && !one.as_ref().is_some_and(is_good_head);
    match (one, other) {
        (one, Some(sent)) if takes_other => {
            leave(engine, exchange);
            match (one, exchange.attempts.last_mut()) {
                (Some(head), Some(attempt)) => tell(attempt, &head),
                _ => was_slow(engine, &target, leg.candidate.as_deref(), sent_us),
            }
            // What the first one took serves the second: it is the same of the same rules.
            release(engine, &mut beside.held);
            engine.limits.settle(&mut beside.held, &unanswered(exchange.attempts.last()));
            exchange.attempts.append(&mut beside.attempts);
            sent
        }
        (one, other) => {
            if let (Some(sent), Some(attempt)) = (&other, beside.attempts.last_mut()) {
                tell(attempt, &sent.head);
            }
            release(engine, &mut beside.held);
            engine.limits.settle(&mut beside.held, &unanswered(beside.attempts.last()));
            // The one that counts stands last.
            let at = exchange.attempts.len().saturating_sub(1);
            exchange.attempts.splice(at..at, beside.attempts);
            Sent { head: one.expect("where only one has ended, it is the one that is not the other"), sent_us }
        }
    }
}

/// The same request once more, if the limits let it pass.
async fn again_to(
    engine: &Engine,
    exchange: &mut Exchange,
    step: usize,
    number: u32,
    request: UpstreamRequest,
    tries: &Tries<'_>,
    leg: &Leg,
) -> Option<Sent> {
    if let Err(refusal) = admit(engine, exchange, step).await {
        exchange.trail.notes.push(format!("not asked once more beside: {}", refusal.message));
        return None;
    }
    let mut attempt = begun(engine, exchange, step, number, 0);
    attempt.hedge = true;
    exchange.attempts.push(attempt);
    let _under_way = leg.candidate.as_ref().map(|candidate| candidate.health.begin());
    let sent_us = engine.clock.monotonic_us();
    Some(Sent { head: attempt::send(engine, exchange, step, request, tries).await, sent_us })
}

/// How a try ended whose answer does not count, by its head alone.
fn tell(attempt: &mut Attempt, head: &Result<UpstreamResponse, TransportError>) {
    match head {
        Ok(head) => {
            attempt.state = AttemptState::Started;
            attempt.status = Some(head.status.as_u16());
            attempt.failure = (head.status.as_u16() >= 400).then(|| classify(head.status, &[]));
            attempt.reason = None;
        }
        Err(failed) => {
            attempt.state = failed.state;
            attempt.failure = Some(Failure::Outage);
            attempt.reason = Some(failed.error.to_string());
        }
    }
}

fn used_up(target: &Target) -> String {
    let slug = &target.provider.slug;
    format!("not asked beside: the calls to {slug} that may be hedged are used up (hedging.budget_percent)")
}

/// What a call that was let go of says of its model: an answer takes longer than this.
fn was_slow(engine: &Engine, target: &Target, candidate: Option<&Candidate>, asked_us: u64) {
    let now_us = engine.clock.monotonic_us();
    let waited_us = now_us.saturating_sub(asked_us);
    engine.hedges.learn(target.policy.hedge, &target.provider.slug, &target.model, waited_us);
    if let Some(candidate) = candidate {
        candidate.health.waited(Duration::from_micros(waited_us), now_us);
    }
}

/// Both, until one has a good end or both have ended.
async fn both<A, B>(
    mut one: Pin<&mut impl Future<Output = A>>,
    mut other: Pin<&mut impl Future<Output = B>>,
    is_good_one: impl Fn(&A) -> bool,
    is_good_other: impl Fn(&B) -> bool,
) -> (Option<A>, Option<B>) {
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(ended) = one.as_mut().poll(cx)
        {
            first = Some(ended);
        }
        if first.as_ref().is_some_and(&is_good_one) {
            return Poll::Ready(());
        }
        if second.is_none()
            && let Poll::Ready(ended) = other.as_mut().poll(cx)
        {
            second = Some(ended);
        }
        let is_over = second.as_ref().is_some_and(&is_good_other) || first.is_some() && second.is_some();
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (first, second)
}
