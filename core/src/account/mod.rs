//! What a call used and what it cost: usage out of answers, streamed or not, prices, and token counts before a call.

mod answer;
mod counts;
mod estimated;
mod events;
mod member;
mod meter;
mod prices;
#[cfg(feature = "tokens")]
mod tokens;
mod usage;

pub(crate) use meter::Meter;
pub(crate) use prices::{Asked, Priced, Prices};
#[cfg(feature = "tokens")]
pub use tokens::{ChatMessage, TokenCount, TokenInput, count_tokens};
pub(crate) use usage::read_answer;

use crate::money::CustomCost;
use crate::usage::Usage;

/// What a call cost, and by which price.
pub(crate) fn cost(prices: &Prices, custom: Option<&CustomCost>, asked: &Asked<'_>, usage: &Usage) -> Priced {
    match custom {
        Some(custom) => Priced::by_the_caller(custom.cost(usage)),
        None => prices.cost(asked, usage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_own_cost_comes_first() {
        let prices = Prices::new(&std::collections::BTreeMap::new());
        let usage = Usage { tokens_in: Some(1000), tokens_out: Some(500), ..Usage::default() };
        let cost = |custom: Option<&str>, usage: &Usage| {
            let custom = custom.map(|header| CustomCost::parse(header).unwrap());
            let asked = Asked { provider: "openai", model: "gpt-4o-mini", at_us: 0 };
            let call = super::cost(&prices, custom.as_ref(), &asked, usage);
            (call.cost, call.is_custom())
        };
        assert_eq!(cost(None, &usage), (Some(450_000), false));
        assert_eq!(cost(Some(r#"{"total_cost":1}"#), &usage), (Some(1_000_000_000), true));
        assert_eq!(cost(Some(r#"{"per_token_in":1}"#), &usage), (None, false), "no price list fills its gaps");
        assert_eq!(cost(None, &Usage::default()), (None, false));
    }
}
