//! What makes a rule a budget: a period of the calendar, a currency, and a word about what nobody can price.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::Method;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Cost;
use super::estimate::Worst;
use super::period::{Calendar, NEVER_US};
use crate::config::{Amount, BudgetConfig, BudgetMode, Currencies, Period, Span, Unpriced};
use crate::exchange::Target;

/// Nobody can say before what such a call costs: they are paid by the picture, the second or the letter.
const NOT_BY_THE_TOKEN: [&str; 3] = ["image", "speech", "transcription"];

/// A rule that counts money for a period of the calendar.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) name: String,
    limit: Amount,
    period: Period,
    per: Option<Span>,
    time_zone: Option<String>,
    mode: BudgetMode,
    unpriced: Unpriced,
    pub(super) alert_at_percent: u8,
    /// What one unit of the currency costs, in billionths of a dollar.
    rate: u64,
    calendar: Calendar,
    /// Calls that passed although nobody knew what they would cost.
    passed_unpriced: AtomicU64,
}

/// What a call may cost at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Price {
    /// Nothing, so that it passes an exhausted budget too.
    Free,
    /// So many billionths of a dollar.
    AtMost(u64),
    /// Nobody can say.
    Unknown,
}

impl Budget {
    pub(super) fn new(name: &str, config: &BudgetConfig, currencies: &Currencies) -> Self {
        Self {
            name: name.to_owned(),
            limit: config.limit,
            period: config.period,
            per: config.per,
            time_zone: config.time_zone.clone(),
            mode: config.mode,
            unpriced: config.unpriced(),
            alert_at_percent: config.alert_at_percent.unwrap_or(100),
            rate: config.rate(currencies),
            calendar: Calendar::new(config.period, config.zone()),
            passed_unpriced: AtomicU64::new(0),
        }
    }

    pub(super) fn is_rolling(&self) -> bool {
        self.period == Period::Rolling
    }

    /// When the period of `now_us` began and ends; a rolling one is counted in another way.
    pub(super) fn around(&self, now_us: u64) -> Option<(u64, u64)> {
        (!self.is_rolling()).then(|| self.calendar.around(now_us))
    }

    /// What a call to `target` may cost at worst, if `limit` is all that there is.
    pub(super) fn price(target: &Target, limit: u64, cost: Cost<'_>) -> Price {
        let named = target.policy.custom_cost.is_some();
        let kind = target.request_type();
        let asks_only = !matches!(target.method, Method::POST | Method::PUT | Method::PATCH);
        if !named && (asks_only || kind == Some("files")) {
            // A list of models, a file: no model works for it.
            return Price::Free;
        }
        if !named && kind.is_some_and(|kind| NOT_BY_THE_TOKEN.contains(&kind)) {
            return Price::Unknown;
        }
        let worst = Worst::of(target);
        let known = std::cell::Cell::new(true);
        let at_most = worst.within(limit, |usage| {
            let cost = cost(usage).and_then(|cost| u64::try_from(cost).ok());
            known.set(known.get() && cost.is_some());
            cost.unwrap_or(0)
        });
        match (known.get(), at_most) {
            (false, _) => Price::Unknown,
            // What has no text that can be read may cost anything.
            (true, 0) if worst.tokens_in() == 0 && !named => Price::Unknown,
            (true, 0) => Price::Free,
            (true, at_most) => Price::AtMost(at_most),
        }
    }

    /// Whether a call passes that nobody can price. One that passes is counted.
    pub(super) fn passes_unpriced(&self) -> bool {
        let passes = self.unpriced == Unpriced::Pass;
        self.passed_unpriced.fetch_add(u64::from(passes), Relaxed);
        passes
    }

    /// `100 EUR per month`.
    pub(super) fn what(&self) -> String {
        let per = match self.period {
            Period::Day => " per day".to_owned(),
            Period::Week => " per week".to_owned(),
            Period::Month => " per month".to_owned(),
            Period::Rolling => self.per.map(|per| format!(" in any {per}")).unwrap_or_default(),
            Period::Total => " in all".to_owned(),
        };
        format!("{}{per}", self.limit)
    }

