//! What the gateway is told at the start: one document, the same in every language.
//!
//! Everything has a default, so an empty configuration works. Unknown keys are errors. Durations, sizes and money are
//! written with their unit; every duration may also be given as a plain number of milliseconds under its name with
//! `_ms` (`ttl_ms = 60000`). Where a setting can be switched off, zero switches it off.

mod amount;
mod budgets;
mod cache;
mod cause;
mod ceiling;
mod credits;
mod dimension;
mod explain;
mod hedging;
mod ignore;
mod limits;
mod load;
mod milliseconds;
mod nearest;
mod path;
mod prices;
mod quantity;
mod routes;
mod schema;
mod semantic;
mod stores;
mod units;
mod uploads;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::path::as_text;
use crate::secret::Secret;
use crate::usage::Format;

pub use amount::{Amount, Currency};
#[cfg(feature = "sqlite")]
pub(crate) use budgets::rate;
pub use budgets::{BudgetConfig, BudgetMode, Currencies, Period, Unpriced};
pub use cache::{CacheConfig, CacheControl, CacheMode, Replay};
pub use cause::Cause;
pub use ceiling::Ceiling;
pub use credits::{CreditsConfig, WalletConfig};
pub use dimension::{By, Dimension};
pub(crate) use explain::without_values;
pub use hedging::{HedgeTo, HedgingConfig};
pub use limits::{AtLimit, Count, LimitMode, LimitRule, LimitsConfig, QuotaConfig, Technique};
pub(crate) use nearest::nearest;
pub use prices::PriceConfig;
pub use routes::{
    BreakerConfig, Broken, InsteadConfig, MaxPrice, ModelConfig, Prefill, RouteConfig, Strategy, StreamsConfig,
    TranslationConfig,
};
pub use semantic::{SemanticConfig, SemanticMode};
pub use units::{Money, Size, Span};
pub use uploads::UploadConfig;

/// The configuration of a gateway.
///
/// ```
/// let config = tollhouse::Config::from_toml(r#"
///     [cache]
///     ttl = "1h"
///     [limits]
///     requests = { limit = 100, per = "1m" }
/// "#)?;
/// assert_eq!(config.cache.ttl().unwrap().as_secs(), 3600);
/// # Ok::<(), tollhouse::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The gateway's id, as it stands in URLs and logs: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub id: String,
    /// Answers that are given again without a call.
    pub cache: CacheConfig,
    /// How much may go out.
    pub limits: LimitsConfig,
    /// How much may be spent, under names of your own.
    pub budgets: BTreeMap<String, BudgetConfig>,
    /// Prepaid credit.
    pub credits: CreditsConfig,
    /// What one unit of a currency costs: `EUR = "1.08 USD"`.
    pub currencies: Currencies,
    /// What is tried again.
    pub retries: RetryConfig,
    /// How long is waited.
    pub timeouts: TimeoutConfig,
    /// When a second call is made beside one that does not begin to answer.
    pub hedging: HedgingConfig,
    /// Settings by provider slug. A slug that is not in the catalogue makes a provider of your own, used as
    /// `custom-{slug}`.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Prices by `provider/model`; they go before the built-in ones. `*` in a name stands for anything.
    pub prices: BTreeMap<String, PriceConfig>,
    /// What models can do, by `provider/model`: a route skips those that cannot serve a request.
    pub models: BTreeMap<String, ModelConfig>,
    /// Routes by name; each is the model `dynamic/{name}`.
    pub routes: BTreeMap<String, RouteConfig>,
    /// What happens to a stream that breaks.
    pub streams: StreamsConfig,
    /// How a call is carried to a provider of another format.
    pub translation: TranslationConfig,
    /// What is remembered of each call.
    pub logs: LogsConfig,
    /// Where logs are sent to as well, by names of your own.
    pub uploads: BTreeMap<String, UploadConfig>,
    /// The server on the loopback interface.
    pub server: ServerConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            id: "default".to_owned(),
            cache: CacheConfig::default(),
            limits: LimitsConfig::default(),
            budgets: BTreeMap::new(),
            credits: CreditsConfig::default(),
            currencies: BTreeMap::new(),
            retries: RetryConfig::default(),
            timeouts: TimeoutConfig::default(),
            hedging: HedgingConfig::default(),
            providers: BTreeMap::new(),
            prices: BTreeMap::new(),
            models: BTreeMap::new(),
            routes: BTreeMap::new(),
            streams: StreamsConfig::default(),
            translation: TranslationConfig::default(),
            logs: LogsConfig::default(),
            uploads: BTreeMap::new(),
            server: ServerConfig::default(),
        }
    }
}

