//! Where the road meets the limits: what a call takes before it is sent, and what it has spent in the end.

use super::settling::{End, Settling};
use crate::account;
use crate::engine::Engine;
use crate::exchange::{Exchange, Target};
use crate::held::{Held, Spent};
use crate::limit::{Pace, most};
use crate::record::{Attempt, AttemptState};
use crate::refusal::Refusal;
use crate::stage::Stage;
use crate::transport::UpstreamRequest;
use crate::usage::{NanoUsd, Usage, UsageSource};

/// Takes the worst case of a call to target number `step`, or refuses it. What was taken for the target before is given
/// back, and the call itself is counted once: its retries and fallbacks belong to it.
pub(super) async fn admit(engine: &Engine, exchange: &mut Exchange, step: usize) -> Result<(), Refusal> {
    if !engine.stages.on(Stage::Limit) {
        return Ok(());
    }
    engine.limits.move_on(&mut exchange.held, &unanswered(exchange.attempts.last()));
    // The target before gave no answer that anybody would pay for.
    release(engine, &mut exchange.held);
    let draws = engine.ledger.is_for(&exchange.targets[step]);
    if engine.limits.is_empty() && !draws {
        return Ok(());
    }
    let (target, at_us) = (&exchange.targets[step], exchange.created_at_us);
    let cost = |usage: &Usage| {
        let custom = target.policy.custom_cost.as_ref();
        let asked = account::Asked { provider: &target.provider.slug, model: &target.model, at_us };
        account::cost(&engine.prices, custom, &asked, usage).cost
    };
    let taken = match engine.limits.asks(target, &exchange.held, &cost) {
        Ok(asks) => engine.limits.take(&asks, target.policy.priority, target, &mut exchange.held).await,
        Err(refusal) => Err(refusal),
    };
    for (_, words) in &exchange.held.alerts {
        if !exchange.trail.notes.contains(words) {
            exchange.trail.notes.push(words.clone());
        }
    }
    let taken = match taken {
        Ok(passed) if draws => match engine.ledger.reserve(target, most(target, &cost)).await {
            Ok(credit) => {
                exchange.held.credit = credit;
                Ok(passed)
            }
            Err(refusal) => {
                engine.limits.undo(&mut exchange.held);
                Err(refusal)
            }
        },
        taken => taken,
    };
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

/// Gives back what a part of a call holds of a wallet whose answer does not count.
pub(super) fn release(engine: &Engine, held: &mut Held) {
    if let Some(credit) = held.credit.take() {
        engine.ledger.settle(credit, Some(0), None);
    }
}

/// Draws on the caller's wallet what a call has cost that ended so. Where nobody tells what an answer cost, it is what was
/// held for it.
pub(super) fn draw(settling: &mut Settling, cost: Option<NanoUsd>) {
    let (engine, id) = (&settling.engine, settling.exchange.id.as_str());
    if !engine.stages.on(Stage::Limit) {
        return;
    }
    let is_good = settling.status.is_some_and(|status| status < 400);
    let cost = match cost.map(NanoUsd::unsigned_abs) {
        _ if settling.cached || settling.unpaid || !is_good => Some(0),
        cost => cost,
    };
    match (settling.exchange.held.credit.take(), settling.exchange.targets.get(settling.step)) {
        (Some(credit), _) => engine.ledger.settle(credit, cost, Some(id)),
        // One who went on with a call that another had begun holds nothing of it.
        (None, Some(target)) if cost.is_some_and(|cost| cost > 0) => {
            if let Some(credit) = engine.ledger.unheld(target) {
                engine.ledger.settle(credit, cost, Some(id));
            }
        }
        (None, _) => {}
    }
}

/// What a target has spent that gave no good answer. An error costs nothing; where nothing came back, nobody knows.
pub(super) fn unanswered(last: Option<&Attempt>) -> Spent {
    match last {
        Some(attempt) if attempt.state == AttemptState::MaybeProcessed => Spent::Unknown,
        _ => Spent::Nothing,
    }
}
