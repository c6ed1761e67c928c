//! The prices that a configuration names.

use std::collections::BTreeMap;

use super::name::{is_pattern, matches};
use super::rates::{Kind, Rates};
use super::row::Row;
use crate::config::PriceConfig;
use crate::usage::NanoUsd;

/// A millionth of a percent, so that a discount is a whole number of them.
const WHOLE: i128 = 100_000_000;

/// What a configuration says of prices.
pub(super) struct Own {
    rows: Vec<(Row, Option<i128>)>,
}

impl Own {
    /// Names before patterns, and longer patterns before shorter ones.
    pub(super) fn new(prices: &BTreeMap<String, PriceConfig>) -> Self {
        let row = |(name, price): (&String, &PriceConfig)| {
            let mut rates = Rates::default();
            for (key, money) in price.rates() {
                let kind = Kind::ALL.iter().find(|(name, _)| *name == key).map(|(_, kind)| *kind);
                if let (Some(kind), Ok(nano)) = (kind, u64::try_from(money.nano_usd())) {
                    rates.set(kind, nano.into());
                }
            }
            (Row { name: name.clone(), rates, ..Row::default() }, price.discount_percent.map(millionths))
        };
        let mut rows: Vec<_> = prices.iter().map(row).collect();
        rows.sort_by_key(|(row, _)| (is_pattern(&row.name), std::cmp::Reverse(row.name.len())));
        Self { rows }
    }

    /// The price of a model, of its names the best first.
    pub(super) fn price(&self, names: &[(&str, &str)]) -> Option<&Row> {
        self.find(names, |(row, _)| (!row.rates.is_empty()).then_some(row))
    }

    /// What is taken off the catalogue's price, and the name that says so.
    pub(super) fn discount(&self, names: &[(&str, &str)]) -> Option<Discount<'_>> {
        self.find(names, |(row, off)| Some(Discount { name: &row.name, off: (*off)? }))
    }

    fn find<'a, T>(&'a self, names: &[(&str, &str)], pick: impl Fn(&'a (Row, Option<i128>)) -> Option<T>) -> Option<T> {
        if self.rows.is_empty() {
            return None;
        }
        names.iter().find_map(|(provider, name)| {
            let full = format!("{provider}/{name}");
            let is_meant = |row: &Row| row.name == full || row.name == *name || matches(&row.name, &full);
            self.rows.iter().filter(|(row, _)| is_meant(row)).find_map(&pick)
        })
    }
}

/// An agreement with a provider.
pub(super) struct Discount<'a> {
    pub(super) name: &'a str,
    off: i128,
}

impl Discount<'_> {
    /// What is left of a cost, rounded half up.
    pub(super) fn of(&self, cost: NanoUsd) -> NanoUsd {
        let left = (i128::from(cost) * (WHOLE - self.off) + WHOLE / 2) / WHOLE;
        NanoUsd::try_from(left).unwrap_or(cost)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the configuration holds it to 0 to 100")]
fn millionths(percent: f64) -> i128 {
    (percent * 1e6).round() as i128
}
