//! What may go out: rules that count, per span of time or at once, for everybody or for each of somebody.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ceiling::Ceiling;
use super::dimension::{By, Dimension};
use super::units::Span;
use crate::error::Error;
use crate::secret::Secret;

/// What is refused, or made to wait, before a call is made. Several rules hold together: a call passes all of them, or
/// it counts in none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// How many calls in a span of time. Answers from the cache do not count.
    pub requests: Option<LimitRule>,
    /// How many tokens, in and out, in a span of time.
    pub tokens: Option<LimitRule>,
    /// How much money in a span of time, by the price table.
    pub cost: Option<LimitRule>,
    /// How many calls at once; a call ends when its answer's body does.
    pub concurrency: Option<LimitRule>,
    /// More rules under names of your own. Each says in `count` what it counts.
    pub rules: BTreeMap<String, LimitRule>,
    /// The limits that providers have themselves.
    pub quotas: QuotaConfig,
    /// A `SQLite` file in which the processes of one host count together. Without it each counts for itself.
    #[serde(serialize_with = "super::as_text")]
    pub path: Option<PathBuf>,
    /// A Redis or Valkey server on which many hosts count together: `redis://[user:password@]host[:port][/database]`. It
    /// may hold a password, so it is kept like a key.
    pub redis: Option<Secret>,
}

/// The limits that providers have themselves, as their answers tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaConfig {
    /// Whether a call waits where its provider's last answers say that it would be refused.
    pub pace: bool,
    /// For how long at most, up to 1 h. Where it would be longer the call goes out, and the provider says no.
    pub max_wait: Span,
}

impl QuotaConfig {
    /// How long a call may wait, or `None` where nobody does.
    #[must_use]
    pub fn max_wait(&self) -> Option<Duration> {
        self.pace.then(|| self.max_wait.duration())
    }
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self { pace: false, max_wait: MAX_WAIT_DEFAULT }
    }
}

impl LimitsConfig {
    /// Every rule that is switched on: the path of its table, what it counts, and the rule.
    pub fn active(&self) -> impl Iterator<Item = (String, Count, &LimitRule)> {
        self.all().filter_map(|(path, count, rule)| Some((path, count?, rule))).filter(|(_, count, rule)| {
            rule.limit.amount() > 0 && (*count == Count::Concurrency || rule.per.is_some_and(|per| !per.is_zero()))
        })
    }

    fn all(&self) -> impl Iterator<Item = (String, Option<Count>, &LimitRule)> {
        let short = [
            (Count::Requests, &self.requests),
            (Count::Tokens, &self.tokens),
            (Count::Cost, &self.cost),
            (Count::Concurrency, &self.concurrency),
        ];
        let short = short.into_iter().filter_map(|(count, rule)| Some((count, rule.as_ref()?)));
        let short = short.map(|(count, rule)| (format!("limits.{}", count.code()), Some(count), rule));
        short.chain(self.rules.iter().map(|(name, rule)| (format!("limits.rules.{name}"), rule.count, rule)))
    }

