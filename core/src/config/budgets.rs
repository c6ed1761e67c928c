//! What may be spent: amounts of money, each for a period of the calendar.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::amount::{Amount, Currency, USD};
use super::dimension::{By, Dimension};
use super::units::{Money, Span};
use super::validate::{MONTH, within};
use crate::error::Error;
use crate::usage::NanoUsd;

/// The largest limit, in billionths of a dollar: stores count exactly up to 2^53.
const MAX_NANO: u64 = 9_000_000_000_000_000;

/// What one unit of a currency costs.
pub type Currencies = BTreeMap<Currency, Money>;

/// How much may be spent in a period, by everybody together or by each of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    /// How much: `"100 USD"`, or an amount in a currency that `currencies` has a rate for. 0 lets nothing pass but what is
    /// free.
    pub limit: Amount,
    /// When it begins anew.
    pub period: Period,
    /// How long a `rolling` period is, up to 31 days.
    #[serde(default)]
    pub per: Option<Span>,
    /// Where a day begins at midnight: a name of the IANA time zone database such as `Europe/Berlin`; UTC without it.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Who has a budget of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
    /// `metadata.{key}`, or a list of them. Calls that lack it share one.
    #[serde(default)]
    pub by: By,
    /// Which calls it is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end stands for
    /// anything. Without it the budget is for all.
    #[serde(default)]
    pub when: BTreeMap<Dimension, String>,
    /// What happens at the limit.
    #[serde(default)]
    pub mode: BudgetMode,
    /// What happens to a call whose cost nobody can tell before; `refuse` without it where the budget is hard, `pass` where
    /// it is soft.
    #[serde(default)]
    pub unpriced: Option<Unpriced>,
    /// From which part of the limit on an alert is raised, in percent: 1 to 100; 100 without it.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub alert_at_percent: Option<u8>,
}

/// When a budget begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// At midnight.
    Day,
    /// At midnight before Monday.
    Week,
    /// At midnight before the first day of a month.
    Month,
    /// Never: what counts is what was spent in the span `per` that ends now.
    Rolling,
    /// Never.
    Total,
}

/// What happens at a budget's limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetMode {
    /// Calls are answered 429, and no provider is called.
    #[default]
    Hard,
    /// Calls pass, and an alert says so.
    Soft,
}

/// What happens to a call whose cost nobody can tell before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// It is answered 429.
    Refuse,
    /// It passes, and is counted as unpriced.
    Pass,
}

impl BudgetConfig {
    /// The limit in billionths of a dollar.
    pub(crate) fn limit_nano_usd(&self, currencies: &Currencies) -> u64 {
        let nano = u128::from(self.limit.nano()) * u128::from(rate(self.limit.currency(), currencies).unwrap_or(0));
        u64::try_from(nano / 1_000_000_000).unwrap_or(u64::MAX)
    }

    /// What one unit of the limit's currency costs in billionths of a dollar.
    pub(crate) fn rate(&self, currencies: &Currencies) -> u64 {
        rate(self.limit.currency(), currencies).unwrap_or(1_000_000_000)
    }

    /// The time zone whose days count. What is not known was refused when the configuration was read.
    pub(crate) fn zone(&self) -> TimeZone {
        self.time_zone.as_deref().and_then(zone).unwrap_or(TimeZone::UTC)
    }

    /// What happens to a call whose cost nobody can tell before.
    #[must_use]
    pub fn unpriced(&self) -> Unpriced {
        self.unpriced.unwrap_or(match self.mode {
            BudgetMode::Hard => Unpriced::Refuse,
            BudgetMode::Soft => Unpriced::Pass,
        })
    }

    pub(super) fn validate(&self, path: &str, currencies: &Currencies) -> Result<(), Error> {
        let refuse = |key: &str, message: String| Err(Error::config(format!("{path}.{key}"), message));
        let currency = self.limit.currency();
        if rate(currency, currencies).is_none() {
            return refuse(
                "limit",
                format!("{currency} has no rate; add currencies.{currency} = \"1 USD\", or write USD"),
            );
        }
        if self.limit_nano_usd(currencies) > MAX_NANO {
            return refuse("limit", format!("{} is more than 9,000,000 USD", self.limit));
        }
        match (self.period, self.per) {
            (Period::Rolling, None) => return refuse("per", "missing; say how long the period is: \"7d\"".to_owned()),
            (Period::Rolling, Some(per)) => within(&format!("{path}.per"), per, Span::from_millis(1), MONTH, "")?,
            (_, Some(_)) => {
                return refuse("per", "only a rolling period has a span of its own; leave it out".to_owned());
            }
            (_, None) => {}
        }
        if let Some(name) = &self.time_zone {
            if matches!(self.period, Period::Rolling | Period::Total) {
                return refuse("time_zone", "this period stands on no day; leave it out".to_owned());
            }
            if zone(name).is_none() {
                let name: String = name.chars().take(40).collect();
                return refuse(
                    "time_zone",
                    format!("{name:?} is no time zone; write a name such as \"Europe/Berlin\""),
                );
            }
        }
        if let Some(percent) = self.alert_at_percent.filter(|percent| !(1..=100).contains(percent)) {
            return refuse("alert_at_percent", format!("{percent} is outside 1 to 100"));
        }
        self.by.validate(&format!("{path}.by"))?;
        super::limits::validate_when(path, &self.when)
    }
}

