//! What a call used and what it cost: usage out of answers, streamed or not, prices, and token counts before a call.

mod answer;
mod meter;
mod prices;
#[cfg(feature = "tokens")]
mod tokens;
mod usage;

pub(crate) use meter::{Meter, Metered};
pub(crate) use prices::{Price, Prices};
#[cfg(feature = "tokens")]
pub use tokens::{ChatMessage, TokenCount, TokenInput, count_tokens};
pub(crate) use usage::{model_of, usage_of};

use crate::money::CustomCost;
use crate::usage::{NanoUsd, Usage};

/// What a call cost, and whether that is the caller's own `cf-aig-custom-cost`, which comes before every price list.
pub(crate) fn cost(
    prices: &Prices,
    custom: Option<&CustomCost>,
    provider: &str,
    model: &str,
    usage: &Usage,
) -> (Option<NanoUsd>, bool) {
    match custom {
        Some(custom) => {
            let cost = custom.cost(usage);
            (cost, cost.is_some())
        }
        None => (prices.cost(provider, model, usage), false),
    }
}
