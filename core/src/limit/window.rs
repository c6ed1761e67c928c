//! The arithmetic of one count: what is used, and when there is room again. It asks no clock and knows no store.
//!
//! What it promises, whatever the order of calls: never more than the limit in one span. A sliding span remembers moments
//! in eighths of itself, so a call may count up to an eighth of the span too long, and never too short.

use std::collections::VecDeque;

use super::rule::{Pace, Terms};

/// A clock behind by up to a second is that of another thread or host; one further behind was set back.
const SKEW_US: u64 = 1_000_000;

/// In how many moments a sliding span is remembered.
const CELLS: u64 = 8;

/// What is used of one limit. Small, because there is one for each key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// Fixed: when the span began. Sliding: when the newest moment was. Bucket: up to when it has drained. Period: when it
    /// ends.
    at_us: u64,
    used: u64,
    /// Sliding: the moments before the newest one, as `(when, used)`, the oldest first.
    older: Option<Box<Older>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Older(VecDeque<(u64, u64)>);

/// When there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Now,
    /// After so many microseconds, if nobody is quicker.
    After(u64),
    /// When a call gives back what it holds.
    WhenGivenBack,
    /// The limit is smaller than what is asked for.
    Never,
}

impl Window {
    /// Whether `amount` more may be taken, and otherwise when.
    pub(super) fn room(&mut self, terms: &Terms, amount: u64, now_us: u64) -> Room {
        let now_us = self.roll(terms, now_us);
        let total = self.total();
        if total.saturating_add(amount) <= terms.limit {
            return Room::Now;
        }
        if amount > terms.limit {
            return Room::Never;
        }
        let over = total.saturating_add(amount) - terms.limit;
        match terms.pace {
            Pace::Held => Room::WhenGivenBack,
            Pace::Fixed => Room::After(self.at_us + terms.span_us - now_us),
            Pace::Sliding => Room::After(self.leaves(over) + terms.span_us - now_us),
            Pace::Bucket => Room::After((self.at_us + terms.time_of(over)).saturating_sub(now_us).max(1)),
            Pace::Period => Room::After(terms.span_us.saturating_sub(now_us).max(1)),
        }
    }

    /// Counts `amount`, whether there is room or not.
    pub(super) fn add(&mut self, terms: &Terms, amount: u64, now_us: u64) {
        let now_us = self.roll(terms, now_us);
        if terms.pace == Pace::Sliding {
            if self.used > 0 && terms.cell(self.at_us) != terms.cell(now_us) {
                self.older.get_or_insert_default().push(self.at_us, self.used);
                self.used = 0;
            }
            self.at_us = now_us;
        }
        if terms.pace == Pace::Period {
            self.at_us = self.at_us.max(terms.span_us);
        }
        self.used = self.used.saturating_add(amount);
    }

    /// Gives back a part of what was taken at `taken_us`. What has left the span meanwhile is not given back again.
    pub(super) fn give_back(&mut self, terms: &Terms, amount: u64, taken_us: u64, now_us: u64) {
        self.roll(terms, now_us);
        let used = match terms.pace {
            Pace::Held | Pace::Bucket | Pace::Period => Some(&mut self.used),
            Pace::Fixed => (taken_us - taken_us % terms.span_us == self.at_us).then_some(&mut self.used),
            Pace::Sliding if terms.cell(self.at_us) == terms.cell(taken_us) => Some(&mut self.used),
            Pace::Sliding => self.older.as_mut().and_then(|older| {
                let same = |(at_us, _): &&mut (u64, u64)| terms.cell(*at_us) == terms.cell(taken_us);
                older.0.iter_mut().find(same).map(|(_, used)| used)
            }),
        };
        if let Some(used) = used {
            *used = used.saturating_sub(amount);
        }
    }

    /// What counts now.
    pub(super) fn total(&self) -> u64 {
        let older = self.older.iter().flat_map(|older| &older.0);
        older.fold(self.used, |total, (_, used)| total.saturating_add(*used))
    }

    /// What counts at `now_us`.
    pub(super) fn total_at(&mut self, terms: &Terms, now_us: u64) -> u64 {
        self.roll(terms, now_us);
        self.total()
    }

    /// Until nothing counts any more, if nothing is added.
    pub(super) fn reset_us(&mut self, terms: &Terms, now_us: u64) -> u64 {
        let now_us = self.roll(terms, now_us);
        match terms.pace {
            Pace::Held => 0,
            Pace::Fixed | Pace::Sliding => self.at_us + terms.span_us - now_us,
            Pace::Bucket => (self.at_us + terms.time_of(self.used)).saturating_sub(now_us),
            Pace::Period => self.at_us.saturating_sub(now_us),
        }
    }

