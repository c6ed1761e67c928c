//! What a call is told that did not pass: which rule, what was used, and when to come again.

use std::time::Duration;

use http::{HeaderValue, StatusCode};

use super::budget::Budget;
use super::period::NEVER_US;
use super::rule::Rule;
use super::store::{Ask, Full};
use super::window::Room;
use crate::config::{Ceiling, Count, Money};
use crate::exchange::Target;
use crate::headers::response as name;
use crate::held::Standing;
use crate::refusal::{Refusal, code};

/// Where nobody knows when a call will end, an SDK asks again after this.
const UNKNOWN_WAIT: Duration = Duration::from_secs(1);

/// No SDK waits for longer than this by itself.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// A call that a budget does not let pass, because nobody can tell what it would cost.
pub(super) fn unpriced(rule: &Rule, target: &Target) -> Refusal {
    let (what, path) = (rule.what(), &rule.path);
    let model = format!("{}/{}", target.provider.slug, target.model);
    let message = format!(
        "Spend limit: {what}, and nobody can tell what this call may cost; add prices.{model:?}, send cf-aig-custom-cost, or \
         set {path}.unpriced = \"pass\" ({path})."
    );
    let mut refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::SPEND_LIMIT, message);
    refusal.headers.push((name::SHOULD_RETRY, HeaderValue::from_static("false")));
    refusal
}

/// A call that did not pass, and why.
pub(super) struct Refused<'a> {
    pub(super) rule: &'a Rule,
    pub(super) ask: &'a Ask,
    pub(super) full: Full,
    pub(super) waited: Duration,
    pub(super) now_us: u64,
    /// What calls under way have taken of it, and may give back.
    pub(super) reserved: u64,
}

impl Refused<'_> {
    pub(super) fn refusal(&self, target: &Target) -> Refusal {
        if let Some(budget) = &self.rule.budget {
            return self.over_budget(budget, target);
        }
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

    fn over_budget(&self, budget: &Budget, target: &Target) -> Refusal {
        let (limit, amount, used) = (self.rule.terms.limit, self.ask.amount, self.full.used);
        let comes_back = used.saturating_sub(self.reserved).saturating_add(amount) <= limit;
        let resets_us = match self.full.room {
            Room::After(us) => Some(us).filter(|us| self.now_us.saturating_add(*us) < NEVER_US),
            _ => None,
        };
        let (retry_after, when) = if amount > limit {
            (None, "it can never pass: set a lower max_tokens, or shorten the input".to_owned())
        } else if comes_back {
            (Some(UNKNOWN_WAIT), "calls under way have reserved the rest, and may give some of it back".to_owned())
        } else if let Some(us) = resets_us {
            let at = budget.written(self.now_us.saturating_add(us)).unwrap_or_default();
            let more = if budget.is_rolling() { "there is more" } else { "it begins anew" };
            (Some(Duration::from_micros(us)), format!("{more} at {at}"))
        } else {
            (None, "it never begins anew; set a higher limit".to_owned())
        };
        let standing = Standing {
            limit,
            remaining: limit.saturating_sub(used),
            reset_us: retry_after.map_or(0, |wait| u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)),
            is_money: true,
        };
        let (what, whose, path) = (self.rule.what(), self.rule.whose(target), &self.rule.path);
        let (used, amount) = (budget.shown(used), budget.shown(amount));
        let message = format!("Spend limit: {what}{whose}, {used} used, this call may cost {amount}; {when} ({path}).");
        let mut refusal = Refusal::rate_limited(message, &standing, retry_after);
        refusal.code = code::SPEND_LIMIT;
        // An SDK that tries again at once would only be refused again.
        if retry_after.is_some_and(|wait| wait > LONGEST_RETRY) {
            refusal.headers.push((name::SHOULD_RETRY, HeaderValue::from_static("false")));
        }
        refusal
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