    /// An amount of billionths of a dollar in the budget's own currency, with as many decimals as people read.
    pub(super) fn shown(&self, nano_usd: u64) -> String {
        let amount =
            self.in_currency(nano_usd).round_dp_with_strategy(6, rust_decimal::RoundingStrategy::ToPositiveInfinity);
        format!("{} {}", amount.normalize(), self.limit.currency())
    }

    fn in_currency(&self, nano_usd: u64) -> Decimal {
        Decimal::from(nano_usd) / Decimal::from(self.rate.max(1))
    }

    /// A moment in the budget's time zone; `None` for never.
    pub(super) fn written(&self, at_us: u64) -> Option<String> {
        (0 < at_us && at_us < NEVER_US).then(|| self.calendar.written(at_us))?
    }

    pub(super) fn state(
        &self,
        by: Map<String, Value>,
        limit: u64,
        used: u64,
        reserved: u64,
        now_us: u64,
    ) -> BudgetState {
        let (starts_us, ends_us) = self.around(now_us).unwrap_or_default();
        let reserved = reserved.min(used);
        let money = |nano_usd: u64| self.in_currency(nano_usd).to_f64().unwrap_or_default();
        let percent = used_percent(used, limit);
        let remaining = limit.saturating_sub(used);
        BudgetState {
            name: self.name.clone(),
            by,
            mode: self.mode,
            period: self.period,
            per: self.per.map(|per| per.to_string()),
            time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            starts_at: self.written(starts_us),
            resets_at: self.written(ends_us),
            currency: self.limit.currency().to_string(),
            limit: money(limit),
            spent: money(used - reserved),
            reserved: money(reserved),
            remaining: money(remaining),
            limit_nano_usd: limit,
            spent_nano_usd: used - reserved,
            reserved_nano_usd: reserved,
            remaining_nano_usd: remaining,
            used_percent: percent,
            alert: percent >= f64::from(self.alert_at_percent),
            unpriced: self.passed_unpriced.load(Relaxed),
        }
    }
}

/// How much of `limit` is used, to a hundredth.
#[expect(clippy::cast_precision_loss, reason = "only to show how full it is")]
pub(super) fn used_percent(used: u64, limit: u64) -> f64 {
    if limit == 0 { 100.0 } else { (used as f64 / limit as f64 * 10_000.0).round() / 100.0 }
}

/// How the numbers are counted, printed beside them.
pub(super) const BASIS: &str = "Spent is what calls have cost that ended, by what their providers counted; where nobody said, \
    what they may have cost at most. Reserved is that for the calls of this process that are under way. \
    Unpriced is the number of calls that passed although nobody knew before what they may cost.";

/// How all budgets stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BudgetReport {
    /// How the numbers are counted, in words.
    pub basis: String,
    /// One for each budget, and for each of those who have one of their own and have spent something.
    pub budgets: Vec<BudgetState>,
}

/// How a budget stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BudgetState {
    /// Its name in the configuration.
    pub name: String,
    /// Whose it is, where everybody has one of their own.
    pub by: Map<String, Value>,
    /// What happens at its limit.
    pub mode: BudgetMode,
    /// When it begins anew.
    pub period: Period,
    /// How long a rolling period is.
    pub per: Option<String>,
    /// Where a day begins at midnight.
    pub time_zone: String,
    /// When the period began: RFC 3339; `None` for one that has no beginning.
    pub starts_at: Option<String>,
    /// When the next one begins; `None` for never.
    pub resets_at: Option<String>,
    /// The currency of the four amounts that follow.
    pub currency: String,
    /// How much may be spent.
    pub limit: f64,
    /// What was spent, by what providers counted.
    pub spent: f64,
    /// What this process's calls under way have taken, each at its worst.
    pub reserved: f64,
    /// What is left.
    pub remaining: f64,
    /// The same, exact: in billionths of a dollar.
    pub limit_nano_usd: u64,
    /// See `limit_nano_usd`.
    pub spent_nano_usd: u64,
    /// See `limit_nano_usd`.
    pub reserved_nano_usd: u64,
    /// See `limit_nano_usd`.
    pub remaining_nano_usd: u64,
    /// How much of it is used, calls under way included.
    pub used_percent: f64,
    /// Whether that is as much as was to be told.
    pub alert: bool,
    /// Calls that passed in this process although nobody knew before what they would cost; of all who have this budget.
    pub unpriced: u64,
}