    /// Whether nothing counts any more, so that it need not be kept.
    pub(super) fn is_idle(&mut self, terms: &Terms, now_us: u64) -> bool {
        self.roll(terms, now_us);
        self.total() == 0 || terms.pace == Pace::Period && self.at_us <= now_us
    }

    /// Lets go of what has left the span. The time to reckon with: a clock that is a little behind does not count.
    fn roll(&mut self, terms: &Terms, now_us: u64) -> u64 {
        if terms.pace == Pace::Period {
            return now_us;
        }
        let is_ahead = self.at_us > now_us;
        if is_ahead && self.at_us - now_us <= SKEW_US && terms.pace != Pace::Held {
            return self.at_us;
        }
        // From here on a moment ahead of the clock means that the clock was set back: what was used stays used, and nobody
        // waits for it longer than one span from now.
        match terms.pace {
            Pace::Held | Pace::Period => {}
            Pace::Fixed => {
                let start_us = now_us - now_us % terms.span_us;
                if start_us > self.at_us {
                    self.used = 0;
                }
                self.at_us = start_us;
            }
            Pace::Sliding => self.slide(terms.span_us, now_us),
            Pace::Bucket if is_ahead => self.at_us = now_us,
            Pace::Bucket => self.drain(terms, now_us),
        }
        now_us
    }

    fn slide(&mut self, span_us: u64, now_us: u64) {
        let is_over = |at_us: u64| at_us.saturating_add(span_us) <= now_us;
        self.at_us = self.at_us.min(now_us);
        if is_over(self.at_us) {
            // Where the moment itself does not matter any more, what counts next begins now.
            (self.at_us, self.used, self.older) = (now_us, 0, None);
            return;
        }
        let Some(older) = &mut self.older else { return };
        older.0.iter_mut().for_each(|(at_us, _)| *at_us = (*at_us).min(now_us));
        while older.0.front().is_some_and(|(at_us, _)| is_over(*at_us)) {
            older.0.pop_front();
        }
        if older.0.is_empty() {
            self.older = None;
        }
    }

    fn drain(&mut self, terms: &Terms, now_us: u64) {
        let drained = terms.amount_in(now_us - self.at_us);
        if drained >= self.used {
            (self.at_us, self.used) = (now_us, 0);
        } else {
            self.used -= drained;
            self.at_us += terms.time_of(drained);
        }
    }

    /// When the moment comes to leave by which `over` will be free; the span is still to be added.
    fn leaves(&self, mut over: u64) -> u64 {
        for (at_us, used) in self.older.iter().flat_map(|older| &older.0) {
            if *used >= over {
                return *at_us;
            }
            over -= used;
        }
        self.at_us
    }

    /// The parts, for stores that keep them elsewhere.
    #[cfg(any(test, feature = "sqlite"))]
    pub(super) fn parts(&self) -> (u64, u64, impl Iterator<Item = (u64, u64)>) {
        (self.at_us, self.used, self.older.iter().flat_map(|older| older.0.iter().copied()))
    }

    /// The window of these parts.
    #[cfg(any(test, feature = "sqlite"))]
    pub(super) fn of_parts(at_us: u64, used: u64, older: impl Iterator<Item = (u64, u64)>) -> Self {
        let older: VecDeque<_> = older.collect();
        Self { at_us, used, older: (!older.is_empty()).then(|| Box::new(Older(older))) }
    }
}

impl Older {
    fn push(&mut self, at_us: u64, used: u64) {
        // More moments than there are eighths come only of a clock that was set back: the oldest waits for the next one.
        if self.0.len() as u64 == CELLS
            && let Some((_, oldest)) = self.0.pop_front()
            && let Some((_, next)) = self.0.front_mut()
        {
            *next = next.saturating_add(oldest);
        }
        self.0.push_back((at_us, used));
    }
}

impl Terms {
    fn cell(&self, at_us: u64) -> u64 {
        at_us / (self.span_us / CELLS).max(1)
    }

    /// How long a bucket takes to drain `amount`, rounded up.
    fn time_of(&self, amount: u64) -> u64 {
        let time = (u128::from(amount) * u128::from(self.span_us)).div_ceil(u128::from(self.limit.max(1)));
        u64::try_from(time).unwrap_or(u64::MAX >> 1)
    }

    /// What a bucket drains in `time_us`, rounded down.
    fn amount_in(&self, time_us: u64) -> u64 {
        let amount = u128::from(time_us) * u128::from(self.limit) / u128::from(self.span_us.max(1));
        u64::try_from(amount).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