    /// Refuses the first rule that cannot work, by the path of its field.
    pub(super) fn validate(&self) -> Result<(), Error> {
        for (path, count, rule) in self.all() {
            rule.validate(&path, count)?;
        }
        super::stores::validate("limits", "counts for itself", self.path.as_deref(), self.redis.as_ref())?;
        let (min, max) = (Span::from_millis(1), Span::from_millis(3_600_000));
        super::validate::within("limits.quotas.max_wait", self.quotas.max_wait, min, max, "; pace = false waits never")
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRule {
    /// What is counted. Only `rules` need it: `requests`, `tokens`, `cost` and `concurrency` say it by their name.
    #[serde(default)]
    pub count: Option<Count>,
    /// How much passes: a whole number, or an amount of money such as `"5 USD"` for `cost`. 0 switches the rule off.
    pub limit: Ceiling,
    /// In which span of time, up to 31 days. `"0"` switches the rule off. Concurrency has none.
    #[serde(default)]
    pub per: Option<Span>,
    /// How the span of time moves; `fixed` without it.
    #[serde(default)]
    pub technique: Option<Technique>,
    /// Who has a count of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
    /// `metadata.{key}`, or a list of them. Calls that lack it share one count.
    #[serde(default)]
    pub by: By,
    /// Which calls the rule is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end
    /// stands for anything. Without it the rule is for all.
    #[serde(default)]
    pub when: BTreeMap<Dimension, String>,
    /// Whether the rule holds calls back, or only says that it would have.
    #[serde(default)]
    pub mode: LimitMode,
    /// What happens to a call that does not pass.
    #[serde(default)]
    pub when_full: AtLimit,
    /// How long a call waits at most where `when_full` is `wait`, up to 1 h; 10 s without it.
    #[serde(default)]
    pub max_wait: Option<Span>,
}

impl LimitRule {
    /// How long a call may wait for its turn, or `None` where it is refused at once.
    #[must_use]
    pub fn max_wait(&self) -> Option<Span> {
        (self.when_full == AtLimit::Wait).then(|| self.max_wait.unwrap_or(MAX_WAIT_DEFAULT))
    }

    fn validate(&self, path: &str, count: Option<Count>) -> Result<(), Error> {
        let refuse = |key: &str, message: String| Err(Error::config(format!("{path}.{key}"), message));
        let Some(count) = count else {
            return refuse("count", format!("missing; say what the rule counts: {}", Count::NAMES));
        };
        if let Some(own) = self.count.filter(|own| *own != count) {
            let message = format!(
                "this table counts {}; for {} make a rule of another name under limits.rules",
                count.code(),
                own.code()
            );
            return refuse("count", message);
        }
        match (count == Count::Cost, self.limit) {
            (true, Ceiling::Number(1..)) => {
                return refuse("limit", format!("{} has no unit; write \"{} USD\"", self.limit, self.limit));
            }
            (false, Ceiling::Money(_)) => {
                return refuse("limit", format!("{} are no money; write a whole number", count.code()));
            }
            _ => {}
        }
        match (count == Count::Concurrency, self.per) {
            (true, Some(_)) => return refuse("per", "calls at once have no span of time; leave it out".to_owned()),
            (false, None) => return refuse("per", "this key is required".to_owned()),
            (_, per) => super::validate::within(
                &format!("{path}.per"),
                per.unwrap_or_default(),
                Span::default(),
                super::validate::MONTH,
                "",
            )?,
        }
        if count == Count::Concurrency && self.technique.is_some() {
            return refuse("technique", "calls at once have no span of time that could move; leave it out".to_owned());
        }
        self.by.validate(&format!("{path}.by"))?;
        validate_when(path, &self.when)?;
        self.validate_wait(path)
    }

    fn validate_wait(&self, path: &str) -> Result<(), Error> {
        let refuse = |key: &str, message: &str| Err(Error::config(format!("{path}.{key}"), message));
        if self.max_wait.is_some() && self.when_full != AtLimit::Wait {
            return refuse("max_wait", "nobody waits; add when_full = \"wait\", or leave it out");
        }
        if self.mode == LimitMode::Observe && self.when_full == AtLimit::Wait {
            return refuse("when_full", "a rule that only observes makes nobody wait; leave one of the two out");
        }
        let max_wait = self.max_wait.unwrap_or(MAX_WAIT_DEFAULT);
        let (min, max) = (Span::from_millis(1), Span::from_millis(3_600_000));
        super::validate::within(&format!("{path}.max_wait"), max_wait, min, max, "; to wait for nothing use reject")
    }
}

/// Refuses what cannot choose calls.
pub(super) fn validate_when(path: &str, when: &BTreeMap<Dimension, String>) -> Result<(), Error> {
    let refuse = |key: &str, message: &str| Err(Error::config(format!("{path}.when.{key}"), message));
    if when.contains_key(&Dimension::Key) {
        return refuse("key", "a key must not stand here; use by = \"key\"");
    }
    if when.contains_key(&Dimension::Gateway) {
        return refuse("gateway", "every call is one of this gateway; leave it out");
    }
    Ok(())
}

const MAX_WAIT_DEFAULT: Span = Span::from_millis(10_000);

/// What a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Calls.
    Requests,
    /// Tokens, in and out together.
    Tokens,
    /// Input tokens.
    TokensIn,
    /// Output tokens.
    TokensOut,
    /// Money.
    Cost,
    /// Calls that have not ended.
    Concurrency,
}

impl Count {
    const NAMES: &str = "requests, tokens, tokens_in, tokens_out, cost or concurrency";

    /// The word that stands in the configuration.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::TokensIn => "tokens_in",
            Self::TokensOut => "tokens_out",
            Self::Cost => "cost",
            Self::Concurrency => "concurrency",
        }
    }
}

/// How a limit's span of time moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Technique {
    /// One span follows the other; each starts at zero.
    #[default]
    Fixed,
    /// The span that ends now.
    Sliding,
    /// A bucket that holds `limit` and fills up evenly, all of it in one span.
    TokenBucket,
}

/// Whether a rule holds calls back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitMode {
    /// It does.
    #[default]
    Enforce,
    /// It counts, and the answer's `x-tollhouse-limits-observed` names it where it would have.
    Observe,
}

/// What happens to a call that does not pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// It is answered 429.
    #[default]
    Reject,
    /// It waits its turn for `max_wait`, those with a higher `x-tollhouse-priority` first, and is answered 429 then.
    Wait,
}

#[cfg(test)]
mod tests;
