//! What a call used and what it cost: usage out of answers, streamed or not, prices, and token counts before a call.

mod answer;
mod counts;
mod member;
mod meter;
mod prices;
#[cfg(feature = "tokens")]
mod tokens;
mod usage;

pub(crate) use meter::Meter;
pub(crate) use prices::{Price, Prices};
#[cfg(feature = "tokens")]
pub use tokens::{ChatMessage, TokenCount, TokenInput, count_tokens};
pub(crate) use usage::read_answer;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_own_cost_comes_first() {
        let prices = Prices::new(std::iter::empty());
        let usage = Usage { tokens_in: Some(1000), tokens_out: Some(500), ..Usage::default() };
        let cost = |custom: Option<&str>, usage: &Usage| {
            let custom = custom.map(|header| CustomCost::parse(header).unwrap());
            super::cost(&prices, custom.as_ref(), "openai", "gpt-4o-mini", usage)
        };
        assert_eq!(cost(None, &usage), (Some(450_000), false));
        assert_eq!(cost(Some(r#"{"total_cost":1}"#), &usage), (Some(1_000_000_000), true));
        assert_eq!(cost(Some(r#"{"per_token_in":1}"#), &usage), (None, false), "no price list fills its gaps");
        assert_eq!(cost(None, &Usage::default()), (None, false));
    }
}
