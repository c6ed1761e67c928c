//! A rule as the road needs it: what it counts, how much passes, and whose count a call belongs to.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::budget::Budget;
use super::period::NEVER_US;
use crate::config::{
    BudgetConfig, BudgetMode, Ceiling, Config, Count, Dimension, LimitMode, LimitRule, Money, Span, Technique,
};
use crate::exchange::Target;
use crate::held::LimitKey;
use crate::refusal::quoted;

/// How much passes in which time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) limit: u64,
    /// At least 1, except for what is held. Of a period: when it ends (wall clock).
    pub(crate) span_us: u64,
    pub(crate) pace: Pace,
}

impl Terms {
    /// One of `shares` equal shares of it.
    pub(super) fn share(&self, shares: u64) -> Self {
        Self { limit: (self.limit / shares.max(1)).max(1), ..*self }
    }
}

/// How a count goes down again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Fixed,
    Sliding,
    Bucket,
    /// When it is given back, and never by itself.
    Held,
    /// Never: each period of a calendar has a count of its own.
    Period,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The path of its table in the configuration.
    pub(crate) path: String,
    pub(crate) count: Count,
    pub(crate) terms: Terms,
    pub(crate) observe: bool,
    pub(crate) max_wait: Option<Duration>,
    /// As the configuration writes them, for messages.
    limit: Ceiling,
    per: Option<Span>,
    by: Vec<Dimension>,
    when: Vec<(Dimension, String)>,
    scope: String,
    /// The key where calls are not told apart.
    shared: LimitKey,
    /// What there is more to say of a rule that is a budget.
    pub(super) budget: Option<Budget>,
}

impl Rule {
    /// The rules of `config` that are switched on, in its order.
    pub(crate) fn all(config: &Config) -> Vec<Self> {
        let limits = config.limits.active().map(|(path, count, rule)| Self::new(&config.id, path, count, rule));
        limits.chain(config.budgets.iter().map(|(name, budget)| Self::of_budget(config, name, budget))).collect()
    }

    fn new(scope: &str, path: String, count: Count, rule: &LimitRule) -> Self {
        let pace = match rule.technique.unwrap_or_default() {
            _ if count == Count::Concurrency => Pace::Held,
            Technique::Fixed => Pace::Fixed,
            Technique::Sliding => Pace::Sliding,
            Technique::TokenBucket => Pace::Bucket,
        };
        let span_us = rule.per.map_or(0, |per| per.millis().saturating_mul(1_000));
        Self {
            count,
            terms: Terms { limit: rule.limit.amount(), span_us, pace },
            observe: rule.mode == LimitMode::Observe,
            max_wait: rule.max_wait().map(Span::duration),
            limit: rule.limit,
            per: rule.per,
            by: rule.by.dimensions().to_vec(),
            when: rule.when.iter().map(|(dimension, value)| (dimension.clone(), value.clone())).collect(),
            scope: scope.to_owned(),
            shared: key(scope, &path, &[]),
            path,
            budget: None,
        }
    }

    fn of_budget(config: &Config, name: &str, budget: &BudgetConfig) -> Self {
        let path = format!("budgets.{name}");
        let limit = budget.limit_nano_usd(&config.currencies);
        let own = Budget::new(name, budget, &config.currencies);
        Self {
            count: Count::Cost,
            terms: Terms {
                limit,
                span_us: budget.per.map_or(NEVER_US, |per| per.millis().saturating_mul(1_000)),
                pace: if own.is_rolling() { Pace::Sliding } else { Pace::Period },
            },
            observe: budget.mode == BudgetMode::Soft,
            max_wait: None,
            limit: Ceiling::Money(Money::from_nano_usd(limit)),
            per: budget.per,
            by: budget.by.dimensions().to_vec(),
            when: budget.when.iter().map(|(dimension, value)| (dimension.clone(), value.clone())).collect(),
            scope: config.id.clone(),
            shared: key(&config.id, &path, &[]),
            path,
            budget: Some(own),
        }
    }

    /// Whose count a call to `target` belongs to at `now_us`, or `None` if the rule is not for such calls.
    pub(super) fn key(&self, target: &Target, now_us: u64) -> Option<LimitKey> {
        if !target.is_meant(&self.when) {
            return None;
        }
        let starts_us = self.around(now_us).map(|(starts_us, _)| starts_us.to_string());
        if self.by.is_empty() && starts_us.is_none() {
            return Some(self.shared);
        }
        let values = self.by.iter().map(|dimension| target.value(dimension));
        let values: Vec<_> = values.chain(starts_us.map(Cow::Owned)).collect();
        Some(key(&self.scope, &self.path, &values))
    }

    /// When the period of `now_us` began and ends, if it is one of a calendar.
    pub(super) fn around(&self, now_us: u64) -> Option<(u64, u64)> {
        self.budget.as_ref()?.around(now_us)
    }

    /// When the period of `now_us` ends, if it is one of a calendar.
    pub(super) fn ends_us(&self, now_us: u64) -> Option<u64> {
        self.around(now_us).map(|(_, ends_us)| ends_us)
    }

    /// Whether everybody has one and the same count.
    pub(super) fn is_for_all(&self) -> bool {
        self.by.is_empty()
    }

    /// The key of a rule that is for all, at `now_us`.
    pub(super) fn key_for_all(&self, now_us: u64) -> LimitKey {
        match self.around(now_us) {
            Some((starts_us, _)) => key(&self.scope, &self.path, &[starts_us.to_string().into()]),
            None => self.shared,
        }
    }

    /// Whose count a call to `target` belongs to, to be shown.
    pub(super) fn by(&self, target: &Target) -> Map<String, Value> {
        target.shown(&self.by)
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> LimitKey {
        self.shared
    }

    /// ` of metadata.user "123"`, for messages. A key is never shown, not even its digest.
    pub(super) fn whose(&self, target: &Target) -> String {
        let who = |dimension: &Dimension| match dimension {
            Dimension::Key => "this key".to_owned(),
            other => match target.value(other).as_ref() {
                "" => format!("calls without {other}"),
                value => format!("{other} {}", quoted(value)),
            },
        };
        let all: Vec<_> = self.by.iter().map(who).collect();
        if all.is_empty() { String::new() } else { format!(" of {}", all.join(", ")) }
    }

    /// `100 requests per 1m`.
    pub(super) fn what(&self) -> String {
        if let Some(budget) = &self.budget {
            return budget.what();
        }
        let things = match self.count {
            Count::Requests => " requests",
            Count::Tokens => " tokens",
            Count::TokensIn => " input tokens",
            Count::TokensOut => " output tokens",
            Count::Cost => "",
            Count::Concurrency => " calls at once",
        };
        let per = self.per.filter(|_| self.terms.pace != Pace::Held).map(|per| format!(" per {per}"));
        format!("{}{things}{}", self.limit, per.unwrap_or_default())
    }
}

fn key(scope: &str, path: &str, values: &[Cow<'_, str>]) -> LimitKey {
    let mut digest = Sha256::new();
    for part in [scope, path].into_iter().chain(values.iter().map(AsRef::as_ref)) {
        // The length goes first, so that no two lists of parts read the same.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let whole: [u8; 32] = digest.finalize().into();
    let mut half = LimitKey::default();
    half.copy_from_slice(&whole[..16]);
    half
}
