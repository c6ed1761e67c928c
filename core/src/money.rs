//! Money, exactly: decimal prices as people write them, and the price that a caller gives with one call.
//!
//! Header: <https://developers.cloudflare.com/ai-gateway/configuration/custom-costs/>

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::usage::{NanoUsd, Usage};

/// Decimals of a dollar that an [`Amount`] keeps: as many as [`Decimal`] can read.
const DECIMALS: u32 = Decimal::MAX_SCALE;

/// Units of an [`Amount`] in one nano-dollar.
const PER_NANO: u128 = 10u128.pow(DECIMALS - 9);

/// What one call costs by the caller's own word: the `cf-aig-custom-cost` header.
///
/// A price that is left out is unknown, not zero: a call that used such tokens has no cost. The cache prices default to
/// the input price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CustomCost {
    per_token_in: Option<Amount>,
    per_token_out: Option<Amount>,
    per_cache_read_token: Option<Amount>,
    per_cache_write_token: Option<Amount>,
    total_cost: Option<Amount>,
}

impl CustomCost {
    /// Reads the header's JSON object. All prices are US dollars, as numbers or as strings of numbers, with at most 28
    /// decimals that count.
    ///
    /// # Errors
    /// A sentence that names the key, when one is unknown, negative or no number, or when there is none at all.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let prices: BTreeMap<String, &RawValue> =
            serde_json::from_str(text).map_err(|_| format!("is not a JSON object of prices: {KEYS}"))?;
        let mut cost = Self::default();
        for (key, price) in &prices {
            let place = match key.as_str() {
                "per_token_in" => &mut cost.per_token_in,
                "per_token_out" => &mut cost.per_token_out,
                "per_cache_read_token" => &mut cost.per_cache_read_token,
                "per_cache_write_token" => &mut cost.per_cache_write_token,
                "total_cost" => &mut cost.total_cost,
                _ => return Err(format!("`{key}` is not a key of it: {KEYS}")),
            };
            *place = Some(Amount::parse(price.get()).map_err(|reason| format!("`{key}` {reason}"))?);
        }
        if prices.is_empty() { Err(format!("has no price: {KEYS}")) } else { Ok(cost) }
    }

    /// What a call with this usage costs, rounded once, half up; `None` where tokens or a price for them are not known.
    pub(crate) fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        if let Some(total) = self.total_cost {
            return round([total.times(1)?]);
        }
        let tokens = Billed::of(usage)?;
        let price = |price: Option<Amount>, tokens: u64| match (price, tokens) {
            (_, 0) => Some((0, 0)),
            (price, tokens) => price?.times(tokens),
        };
        round([
            price(self.per_token_in, tokens.fresh)?,
            price(self.per_cache_read_token.or(self.per_token_in), tokens.cache_read)?,
            price(self.per_cache_write_token.or(self.per_token_in), tokens.cache_write)?,
            price(self.per_token_out, tokens.out)?,
        ])
    }
}

const KEYS: &str = "use per_token_in, per_token_out, per_cache_read_token, per_cache_write_token or total_cost";

/// The tokens of a call, each in the one place where it is charged.
pub(crate) struct Billed {
    /// Input that no cache was involved in.
    pub(crate) fresh: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) out: u64,
}

impl Billed {
    /// `None` when the usage counts neither input nor output. A provider that reports more cached tokens than input
    /// tokens is not charged for the surplus.
    pub(crate) fn of(usage: &Usage) -> Option<Self> {
        if usage.tokens_in.is_none() && usage.tokens_out.is_none() {
            return None;
        }
        let all = usage.tokens_in.unwrap_or(0);
        let cache_read = usage.cache_read.unwrap_or(0).min(all);
        let cache_write = usage.cache_write.unwrap_or(0).min(all - cache_read);
        Some(Self {
            fresh: all - cache_read - cache_write,
            cache_read,
            cache_write,
            out: usage.tokens_out.unwrap_or(0),
        })
    }
}

