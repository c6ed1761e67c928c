//! Where counts are kept, and what is asked of such a place.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::rule::Terms;
use super::window::{Room, Window};
use crate::held::LimitKey;
use crate::store::StoreHealth;

/// What a call wants of one rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// The index of the rule.
    pub(crate) rule: usize,
    pub(crate) key: LimitKey,
    pub(crate) amount: u64,
    /// Whether it is counted even where there is no room.
    pub(crate) observed: bool,
    /// When the period ends that it is taken of, if it is one of a calendar.
    pub(crate) ends_us: Option<u64>,
}

impl Ask {
    /// The terms of its rule, as they hold for it.
    pub(super) fn terms(&self, terms: &Terms) -> Terms {
        Terms { span_us: self.ends_us.unwrap_or(terms.span_us), ..*terms }
    }
}

/// What was taken of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What counts now, with this call.
    pub(crate) used: u64,
    /// Until nothing of it counts any more.
    pub(crate) reset_us: u64,
    /// Whether there was no room, and it was only observed.
    pub(crate) over: bool,
    /// When it was taken, by the store's clock.
    pub(crate) at_us: u64,
}

/// The rule that had no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// The index of the ask.
    pub(crate) which: usize,
    pub(crate) room: Room,
    pub(crate) used: u64,
}

/// What a call used in the end of what it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) rule: usize,
    pub(crate) key: LimitKey,
    /// When it was taken.
    pub(crate) at_us: u64,
    pub(crate) taken: u64,
    pub(crate) used: u64,
}

impl Change {
    pub(super) fn apply(&self, window: &mut Window, terms: &Terms, now_us: u64) {
        if self.used < self.taken {
            window.give_back(terms, self.taken - self.used, self.at_us, now_us);
        } else if self.used > self.taken {
            window.add(terms, self.used - self.taken, now_us);
        }
    }
}

impl Ask {
    /// What gives all of it back.
    #[cfg(any(feature = "redis", feature = "sqlite"))]
    pub(super) fn undone(asks: &[Self], taken: &[Taken]) -> Vec<Change> {
        let undone = |(ask, taken): (&Self, &Taken)| {
            let (rule, key, at_us) = (ask.rule, ask.key, taken.at_us);
            Change { rule, key, at_us, taken: ask.amount, used: 0 }
        };
        asks.iter().zip(taken).map(undone).collect()
    }
}

pub(crate) type Taking<'a> = Pin<Box<dyn Future<Output = Result<Vec<Taken>, Full>> + Send + 'a>>;

pub(crate) type Using<'a> = Pin<Box<dyn Future<Output = Vec<u64>> + Send + 'a>>;

pub(crate) type Naming<'a> = Pin<Box<dyn Future<Output = Vec<(LimitKey, String)>> + Send + 'a>>;

/// Where counts are kept. Neither method fails: a store that cannot be reached counts for this process alone.
pub(crate) trait LimitStore: Send + Sync {
    /// Takes all that is asked for at `now_us` (wall clock), or nothing. The asks stand in the rules' order.
    fn take<'a>(&'a self, asks: &'a [Ask], now_us: u64) -> Taking<'a>;

    /// Gives back what was not used, and counts what was used beyond. Nobody waits for it.
    fn settle(&self, changes: Vec<Change>, now_us: u64);

    /// What counts under keys, each with the index of its rule.
    fn used<'a>(&'a self, keys: &'a [(usize, LimitKey)], now_us: u64) -> Using<'a>;

    /// Lets others know whose count a key is, until it counts no more. Nobody waits for it.
    fn name(&self, _key: LimitKey, _whose: String, _until_us: u64) {}

    /// What was said in `name` by whoever shares this place.
    fn named(&self, _now_us: u64) -> Naming<'_> {
        Box::pin(std::future::ready(Vec::new()))
    }

    /// After which time it is worth asking again although nobody was called: others may have given something back.
    fn look_again(&self) -> Option<Duration> {
        None
    }

    /// How the place outside of the process is doing, if there is one.
    fn health(&self) -> Option<StoreHealth> {
        None
    }

    /// Lets go of what must not be carried through a fork. Says whether it was done within `budget`.
    fn release(&self, _budget: Duration) -> bool {
        true
    }

    /// Does what is still to be done, within `budget`.
    fn close(&self, _budget: Duration) {}
}
