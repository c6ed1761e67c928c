//! What a call holds of the limits while it is on its way: taken before it is sent, settled when it has ended.

use http::{HeaderName, HeaderValue};
use rust_decimal::Decimal;

use crate::headers::response as name;
use crate::usage::{NanoUsd, Usage};

/// Whose count it is: a digest, so that nothing of a caller or a key can be read from it.
pub(crate) type LimitKey = [u8; 16];

/// What a call took of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    /// The index of the rule.
    pub(crate) rule: usize,
    pub(crate) key: LimitKey,
    pub(crate) amount: u64,
    /// When it was taken (wall clock, microseconds).
    pub(crate) at_us: u64,
}

/// What a call holds, and how the rules stood when it took it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(crate) takes: Vec<Take>,
    /// How near the nearest limit was.
    pub(crate) standing: Option<Standing>,
    /// Rules that only observe, and would have held the call back.
    pub(crate) observed: Vec<usize>,
    /// Budgets of which so much is used that it was to be told: their paths, and words about them.
    pub(crate) alerts: Vec<(String, String)>,
    /// What it holds of a wallet.
    pub(crate) credit: Option<Credit>,
}

/// What a call holds of a wallet.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "a build without SQLite keeps no ledger"))]
pub(crate) struct Credit {
    pub(crate) wallet: String,
    /// The index of its entry in the configuration.
    pub(crate) rule: usize,
    /// The number of its hold, where there is one.
    pub(crate) hold: Option<i64>,
    /// The most that the call may draw.
    pub(crate) amount: i64,
    /// By which a repetition of the call is known.
    pub(crate) key: Option<String>,
}

impl Held {
    /// Goes on with what a part of the call took that ran beside it. What is held of other targets is settled before.
    pub(crate) fn go_on_with(&mut self, mut beside: Self) {
        beside.takes.retain(|take| !self.takes.iter().any(|own| (own.rule, own.key) == (take.rule, take.key)));
        self.takes.append(&mut beside.takes);
        self.standing = beside.standing.or(self.standing);
        self.observed.append(&mut beside.observed);
        self.alerts.append(&mut beside.alerts);
        self.credit = beside.credit.or(self.credit.take());
    }
}

/// How one rule stands after a call was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Until all of it can be had again, if nothing else is taken.
    pub(crate) reset_us: u64,
    /// Whether the amounts are billionths of a dollar.
    pub(crate) is_money: bool,
}

impl Standing {
    /// The headers that tell it: plain numbers, dollars for money, and seconds, rounded up.
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 3] {
        let amount = |amount: u64| {
            if !self.is_money {
                return amount.into();
            }
            let dollars = Decimal::from_i128_with_scale(amount.into(), 9).normalize();
            HeaderValue::from_str(&dollars.to_string()).expect("digits and a point are plain ASCII")
        };
        [
            (name::RATE_LIMIT, amount(self.limit)),
            (name::RATE_REMAINING, amount(self.remaining)),
            (name::RATE_RESET, self.reset_us.div_ceil(1_000_000).into()),
        ]
    }
}

/// What a call used in the end.
#[derive(Clone, Debug)]
pub(crate) enum Spent {
    /// No provider worked for it.
    Nothing,
    /// A provider may have worked for it, and nobody says how much: it counts as what was taken.
    Unknown,
    /// The provider's own count.
    Told(Usage, Option<NanoUsd>),
}