/// US dollars with 28 decimals, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(u128);

impl Amount {
    /// Reads a JSON number or a JSON string of one, from its text, so that no binary fraction comes in between.
    fn parse(json: &str) -> Result<Self, &'static str> {
        match json.strip_prefix('"') {
            Some(text) => Self::from_decimal(text.strip_suffix('"').unwrap_or(text)),
            None => Self::from_decimal(json),
        }
    }

    /// Reads a decimal such as `0.15` or `1.5e-7`.
    pub(crate) fn from_decimal(text: &str) -> Result<Self, &'static str> {
        // `Decimal` takes more than JSON does, such as `1_000` and `+1`.
        if serde_json::from_str::<serde_json::Number>(text).is_err() {
            return Err("is not a number");
        }
        let decimal =
            if text.contains(['e', 'E']) { Decimal::from_scientific_lossy(text) } else { text.parse::<Decimal>() };
        let decimal = decimal.map_err(|_| "is too large, or finer than 28 decimals")?;
        if decimal.is_sign_negative() && !decimal.is_zero() {
            return Err("is negative");
        }
        u128::try_from(decimal.mantissa())
            .ok()
            .and_then(|mantissa| mantissa.checked_mul(10u128.pow(DECIMALS - decimal.scale())))
            .map_or(Err("is too large"), |units| Ok(Self(units)))
    }

    /// The amount in whole nano-dollars; `None` when it is finer than that or too large.
    pub(crate) fn nanos(self) -> Option<u64> {
        self.0.is_multiple_of(PER_NANO).then(|| u64::try_from(self.0 / PER_NANO).ok())?
    }

    /// `tokens` times this amount: whole nano-dollars, and what is over in units of an amount.
    fn times(self, tokens: u64) -> Option<(u128, u128)> {
        let tokens = u128::from(tokens);
        // Below 10^19 times below 2^64: this cannot overflow. The whole nano-dollars may.
        let fraction = (self.0 % PER_NANO) * tokens;
        let whole = (self.0 / PER_NANO).checked_mul(tokens)?.checked_add(fraction / PER_NANO)?;
        Some((whole, fraction % PER_NANO))
    }
}

