//! What may go out, and when. A call takes the worst case of every rule before it is sent, all of them or none, and
//! settles with what it really used when it has ended. The cache stands before the limit: a hit takes nothing.

mod book;
mod budget;
mod estimate;
mod memory;
mod period;
mod queue;
mod quota;
mod refused;
mod rule;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod shared;
mod standings;
mod store;
mod window;

use std::sync::Arc;
use std::time::Duration;

use self::book::Book;
pub use self::budget::{BudgetReport, BudgetState};
use self::budget::{Price, used_percent};
use self::estimate::Worst;
pub(crate) use self::estimate::max_output;
use self::memory::Memory;
use self::queue::{Queue, Ticket};
pub(crate) use self::quota::{Pace, Quotas};
use self::refused::Refused;
use self::rule::Rule;
use self::store::{Ask, Change, Full, LimitStore, Taken};
use self::window::Room;
use crate::clock::Clock;
use crate::config::{Config, Count};
use crate::exchange::Target;
use crate::held::{Held, Spent, Standing, Take};
use crate::record::Passed;
use crate::refusal::Refusal;
use crate::store::StoreHealth;
use crate::usage::{NanoUsd, Usage};

/// What a target's usage would cost, where its price is known.
pub(crate) type Cost<'a> = &'a dyn Fn(&Usage) -> Option<NanoUsd>;

/// How long a call waits for a server that it shares counts with.
#[cfg(feature = "redis")]
const SERVER_WITHIN: Duration = Duration::from_millis(250);

/// The rules of one gateway, and what they have counted.
pub(crate) struct Limits {
    rules: Vec<Rule>,
    store: Box<dyn LimitStore>,
    queue: Queue,
    book: Book,
    clock: Arc<dyn Clock>,
}

