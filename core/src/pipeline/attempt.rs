//! The tries at one target: each is sent, timed, read as far as needed, and remembered.

use std::time::Duration;

use http::{HeaderValue, StatusCode};

use super::admit;
use super::answer;
use super::choose::Leg;
use super::hedge::{self, Sent};
use super::prepare::prepare;
use crate::answer::{Answer, Content, Whole};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::exchange::Exchange;
use crate::headers::response as name;
use crate::keys::Lent;
use crate::record::{Attempt, AttemptState, Failure};
use crate::refusal::{Refusal, code};
use crate::route::{self, Ending, Tries, within};
use crate::stage::Stage;
use crate::transport::{TransportError, UpstreamRequest, UpstreamResponse, watch};

/// Tries target number `step` until it answers well or its tries are used up. An error is a call that got no answer.
pub(super) async fn attempt(
    engine: &Engine,
    exchange: &mut Exchange,
    step: usize,
    leg: &Leg,
) -> Result<Answer, Refusal> {
    let target = exchange.targets[step].clone();
    let mut turn = engine.key_turn(&target);
    let lent = match &turn {
        Some(turn) => Some(Lent::of_pool(turn.key().clone())),
        None => engine.lent_key(&target).await.map_err(|error| no_answer(exchange, step, error))?,
    };
    let (request, reading) = prepare(engine, &target, exchange.deadlines, lent.as_ref())?;
    engine.retries.count(&target.provider.slug);
    if target.policy.hedge.after.is_some() && !leg.is_beside {
        engine.hedges.count(&target.provider.slug);
    }
    let mut request = Some(request);
    let timeout = target.policy.timeout.filter(|_| engine.stages.on(Stage::Timeout));
    let mut tries = Tries::new(&target.policy.retry, timeout, !leg.is_last);
    let mut pause_us = 0;
    loop {
        let number = tries.begin();
        let begun = begun(engine, exchange, step, number, pause_us);
        exchange.attempts.push(Attempt { hedge: leg.is_beside, ..begun });
        let sending = if tries.is_last() && turn.is_none() { request.take() } else { request.clone() };
        let sending = sending.expect("only the last try takes the request");
        let under_way = leg.candidate.as_ref().map(|candidate| candidate.health.begin());
        let Sent { head, sent_us } = hedge::send(engine, exchange, step, sending, &tries, leg).await;
        let first_byte_us = engine.clock.monotonic_us();
        let read = match head {
            Ok(head) => answer::read(engine, exchange, step, &reading, head).await,
            Err(error) => Err(error),
        };
        let attempt = exchange.attempts.last_mut().expect("this try was added above");
        attempt.duration_us = first_byte_us - sent_us;
        tell(attempt, &read, leg.minds_refusals);
        if let (Some(turn), Ok(answer)) = (&mut turn, &read)
            && let Some((told, again)) =
                turn.after(answer.status, asked_wait(engine, answer), engine.clock.monotonic_us())
        {
            attempt.reason = Some(told);
            if again && let Some(request) = &mut request {
                target.provider.lend(&mut request.headers, turn.key());
                tries.forgive();
                pause_us = 0;
                continue;
            }
        }
        leg.learn(engine, attempt.failure, attempt.duration_us);
        if let (Some(lent), Ok(answer)) = (&lent, &read)
            && answer.status == StatusCode::UNAUTHORIZED
        {
            lent.forget(&target.provider.slug);
        }
        let again = again(engine, exchange, &tries, &read);
        match (read, again) {
            (Ok(answer), _) if answer.is_success() => {
                let took_us = first_byte_us - sent_us;
                engine.hedges.learn(target.policy.hedge, &target.provider.slug, &target.model, took_us);
                return Ok(answer.accompanied(under_way));
            }
            (Ok(answer), None) => return Ok(answer.final_failure(tries_were_asked(exchange, step))),
            (Err(failed), None) => return Err(no_answer(exchange, step, failed.error)),
            (_, Some(delay)) => {
                pause_us = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
                route::pause(&engine.clock, delay).await;
            }
        }
    }
}

