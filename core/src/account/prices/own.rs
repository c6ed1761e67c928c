//! The prices that a configuration names.

use super::rates::{Kind, Rates};
use super::row::Row;
use crate::config::{Money, PriceConfig};

/// The row of `name`.
pub(super) fn row(name: &str, price: &PriceConfig) -> Row {
    let mut rates = Rates::default();
    let named = [
        (Kind::Input, Some(price.input)),
        (Kind::Output, Some(price.output)),
        (Kind::CacheRead, price.cache_read),
        (Kind::CacheWrite, price.cache_write),
    ];
    for (kind, money) in named {
        if let Some(nano) = money.and_then(|money: Money| u64::try_from(money.nano_usd()).ok()) {
            rates.set(kind, nano.into());
        }
    }
    Row { name: name.to_owned(), rates, ..Row::default() }
}