impl Limits {
    /// Limits that count where the configuration says.
    pub(crate) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let rules = Rule::all(config);
        let store = place(config, &rules);
        Self { rules, store, queue: Queue::default(), book: Book::default(), clock }
    }

    /// How the place is doing that processes share, if there is one.
    pub(crate) fn health(&self) -> Option<StoreHealth> {
        self.store.health()
    }

    /// Lets go of what must not be carried through a fork. Says whether it was done within `budget`.
    pub(crate) fn release(&self, budget: Duration) -> bool {
        self.store.release(budget)
    }

    /// Does what is still to be done, within `budget`.
    pub(crate) fn close(&self, budget: Duration) {
        self.store.close(budget);
    }

    /// Whether nothing is limited.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What a call to `target` takes of each rule that is for it, besides what `held` has of it already; or why a budget
    /// has no room for it, whatever was spent.
    pub(crate) fn asks(&self, target: &Target, held: &Held, cost: Cost<'_>) -> Result<Vec<Ask>, Refusal> {
        let now_us = self.clock.now_us();
        let mut worst = None;
        let mut asks = Vec::with_capacity(self.rules.len());
        for (index, rule) in self.rules.iter().enumerate() {
            let Some(key) = rule.key(target, now_us) else { continue };
            if held.takes.iter().any(|take| take.rule == index && take.key == key) {
                continue;
            }
            if let Some(budget) = &rule.budget {
                let ask = |amount, observed| Ask { rule: index, key, amount, observed, ends_us: rule.ends_us(now_us) };
                match budget::Budget::price(target, rule.terms.limit, cost) {
                    Price::Free => {}
                    Price::AtMost(amount) => asks.push(ask(amount, rule.observe)),
                    Price::Unknown if budget.passes_unpriced() => asks.push(ask(0, true)),
                    Price::Unknown => return Err(refused::unpriced(rule, target)),
                }
                continue;
            }
            let amount = match rule.count {
                Count::Requests | Count::Concurrency => 1,
                counted => {
                    let worst = worst.get_or_insert_with(|| Worst::of(target));
                    worst.within(rule.terms.limit, |usage| amount_of(counted, usage, cost(usage)).unwrap_or(0))
                }
            };
            asks.push(Ask { rule: index, key, amount, observed: rule.observe, ends_us: None });
        }
        Ok(asks)
    }

    /// Takes what is asked for, now or when it is this call's turn, and says of which rules. Those with a higher `priority` go first.
    pub(crate) async fn take(
        &self,
        asks: &[Ask],
        priority: u8,
        target: &Target,
        held: &mut Held,
    ) -> Result<Vec<Passed>, Refusal> {
        let started_us = self.clock.monotonic_us();
        let mut ticket: Option<Ticket<'_>> = None;
        loop {
            let now_us = self.clock.now_us();
            // Who comes later does not overtake those who wait for the same.
            let behind = match &ticket {
                None => self.queue.line_before(asks, priority),
                Some(ticket) if ticket.is_first() => None,
                Some(ticket) => asks.iter().position(|ask| ticket.is_of(ask)),
            };
            let full = match behind {
                Some(which) => {
                    Full { which, room: Room::WhenGivenBack, used: self.rules[asks[which].rule].terms.limit }
                }
                None => match self.store.take(asks, now_us).await {
                    Ok(taken) => {
                        self.hold(asks, &taken, target, held);
                        let waited_us = self.clock.monotonic_us() - started_us;
                        let passed = asks.iter().zip(&taken).map(|(ask, taken)| {
                            let rule = &self.rules[ask.rule];
                            let (path, allows) = (rule.path.clone(), rule.what());
                            Passed { rule: path, allows, took: ask.amount, waited_us, observed: taken.over }
                        });
                        return Ok(passed.collect());
                    }
                    Err(full) => full,
                },
            };
            let waited = Duration::from_micros(self.clock.monotonic_us() - started_us);
            let ask = &asks[full.which];
            let rule = &self.rules[ask.rule];
            let Some(left) =
                rule.max_wait.map(|max| max.saturating_sub(waited)).filter(|left| can_wait(rule, full, *left))
            else {
                let reserved = self.book.reserved(ask.key);
                return Err(Refused { rule, ask, full, waited, now_us, reserved }.refusal(target));
            };
            let ticket = match ticket.take().filter(|ticket| ticket.is_of(ask)) {
                Some(same) => ticket.insert(same),
                None => ticket.insert(self.queue.join(ask, priority)),
            };
            ticket.turn(&self.clock, full.room, left, self.store.look_again()).await;
        }
    }

    fn hold(&self, asks: &[Ask], taken: &[Taken], target: &Target, held: &mut Held) {
        let mut nearest: Option<(f64, Standing)> = None;
        for (ask, taken) in asks.iter().zip(taken) {
            let rule = &self.rules[ask.rule];
            self.enter(ask, taken, target, held);
            held.takes.push(Take { rule: ask.rule, key: ask.key, amount: ask.amount, at_us: taken.at_us });
            if taken.over {
                held.observed.push(ask.rule);
            }
            if rule.observe || rule.count == Count::Concurrency {
                continue;
            }
            let limit = rule.terms.limit;
            let remaining = limit.saturating_sub(taken.used);
            #[expect(clippy::cast_precision_loss, reason = "only to see which is nearer")]
            let part = remaining as f64 / limit as f64;
            if nearest.is_none_or(|(least, _)| part < least) {
                let is_money = rule.count == Count::Cost;
                nearest = Some((part, Standing { limit, remaining, reset_us: taken.reset_us, is_money }));
            }
        }
        held.standing = nearest.map(|(_, standing)| standing).or(held.standing);
    }

    /// Gives back what a call holds and did not use. What it was counted as stays counted.
    pub(crate) fn settle(&self, held: &mut Held, spent: &Spent) {
        let changes: Vec<_> = held.takes.iter().filter_map(|take| self.change(take, spent)).collect();
        held.takes.drain(..).for_each(|take| self.leave(&take, spent));
        self.apply(changes);
    }

    /// Gives back everything, as if the call had never been counted.
    pub(crate) fn undo(&self, held: &mut Held) {
        let back =
            |take: &Take| Change { rule: take.rule, key: take.key, at_us: take.at_us, taken: take.amount, used: 0 };
        let changes = held.takes.iter().map(back).collect();
        held.takes.drain(..).for_each(|take| self.leave(&take, &Spent::Nothing));
        self.apply(changes);
    }

    /// Gives back what the target before used not, since another one is asked now. The call itself is still the same one,
    /// so it is not counted again where it would be in the same count.
    pub(crate) fn move_on(&self, held: &mut Held, spent: &Spent) {
        let changes: Vec<_> = held.takes.iter().filter_map(|take| self.change(take, spent)).collect();
        held.takes.retain(|take| {
            self.leave(take, spent);
            self.rules[take.rule].count == Count::Requests
        });
        self.apply(changes);
    }

    /// What a part of a call that runs beside it holds from the start: the call itself, which is counted once.
    pub(crate) fn counted(&self, held: &Held) -> Held {
        let is_call = |take: &&Take| self.rules[take.rule].count == Count::Requests;
        Held { takes: held.takes.iter().filter(is_call).copied().collect(), ..Held::default() }
    }

    fn change(&self, take: &Take, spent: &Spent) -> Option<Change> {
        let used = used(self.rules[take.rule].count, spent)?;
        (used != take.amount).then_some(Change {
            rule: take.rule,
            key: take.key,
            at_us: take.at_us,
            taken: take.amount,
            used,
        })
    }

    fn apply(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let lines: Vec<_> = changes.iter().map(|change| (change.rule, change.key)).collect();
        self.store.settle(changes, self.clock.now_us());
        for line in lines {
            self.queue.wake(line);
        }
    }

    /// The names of the rules that would have held a call back.
    pub(crate) fn observed(&self, held: &Held) -> Option<String> {
        let names: Vec<_> = held.observed.iter().map(|rule| self.rules[*rule].path.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// Where the counts are kept. What the configuration cannot mean was refused when it was read.
#[cfg_attr(
    not(any(feature = "redis", feature = "sqlite")),
    expect(unused_variables, reason = "a build without shared stores counts in memory, whatever is configured")
)]
fn place(config: &Config, rules: &[Rule]) -> Box<dyn LimitStore> {
    let terms = || rules.iter().map(|rule| rule.terms);
    #[cfg(feature = "sqlite")]
    if let Some(path) = config.limits.path.as_ref().filter(|_| !rules.is_empty()) {
        return Box::new(shared::Shared::new(shared::File::new(path, terms()), terms()));
    }
    #[cfg(feature = "redis")]
    if let Some(url) = config.limits.redis.as_ref().filter(|_| !rules.is_empty())
        && let Ok(redis) = crate::store::Redis::new(url, SERVER_WITHIN, Arc::default())
    {
        return Box::new(shared::Shared::new(shared::Server::new(redis, &config.id, terms()), terms()));
    }
    Box::new(Memory::new(terms()))
}