/// A try as it is remembered from its start on: a caller that lets go in the middle may have been answered already.
pub(super) fn begun(engine: &Engine, exchange: &Exchange, step: usize, number: u32, waited_us: u64) -> Attempt {
    let target = &exchange.targets[step];
    Attempt {
        step: u32::try_from(step).unwrap_or(u32::MAX),
        number,
        provider: target.provider.slug.clone(),
        model: target.model.clone(),
        state: AttemptState::MaybeProcessed,
        status: None,
        reason: None,
        failure: None,
        duration_us: 0,
        waited_us,
        began_us: engine.clock.monotonic_us().saturating_sub(exchange.started_us),
        hedge: false,
    }
}

fn tell(attempt: &mut Attempt, read: &Result<Answer, TransportError>, minds_refusals: bool) {
    match read {
        Ok(answer) => {
            attempt.state = AttemptState::Started;
            attempt.status = Some(answer.status.as_u16());
            attempt.failure = match &answer.content {
                Content::Whole(Whole { body, .. }) if !answer.is_success() => {
                    Some(route::classify(answer.status, body))
                }
                Content::Stream { .. } if !answer.is_success() => Some(route::classify(answer.status, &[])),
                Content::Whole(Whole { body, .. }) if minds_refusals && route::is_refusal(body) => {
                    Some(Failure::Refusal)
                }
                _ => None,
            };
        }
        Err(failed) => {
            attempt.state = failed.state;
            attempt.reason = Some(failed.error.to_string());
            attempt.failure = Some(Failure::Outage);
        }
    }
}

/// How long to wait before another try, or `None` if there is no point in one, no time for it, or no budget.
fn again(
    engine: &Engine,
    exchange: &Exchange,
    tries: &Tries<'_>,
    read: &Result<Answer, TransportError>,
) -> Option<Duration> {
    let (ending, retry_after) = match read {
        Ok(answer) if answer.is_success() => return None,
        Ok(answer) => (Ending::Status(answer.status), asked_wait(engine, answer)),
        Err(failed) if failed.error.kind().retryable() => (Ending::Lost(failed.state), None),
        Err(_) => return None,
    };
    let delay = tries.next_after(ending, retry_after, || engine.chance()).filter(|_| engine.stages.on(Stage::Retry))?;
    let in_time = exchange.left(engine.clock.monotonic_us()).is_none_or(|left| delay < left);
    let provider = &exchange.attempts.last()?.provider;
    (in_time && engine.retries.take(provider)).then_some(delay)
}

/// How long the provider asks to wait.
fn asked_wait(engine: &Engine, answer: &Answer) -> Option<Duration> {
    route::retry_after(&answer.headers, engine.clock.now_us())
}

pub(super) async fn send(
    engine: &Engine,
    exchange: &Exchange,
    step: usize,
    request: UpstreamRequest,
    tries: &Tries<'_>,
) -> Result<UpstreamResponse, TransportError> {
    let deadlines = request.deadlines;
    let pace = admit::pace(engine, &exchange.targets[step], &request).await;
    let limit = tries.first_byte(&deadlines);
    let Some(answer) =
        within(&engine.clock, limit, engine.transport_to(&exchange.targets[step].provider).send(request)).await
    else {
        let (state, error) = route::timed_out(limit.unwrap_or_default());
        return Err(TransportError { state, error });
    };
    let mut answer = answer?;
    if let Some(pace) = pace {
        pace.learn(answer.status, &answer.headers);
    }
    // Those who share an answer have each their own time; see `Passing`.
    let own = deadlines.read.filter(|_| !exchange.is_shared);
    let between = own.or(engine.config.timeouts.between_chunks());
    let left = exchange.left(engine.clock.monotonic_us());
    answer.body = watch(answer.body, between, left, &engine.clock);
    Ok(answer)
}

fn tries_were_asked(exchange: &Exchange, step: usize) -> bool {
    exchange.targets[step].policy.retry.max_attempts > 1
}

/// Nobody answered. A list of targets fails as on the reference; a single call tells a timeout from a broken way.
pub(super) fn no_answer(exchange: &Exchange, step: usize, error: Error) -> Refusal {
    let status = match error.kind() {
        _ if exchange.universal => StatusCode::BAD_REQUEST,
        ErrorKind::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Timeout | ErrorKind::ConnectTimeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    let mut refusal = Refusal::new(status, code::NO_ANSWER, format!("Failed to get response from provider: {error}"));
    refusal.failure = Some(error);
    if tries_were_asked(exchange, step) {
        refusal.headers.push((name::SHOULD_RETRY, HeaderValue::from_static("false")));
    }
    refusal
}
