//! Where the road meets the limits: what a call takes before it is sent, and what it has spent in the end.

use super::settling::{End, Settling};
use crate::account;
use crate::engine::Engine;
use crate::exchange::{Exchange, Target};
use crate::held::Spent;
use crate::limit::Pace;
use crate::record::{Attempt, AttemptState};
use crate::refusal::Refusal;
use crate::stage::Stage;
use crate::transport::UpstreamRequest;
use crate::usage::{NanoUsd, Usage, UsageSource};

/// Takes the worst case of a call to target number `step`, or refuses it. What was taken for the target before is given
/// back, and the call itself is counted once: its retries and fallbacks belong to it.
pub(super) async fn admit(engine: &Engine, exchange: &mut Exchange, step: usize) -> Result<(), Refusal> {
    if engine.limits.is_empty() || !engine.stages.on(Stage::Limit) {
        return Ok(());
    }
    engine.limits.move_on(&mut exchange.held, &unanswered(exchange.attempts.last()));
    let (target, at_us) = (&exchange.targets[step], exchange.created_at_us);
    let cost = |usage: &Usage| {
        let custom = target.policy.custom_cost.as_ref();
        let asked = account::Asked { provider: &target.provider.slug, model: &target.model, at_us };
        account::cost(&engine.prices, custom, &asked, usage).cost
    };
    let asks = engine.limits.asks(target, &exchange.held, &cost);
    let taken = engine.limits.take(&asks, target.policy.priority, target, &mut exchange.held).await;
    let passed = taken.map_err(|mut refusal| {
        // A fallback may be refused after the targets before it were asked.
        let sent = if exchange.attempts.is_empty() { "Nothing was sent." } else { "The targets before were asked." };
        refusal.message = format!("{} {sent}", refusal.message);
        refusal
    })?;
    exchange.trail.pass_limits(passed.into_iter());
    Ok(())
}

/// Waits where the provider's own limit would refuse the request, by what it said last.
pub(super) async fn pace<'a>(engine: &'a Engine, target: &Target, request: &UpstreamRequest) -> Option<Pace<'a>> {
    if !engine.stages.on(Stage::Limit) {
        return None;
    }
    engine.quotas.pace(target, &request.headers).await
}

/// What a call has spent that ended so.
pub(super) fn spent(settling: &Settling, end: &End, cost: Option<NanoUsd>) -> Spent {
    match (&end.usage, settling.status) {
        _ if settling.cached => Spent::Nothing,
        // A provider may charge for more than came, so an estimate gives nothing back.
        (Some(usage), _) if usage.source == UsageSource::Estimated => Spent::Unknown,
        (Some(usage), _) => Spent::Told(usage.clone(), cost),
        (None, Some(status)) if status < 400 => Spent::Unknown,
        (None, _) => unanswered(settling.exchange.attempts.last()),
    }
}

/// What a target has spent that gave no good answer. An error costs nothing; where nothing came back, nobody knows.
pub(super) fn unanswered(last: Option<&Attempt>) -> Spent {
    match last {
        Some(attempt) if attempt.state == AttemptState::MaybeProcessed => Spent::Unknown,
        _ => Spent::Nothing,
    }
}