/// What is tried again at the same target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// How often a target is tried, the first time included: 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    pub max_attempts: u8,
    /// What is waited before the second try, up to 5 s.
    pub delay: Span,
    /// How the delay grows.
    pub backoff: Backoff,
    /// By how much a wait may be shortened by chance, in percent, so that many callers do not come back at once: 0 to 100.
    #[schemars(range(max = 100))]
    pub jitter_percent: u8,
    /// After what is tried again: `not_sent`, `maybe_processed`, a status such as `429`, or `5xx`.
    pub on: Vec<Cause>,
    /// How many calls more a provider may get by retries, in percent of the calls to it: 0 to 100. Ten retries are always
    /// free, so that a few calls alone are tried again as they ask. 0 sets no bound.
    #[schemars(range(max = 100))]
    pub budget_percent: u8,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 1,
            delay: Span::from_millis(500),
            backoff: Backoff::default(),
            jitter_percent: 0,
            on: Cause::USUAL.to_vec(),
            budget_percent: 10,
        }
    }
}

/// How the delay between tries grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Always the same: d, d, d.
    Constant,
    /// d, 2d, 3d.
    Linear,
    /// d, 2d, 4d.
    #[default]
    Exponential,
}

/// How long is waited. Zero waits for ever, where that is allowed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeoutConfig {
    /// For a connection to a provider: 1 ms to 1 day.
    pub connect: Span,
    /// From sending a request to the first byte of its answer, up to 1 day. A stream that began in time is not cut.
    pub first_byte: Option<Span>,
    /// From the call to the end of its answer, all tries, targets and waits included, up to 1 day. A stream is cut too.
    pub total: Option<Span>,
    /// Between two chunks of an answer, up to 1 day; 10 minutes without it, as the providers' SDKs have it.
    pub between_chunks: Option<Span>,
}

impl TimeoutConfig {
    /// How long the first byte may take, or `None` for ever.
    #[must_use]
    pub fn first_byte(&self) -> Option<Duration> {
        Span::unless_zero(self.first_byte)
    }

    /// How long a call may take in all, or `None` for ever.
    #[must_use]
    pub fn total(&self) -> Option<Duration> {
        Span::unless_zero(self.total)
    }

    /// How long the next chunk may take, or `None` for ever.
    #[must_use]
    pub fn between_chunks(&self) -> Option<Duration> {
        Span::unless_zero(self.between_chunks)
    }
}

impl Default for TimeoutConfig {
    fn default() -> Self {
        Self {
            connect: Span::from_millis(10_000),
            first_byte: None,
            total: None,
            between_chunks: Some(Span::from_millis(600_000)),
        }
    }
}

/// Settings of one provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderConfig {
    /// The key, used where a request brings none. Without it the variables that the provider's own SDK reads are asked.
    pub key: Option<Secret>,
    /// Several keys that take turns; one that the provider refuses, or that has reached its limit, rests while the others
    /// go on.
    pub keys: Vec<Secret>,
    /// The environment variable that holds the key.
    pub key_env: Option<String>,
    /// Where the provider is: an `http` or `https` URL without credentials, query or fragment.
    #[schemars(url)]
    pub base_url: Option<String>,
    /// The format of its bodies; `openai` for a provider of your own.
    pub format: Option<Format>,
    /// How its chats take the beginning of an answer, for streams that break (`streams.broken = "continue"`). Known of
    /// the providers that document it.
    pub prefill: Option<Prefill>,
    /// Headers for every request that does not bring them itself. Their values are kept like keys.
    pub headers: BTreeMap<String, Secret>,
}

/// What is remembered of each call.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogsConfig {
    /// Whether a call is logged if its request does not say.
    pub enabled: bool,
    /// The SQLite file. Without it the log is kept in memory and ends with the gateway.
    #[serde(serialize_with = "as_text")]
    pub path: Option<PathBuf>,
    /// Whether bodies are kept if the request does not say.
    pub payloads: bool,
    /// How many logs are kept, at least 1. Without it there is no bound.
    #[schemars(range(min = 1))]
    pub max_records: Option<u64>,
    /// What happens at `max_records`.
    pub when_full: WhenFull,
    /// What an end without warning may cost.
    pub durability: Durability,
}

impl Default for LogsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: None,
            payloads: true,
            max_records: None,
            when_full: WhenFull::default(),
            durability: Durability::default(),
        }
    }
}

/// What an end without warning may cost of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// A process that is killed loses nothing that was flushed; a power cut may cost the last moments.
    #[default]
    Group,
    /// A power cut loses nothing that was flushed, at the price of a sync for each group of logs.
    Full,
}

/// What happens when the log is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// The oldest log makes room.
    #[default]
    DeleteOldest,
    /// New calls are not logged.
    StopInserting,
}

/// The server on the loopback interface.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The TCP port; 0 takes any that is free.
    pub port: u16,
    /// What requests must bring as `cf-aig-authorization: Bearer {token}`. Without it none is asked for.
    pub token: Option<Secret>,
}