/// What a call to `target` may cost at most in billionths of a dollar; `None` where nobody can say.
pub(crate) fn most(target: &Target, cost: Cost<'_>) -> Option<u64> {
    match budget::Budget::price(target, u64::MAX, cost) {
        Price::Free => Some(0),
        Price::AtMost(amount) => Some(amount),
        Price::Unknown => None,
    }
}

/// How much of what `count` counts a usage is; `None` where it is not known.
fn amount_of(count: Count, usage: &Usage, cost: Option<NanoUsd>) -> Option<u64> {
    let told = usage.tokens_in.is_some() || usage.tokens_out.is_some();
    let (tokens_in, tokens_out) = (usage.tokens_in.unwrap_or(0), usage.tokens_out.unwrap_or(0));
    match count {
        Count::Requests | Count::Concurrency => Some(1),
        Count::Tokens => told.then(|| tokens_in.saturating_add(tokens_out)),
        Count::TokensIn => told.then_some(tokens_in),
        Count::TokensOut => told.then_some(tokens_out),
        Count::Cost => Some(u64::try_from(cost?).unwrap_or(0)),
    }
}

/// What a call used of a rule that counts so; `None` where that stays as it was taken.
fn used(count: Count, spent: &Spent) -> Option<u64> {
    match (count, spent) {
        (Count::Requests, _) => None,
        (Count::Concurrency, _) | (_, Spent::Nothing) => Some(0),
        (_, Spent::Unknown) => None,
        (_, Spent::Told(usage, cost)) => amount_of(count, usage, *cost),
    }
}

/// Whether there is a point in waiting. Requests are never given back, so their time is known at once.
fn can_wait(rule: &Rule, full: Full, left: Duration) -> bool {
    match full.room {
        _ if left.is_zero() => false,
        Room::Never => false,
        Room::After(us) if rule.count == Count::Requests => Duration::from_micros(us) <= left,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
