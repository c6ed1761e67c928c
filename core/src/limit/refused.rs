//! What a call is told that did not pass: which rule, what was used, and when to come again.

use std::time::Duration;

use super::rule::Rule;
use super::store::{Ask, Full};
use super::window::Room;
use crate::config::{Ceiling, Count, Money};
use crate::exchange::Target;
use crate::held::Standing;
use crate::refusal::Refusal;

/// Where nobody knows when a call will end, an SDK asks again after this.
const UNKNOWN_WAIT: Duration = Duration::from_secs(1);

/// A call that did not pass, and why.
pub(super) struct Refused<'a> {
    pub(super) rule: &'a Rule,
    pub(super) ask: &'a Ask,
    pub(super) full: Full,
    pub(super) waited: Duration,
    pub(super) now_us: u64,
}

impl Refused<'_> {
    pub(super) fn refusal(&self, target: &Target) -> Refusal {
        let retry_after = match self.full.room {
            Room::After(us) => Some(Duration::from_micros(us)),
            Room::WhenGivenBack | Room::Now => Some(UNKNOWN_WAIT),
            Room::Never => None,
        };
        let limit = self.rule.terms.limit;
        let standing = Standing {
            limit,
            remaining: limit.saturating_sub(self.full.used),
            reset_us: retry_after.map_or(0, |wait| u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)),
            is_money: self.rule.count == Count::Cost,
        };
        Refusal::rate_limited(self.message(target), &standing, retry_after)
    }

    fn message(&self, target: &Target) -> String {
        let (rule, path) = (self.rule, &self.rule.path);
        let (what, whose) = (rule.what(), rule.whose(target));
        let counts_calls = matches!(rule.count, Count::Requests | Count::Concurrency);
        let needs =
            if counts_calls { String::new() } else { format!(", this call may use {}", self.shown(self.ask.amount)) };
        let waited = match self.waited.as_secs_f64() {
            0.0 => String::new(),
            seconds => format!(" Waited {seconds:.1} s."),
        };
        let when = match self.full.room {
            Room::Never => {
                let remedy = "it can never pass: set a lower max_tokens, or shorten the input";
                return format!("Rate limited: {what}{whose}{needs}, so {remedy} ({path}).");
            }
            Room::After(us) => format!("next in {} s, at {}", us.div_ceil(1_000_000), self.at(us)),
            Room::WhenGivenBack | Room::Now => "next when one of them ends".to_owned(),
        };
        let used = self.shown(self.full.used);
        format!("Rate limited: {what}{whose}, {used} used{needs}; {when} ({path}).{waited}")
    }

    fn shown(&self, amount: u64) -> String {
        match self.rule.count {
            Count::Cost => Ceiling::Money(Money::from_nano_usd(amount)).to_string(),
            _ => amount.to_string(),
        }
    }

    /// The time of day in UTC, and the day where it is not today.
    fn at(&self, after_us: u64) -> String {
        const DAY_S: u64 = 86_400;
        let (now_s, then_s) = (self.now_us / 1_000_000, self.now_us.saturating_add(after_us).div_ceil(1_000_000));
        let (days, second) = (then_s / DAY_S - now_s / DAY_S, then_s % DAY_S);
        let day = match days {
            0 => String::new(),
            1 => " tomorrow".to_owned(),
            days => format!(" in {days} days"),
        };
        format!("{:02}:{:02}:{:02} UTC{day}", second / 3_600, second / 60 % 60, second % 60)
    }
}
