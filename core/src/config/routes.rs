//! Named routes: which models may answer for `dynamic/{name}`, and when which of them does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Config, Money, Span, validate};
use crate::error::Error;
use crate::record::Failure;

/// A route, called as the model `dynamic/{name}`: a list of models in `try`, or a graph in `file` or `elements`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RouteConfig {
    /// The models that may answer, as `provider/model`, at least one and at most 1,000.
    #[serde(rename = "try")]
    pub models: Vec<String>,
    /// Which of them is asked first, and which next.
    pub strategy: Strategy,
    /// Shares for the strategies `weighted`, `least_busy` and `sticky`, by model: 0 to 1,000,000, 1 without it.
    pub weights: BTreeMap<String, u32>,
    /// What the strategy `sticky` holds on to: `metadata.{key}`, `headers.{name}` or `body.{field}`.
    pub sticky_by: Option<String>,
    /// The failures after which the next one is asked. Other failures are the answer.
    pub on: Vec<Failure>,
    /// Models that are asked instead of the rest of `try`, by the failure that came first.
    pub instead: InsteadConfig,
    /// Models that cost more are skipped, and so are those whose price is not known.
    pub max_price: Option<MaxPrice>,
    /// When a model is left alone for a while.
    pub breaker: BreakerConfig,
    /// From sending a request to the first byte of its answer, up to 1 day; `timeouts.first_byte` without it.
    pub first_byte: Option<Span>,
    /// After so long without an answer a second call is made beside it, up to 1 day; `hedging.after` without it, and never
    /// with `"0"`.
    pub hedge_after: Option<Span>,
    /// The file with the graph: JSON, in the reference's form. It is looked at once a second while it is in use, and read
    /// again when it has changed.
    #[serde(serialize_with = "super::as_text")]
    pub file: Option<PathBuf>,
    /// The graph itself: the reference's list of elements.
    #[schemars(schema_with = "objects")]
    pub elements: Option<Vec<Value>>,
}

/// What an element holds is checked where routes are made.
fn objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "items": { "type": "object" } })
}

impl Default for RouteConfig {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            strategy: Strategy::default(),
            weights: BTreeMap::new(),
            sticky_by: None,
            on: vec![Failure::Outage, Failure::RateLimit, Failure::ContextWindow, Failure::NotFound],
            instead: InsteadConfig::default(),
            max_price: None,
            breaker: BreakerConfig::default(),
            first_byte: None,
            hedge_after: None,
            file: None,
            elements: None,
        }
    }
}

/// Which model is asked first, and which next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// In the order in which they are written.
    #[default]
    Ordered,
    /// By chance, according to their weights.
    Weighted,
    /// The one with the fewest calls under way for its weight.
    LeastBusy,
    /// Of two drawn by chance the quicker one: time to the first byte, lately and at its worst, times the calls under way.
    LowestLatency,
    /// The cheapest by its price list, input and output together.
    LowestCost,
    /// The same one for the same `sticky_by`, spread by weight.
    Sticky,
}

/// Models that are asked instead, by the failure that came first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InsteadConfig {
    /// After no answer, 408, 425, or 500 and above.
    pub outage: Vec<String>,
    /// After 429.
    pub rate_limit: Vec<String>,
    /// After a request that is too long for the model.
    pub context_window: Vec<String>,
    /// After a refusal because of the content.
    pub refusal: Vec<String>,
    /// After 401, 402 or 403.
    pub auth: Vec<String>,
    /// After 404.
    pub not_found: Vec<String>,
    /// After any other 4xx.
    pub request: Vec<String>,
}

impl InsteadConfig {
    /// Every list with its failure.
    pub(crate) fn lists(&self) -> [(Failure, &[String]); 7] {
        [
            (Failure::Outage, &self.outage),
            (Failure::RateLimit, &self.rate_limit),
            (Failure::ContextWindow, &self.context_window),
            (Failure::Refusal, &self.refusal),
            (Failure::Auth, &self.auth),
            (Failure::NotFound, &self.not_found),
            (Failure::Request, &self.request),
        ]
    }
}

/// The highest price of a model, per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaxPrice {
    /// For input tokens.
    pub input: Option<Money>,
    /// For output tokens.
    pub output: Option<Money>,
}

/// When a model is left alone for a while.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// After so many outages and rate limits in a row. 0 leaves no model alone.
    pub failures: u32,
    /// For so long, 1 ms to 1 day; then a single call probes whether it is back.
    pub pause: Span,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 5, pause: Span::from_millis(30_000) }
    }
}

/// What happens to a stream that breaks.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StreamsConfig {
    /// What is done about it.
    pub broken: Broken,
    /// With `restart`: so many pieces of text are held back before the first is passed on, 1 to 1,000. A piece is an event
    /// with text in it, mostly a token.
    #[schemars(range(min = 1, max = 1000))]
    pub hold_tokens: u16,
}

impl Default for StreamsConfig {
    fn default() -> Self {
        Self { broken: Broken::default(), hold_tokens: 20 }
    }
}

/// How a call is carried to a provider of another format.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TranslationConfig {
    /// Whether a call that cannot be carried as it is, is refused; otherwise it is changed, and the changes are named.
    pub strict: bool,
}

/// What is done about a stream that breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// It is an error in the caller's hands.
    #[default]
    Error,
    /// If nothing of it was passed on yet, it is a failed try: it is tried again, or the next target is asked.
    Restart,
    /// The next target goes on from the text so far, where it takes a beginning; plain text of chats only.
    Continue,
}

/// How the chats of a provider take the beginning of an answer: as a last message of the assistant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prefill {
    /// As it is.
    Plain,
    /// With `prefix: true`.
    Prefix,
    /// With `partial: true`.
    Partial,
}

/// What is known of a model beyond its price. What is not said is not known, and nothing is skipped for it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Tokens that a request and its answer may have together.
    pub context_tokens: Option<u64>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it reads images.
    pub images: Option<bool>,
}

impl Config {
    /// Checks what a route's durations may be; the rest is checked where routes are made, which needs the providers.
    pub(super) fn check_routes(&self) -> Result<(), Error> {
        self.routes.iter().try_for_each(|(name, route)| route.check(&format!("routes.{name}")))
    }
}

impl RouteConfig {
    pub(crate) fn check(&self, at: &str) -> Result<(), Error> {
        let least = Span::from_millis(1);
        validate::within(&format!("{at}.breaker.pause"), self.breaker.pause, least, validate::DAY, "")?;
        let hint = "; without it timeouts.first_byte holds";
        let first_byte = self.first_byte.unwrap_or_default();
        validate::within(&format!("{at}.first_byte"), first_byte, Span::default(), validate::DAY, hint)?;
        let hedge_after = self.hedge_after.unwrap_or_default();
        validate::within(
            &format!("{at}.hedge_after"),
            hedge_after,
            Span::default(),
            validate::DAY,
            "; \"0\" hedges nothing",
        )
    }
}
