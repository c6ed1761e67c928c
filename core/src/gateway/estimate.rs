//! What a call may cost, before it is made.

use serde::Serialize;
use serde_json::{Value, json};

use crate::account::{Asked, Prices};
#[cfg(feature = "tokens")]
use crate::account::{TokenInput, count_tokens};
use crate::error::Error;
#[cfg(feature = "tokens")]
use crate::error::ErrorKind;
use crate::usage::{NanoUsd, Tier, Usage, UsageDetails, UsageSource};

/// Least, likely and most of something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread<T> {
    /// It will not be less.
    pub least: T,
    /// As it usually is.
    pub likely: T,
    /// It will not be more.
    pub most: T,
}

impl<T> Spread<T> {
    fn map<U>(self, to: impl Fn(T) -> U) -> Spread<U> {
        Spread { least: to(self.least), likely: to(self.likely), most: to(self.most) }
    }
}

/// What a call may use and cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The provider's slug.
    pub provider: String,
    /// The model, without its provider.
    pub model: String,
    /// Input tokens.
    pub tokens_in: Spread<u64>,
    /// Output tokens.
    pub tokens_out: Spread<u64>,
    /// US dollars; none where the model's price is not known.
    pub cost: Option<Spread<f64>>,
    /// The same, exact: in billionths of a dollar.
    pub cost_nano_usd: Option<Spread<NanoUsd>>,
    /// The price that it comes from.
    pub priced_by: Option<String>,
    /// How it is reckoned, in words.
    pub basis: String,
}

/// What is asked for.
pub(super) struct Call<'a> {
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
    pub(super) at_us: u64,
    pub(super) tokens_in: Spread<u64>,
    /// What the model's last answers were long, in tokens, where the log has any.
    pub(super) usual: Option<u64>,
    /// The most that the model can answer.
    pub(super) longest: u64,
    pub(super) options: &'a Value,
}

const BASIS: &str = "Least: all input is read from the provider's cache, and one token is answered. \
    Likely: nothing is cached, and the answer is as long as the model's last ones in the log are on average, or where \
    there are none a quarter of the longest, and 500 tokens at most. \
    Most: all input is written to the cache where that is dearer, and the answer is as long as the request allows. \
    Counted tokens are widened by the error of the count where it is not exact.";

/// The spread of one call.
///
/// # Errors
/// `InvalidRequest` naming the option that cannot be.
pub(super) fn estimate(prices: &Prices, call: &Call<'_>) -> Result<Estimate, Error> {
    let answers = whole(call.options, &["n"])?.unwrap_or(1).max(1);
    let named = whole(call.options, &["max_completion_tokens", "max_output_tokens", "max_tokens"])?;
    let most = named.unwrap_or(call.longest).saturating_mul(answers);
    let likely = call.usual.unwrap_or((call.longest / 4).min(500)).saturating_mul(answers).min(most);
    let tokens_out = Spread { least: answers.min(most), likely, most };
    let tier = tier(call.options)?;
    let asked = Asked { provider: call.provider, model: call.model, at_us: call.at_us };
    let cost = |tokens_in: u64, tokens_out: u64, read: u64, written: u64| {
        let usage = Usage {
            source: UsageSource::Estimated,
            tokens_in: Some(tokens_in),
            tokens_out: Some(tokens_out).filter(|tokens| *tokens > 0),
            cache_read: Some(read),
            cache_write: Some(written),
            details: Some(Box::new(UsageDetails { tier, ..UsageDetails::default() })),
            ..Usage::default()
        };
        prices.cost(&asked, &usage)
    };
    let (low, high) = (call.tokens_in.least, call.tokens_in.most);
    let least = [cost(low, tokens_out.least, 0, 0), cost(low, tokens_out.least, low, 0)];
    let usual = cost(call.tokens_in.likely, likely, 0, 0);
    let dearest = [cost(high, most, 0, 0), cost(high, most, 0, high)];
    let least = least.iter().filter_map(|priced| priced.cost).min();
    let dearest = dearest.iter().filter_map(|priced| priced.cost).max();
    let cost_nano_usd = match (least, usual.cost, dearest) {
        (Some(least), Some(likely), Some(most)) => Some(Spread { least, likely, most }),
        _ => None,
    };
    Ok(Estimate {
        provider: call.provider.to_owned(),
        model: call.model.to_owned(),
        tokens_in: call.tokens_in,
        tokens_out,
        cost: cost_nano_usd.map(|spread| spread.map(dollars)),
        cost_nano_usd,
        priced_by: usual.by.filter(|_| cost_nano_usd.is_some()),
        basis: BASIS.to_owned(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "exact up to nine million dollars, and rounded beyond")]
fn dollars(nano: NanoUsd) -> f64 {
    nano as f64 / 1e9
}

/// The first of these options that is there.
fn whole(options: &Value, names: &[&str]) -> Result<Option<u64>, Error> {
    let Some((name, value)) = names.iter().find_map(|name| Some((name, options.get(*name)?))) else { return Ok(None) };
    match value {
        Value::Null => Ok(None),
        value => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Error::invalid(format!("options.{name}"), "is not a whole number of tokens, 0 or more")),
    }
}

/// The service tier that the request asks for, by OpenAI's name for it; and `batch`.
fn tier(options: &Value) -> Result<Option<Tier>, Error> {
    match options.get("service_tier").unwrap_or(&Value::Null) {
        Value::Null => Ok(None),
        value => match value.as_str() {
            Some("auto" | "default" | "standard") => Ok(None),
            Some("batch") => Ok(Some(Tier::Batch)),
            Some("flex") => Ok(Some(Tier::Flex)),
            Some("priority") => Ok(Some(Tier::Priority)),
            Some("fast") => Ok(Some(Tier::Fast)),
            _ => Err(Error::invalid("options.service_tier", "is none of default, batch, flex, priority and fast")),
        },
    }
}

/// How many tokens a chat has: as they are counted where the vocabulary is known, widened by the error of the count.
///
/// # Errors
/// `InvalidRequest` for messages or tools of another shape.
#[cfg_attr(not(feature = "tokens"), expect(clippy::unnecessary_wraps, reason = "only what counts them reads them"))]
pub(super) fn input(model: &str, messages: &Value, options: &Value) -> Result<Spread<u64>, Error> {
    let chat = json!([{ "role": "user", "content": messages }]);
    let messages = if messages.is_string() { &chat } else { messages };
    #[cfg(feature = "tokens")]
    match count_tokens(model, &TokenInput::of_chat(messages, options)?) {
        Ok(count) => return Ok(widened(count.tokens, count.error_percent)),
        Err(error) if error.kind() == ErrorKind::UnknownModel => {}
        Err(error) => return Err(error),
    }
    let _ = (model, options);
    // English has four bytes to a token, most other text three.
    let bytes = messages.to_string().len() as u64;
    Ok(widened(bytes.div_ceil(4), UNCOUNTED_PERCENT))
}

/// By how much a count by bytes may be wrong.
const UNCOUNTED_PERCENT: u64 = 50;

fn widened(tokens: u64, percent: u64) -> Spread<u64> {
    let error = tokens.saturating_mul(percent).div_ceil(100);
    Spread { least: tokens.saturating_sub(error), likely: tokens, most: tokens.saturating_add(error) }
}