/// What one unit of a currency costs in billionths of a dollar, where that is known.
pub(crate) fn rate(currency: Currency, currencies: &Currencies) -> Option<u64> {
    if currency == USD {
        return Some(1_000_000_000);
    }
    currencies.get(&currency).map(|rate: &Money| NanoUsd::unsigned_abs(rate.nano_usd()))
}

/// From the database that is built in: the same everywhere, and nothing is read from the disk.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// Refuses rates that cannot be.
pub(super) fn validate_currencies(currencies: &Currencies) -> Result<(), Error> {
    for (currency, rate) in currencies {
        let refuse = |message: &str| Err(Error::config(format!("currencies.{currency}"), message));
        if *currency == USD {
            return refuse("a dollar is a dollar; leave it out");
        }
        if rate.nano_usd() == 0 {
            return refuse("a rate of 0 makes everything free; write what one costs, such as \"1.08 USD\"");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[track_caller]
    fn refused(text: &str, message: &str) {
        assert_eq!(Config::from_toml(text).unwrap_err().to_string().replace(" (line 1)", ""), message);
    }

    #[test]
    fn what_cannot_be_a_budget_is_refused_by_its_field() {
        for (budget, message) in [
            ("limit = '1 USD'", "budgets.x.period: this key is required"),
            (
                "limit = '1 EUR', period = 'day'",
                "budgets.x.limit: EUR has no rate; add currencies.EUR = \"1 USD\", or write USD",
            ),
            (
                "limit = '-1 USD', period = 'day'",
                "budgets.x.limit: \"-1 USD\" is negative; an amount of money starts at 0",
            ),
            ("limit = 5, period = 'day'", "budgets.x.limit: expected a text, found a whole number"),
            ("limit = '9000001 USD', period = 'day'", "budgets.x.limit: 9000001 USD is more than 9,000,000 USD"),
            (
                "limit = '1 USD', period = 'fortnight'",
                "budgets.x.period: \"fortnight\" is not one of day, week, month, rolling, total",
            ),
            ("limit = '1 USD', period = 'rolling'", "budgets.x.per: missing; say how long the period is: \"7d\""),
            ("limit = '1 USD', period = 'rolling', per = '32d'", "budgets.x.per: 32d is outside 1ms to 31d"),
            (
                "limit = '1 USD', period = 'day', per = '1d'",
                "budgets.x.per: only a rolling period has a span of its own; leave it out",
            ),
            (
                "limit = '1 USD', period = 'day', time_zone = 'Berlin'",
                "budgets.x.time_zone: \"Berlin\" is no time zone; write a name such as \"Europe/Berlin\"",
            ),
            (
                "limit = '1 USD', period = 'total', time_zone = 'Europe/Berlin'",
                "budgets.x.time_zone: this period stands on no day; leave it out",
            ),
            (
                "limit = '1 USD', period = 'day', alert_at_percent = 101",
                "budgets.x.alert_at_percent: 101 is outside 1 to 100",
            ),
            (
                "limit = '1 USD', period = 'day', when = { key = 'sk' }",
                "budgets.x.when.key: a key must not stand here; use by = \"key\"",
            ),
        ] {
            refused(&format!("budgets.x = {{ {budget} }}"), &format!("config error at {message}"));
        }
        refused("currencies.USD = '2 USD'", "config error at currencies.USD: a dollar is a dollar; leave it out");
        refused(
            "currencies.EUR = 0",
            "config error at currencies.EUR: a rate of 0 makes everything free; write what one costs, such as \"1.08 USD\"",
        );
        refused(
            "currencies.euro = '1 USD'",
            "config error at currencies.euro: \"euro\" is not the code of a currency; write three capital letters such as EUR",
        );
    }

    #[test]
    fn a_limit_is_kept_in_dollars() {
        let config =
            Config::from_toml("currencies.EUR = '1.08 USD'\nbudgets.x = { limit = '10 EUR', period = 'month' }")
                .unwrap();
        assert_eq!(config.budgets["x"].limit_nano_usd(&config.currencies), 10_800_000_000);
        assert_eq!(config.to_json()["budgets"]["x"]["limit"], "10 EUR");
    }
}