fn round<const N: usize>(parts: [(u128, u128); N]) -> Option<NanoUsd> {
    let over: u128 = parts.iter().map(|(_, over)| over).sum();
    let whole = parts.iter().try_fold(0u128, |sum, (whole, _)| sum.checked_add(*whole))?;
    NanoUsd::try_from(whole.checked_add((over + PER_NANO / 2) / PER_NANO)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(tokens_in: u64, cache_read: u64, cache_write: u64, tokens_out: u64) -> Usage {
        Usage {
            tokens_in: Some(tokens_in),
            tokens_out: Some(tokens_out),
            cache_read: Some(cache_read),
            cache_write: Some(cache_write),
            ..Usage::default()
        }
    }

    fn cost(header: &str, usage: &Usage) -> Option<NanoUsd> {
        CustomCost::parse(header).unwrap().cost(usage)
    }

    #[test]
    fn the_documented_example() {
        // One dollar a million in, two a million out: 13 in and 5 out are 13,000 + 10,000 nano-dollars.
        let header = r#"{"per_token_in":0.000001,"per_token_out":0.000002}"#;
        assert_eq!(cost(header, &usage(13, 0, 0, 5)), Some(23_000));
        assert_eq!(cost(r#"{"per_token_in":"1e-6","per_token_out":2E-6}"#, &usage(13, 0, 0, 5)), Some(23_000));
    }

    #[test]
    fn cached_tokens_are_charged_once() {
        let both =
            r#"{"per_token_in":1e-6,"per_token_out":0,"per_cache_read_token":1e-7,"per_cache_write_token":2e-6}"#;
        assert_eq!(cost(both, &usage(100, 60, 30, 9)), Some(10 * 1000 + 60 * 100 + 30 * 2000));
        let read = r#"{"per_token_in":1e-6,"per_token_out":0,"per_cache_read_token":1e-7}"#;
        assert_eq!(cost(read, &usage(100, 60, 30, 9)), Some(40 * 1000 + 60 * 100));
        let neither = r#"{"per_token_in":1e-6,"per_token_out":0}"#;
        assert_eq!(cost(neither, &usage(100, 60, 30, 9)), Some(100 * 1000));
        assert_eq!(cost(both, &usage(10, 60, 30, 0)), Some(10 * 100), "more cached than there is");
    }

    #[test]
    fn a_total_needs_no_tokens() {
        assert_eq!(cost(r#"{"total_cost":0.25,"per_token_in":9}"#, &Usage::default()), Some(250_000_000));
        assert_eq!(cost(r#"{"total_cost":0}"#, &Usage::default()), Some(0));
    }

    #[test]
    fn what_is_not_known_has_no_cost() {
        let header = r#"{"per_token_in":1e-6}"#;
        assert_eq!(cost(header, &Usage::default()), None, "no tokens");
        assert_eq!(cost(header, &usage(5, 0, 0, 1)), None, "no price for output");
        assert_eq!(cost(header, &Usage { tokens_in: Some(5), ..Usage::default() }), Some(5000), "embeddings");
        assert_eq!(cost(r#"{"per_token_in":999999}"#, &usage(u64::MAX, 0, 0, 0)), None, "beyond i64");
    }

    #[test]
    fn sums_are_exact_and_rounded_once() {
        // A third of a nano-dollar, three times over, is one nano-dollar only if nothing is rounded on the way.
        let fine = r#"{"per_token_in":3.333333333333333333e-10,"per_token_out":3.333333333333333334e-10}"#;
        assert_eq!(cost(fine, &usage(2, 0, 0, 1)), Some(1));
        assert_eq!(cost(r#"{"per_token_in":5e-10}"#, &usage(1, 0, 0, 0)), Some(1), "half goes up");
        assert_eq!(cost(r#"{"per_token_in":4.999999999999999999e-10}"#, &usage(1, 0, 0, 0)), Some(0));
        // As a binary fraction a tenth is a little more than a tenth, which ten thousand million of them would show.
        assert_eq!(cost(r#"{"per_token_in":0.1}"#, &usage(10_000_000_000, 0, 0, 0)), Some(1_000_000_000_000_000_000));
        assert_eq!(cost(r#"{"per_token_in":0.0000000000000000000000000000000001}"#, &usage(9, 0, 0, 0)), Some(0));
    }

    #[test]
    fn what_cannot_be_a_price_is_refused_by_its_key() {
        for (header, names) in [
            (r#"{"per_token_in":-1}"#, "`per_token_in` is negative"),
            (r#"{"per_token_out":"x"}"#, "`per_token_out` is not a number"),
            (r#"{"per_token_out":"1_0"}"#, "`per_token_out` is not a number"),
            (r#"{"per_token_out":null}"#, "`per_token_out` is not a number"),
            (r#"{"per_token_out":true}"#, "`per_token_out` is not a number"),
            (r#"{"per_token_out":""}"#, "`per_token_out` is not a number"),
            (r#"{"total_cost":1e400}"#, "`total_cost` is not a number"),
            (r#"{"total_cost":1e27}"#, "`total_cost` is too large"),
            (r#"{"per_token_inn":1}"#, "`per_token_inn`"),
            ("{}", "no price"),
            ("[]", "not a JSON object"),
            ("", "not a JSON object"),
        ] {
            let reason = CustomCost::parse(header).unwrap_err();
            assert!(reason.contains(names), "{header}: {reason}");
        }
        assert!(CustomCost::parse(r#"{"total_cost":-0}"#).is_ok());
    }
}
