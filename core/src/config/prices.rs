//! Prices of the caller's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::Money;

/// Prices of one model, each per million tokens unless it says otherwise; or what is taken off the catalogue's prices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PriceConfig {
    /// Input tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Money>,
    /// Output tokens. Without it what is put out has no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Money>,
    /// Input tokens that the provider's prompt cache held; without it they cost as much as other input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Money>,
    /// Input tokens written to the provider's prompt cache; without it they cost as much as other input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Money>,
    /// The same for an hour; without it they cost as much as other writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Money>,
    /// Output tokens spent on reasoning; without it they cost as much as other output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Money>,
    /// Sound that is listened to; without it it costs as much as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_in: Option<Money>,
    /// Sound that is put out; without it it costs as much as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_out: Option<Money>,
    /// Pictures that are seen; without it they cost as much as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_in: Option<Money>,
    /// Pictures that are put out; without it they cost as much as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_out: Option<Money>,
    /// A call; this and what follows is not per million.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Money>,
    /// A picture that is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Money>,
    /// A search on the web that the provider makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Money>,
    /// An hour of sound that is listened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<Money>,
    /// What is taken off the catalogue's price, in percent, 0 to 100: an agreement of your own. Not beside prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub discount_percent: Option<f64>,
}

impl PriceConfig {
    /// What is named, and its amount.
    pub(crate) fn rates(&self) -> impl Iterator<Item = (&'static str, Money)> {
        [
            ("input", self.input),
            ("output", self.output),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
            ("cache_write_1h", self.cache_write_1h),
            ("reasoning", self.reasoning),
            ("audio_in", self.audio_in),
            ("audio_out", self.audio_out),
            ("image_in", self.image_in),
            ("image_out", self.image_out),
            ("request", self.request),
            ("image", self.image),
            ("search", self.search),
            ("hour", self.hour),
        ]
        .into_iter()
        .filter_map(|(name, money)| Some((name, money?)))
    }
}
