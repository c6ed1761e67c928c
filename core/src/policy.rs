//! What applies to one target: the gateway's settings, overridden by the request's headers, overridden by the entry's.

mod cache;
mod control;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use self::cache::{CachePolicy, Use};
use crate::config::{Backoff, Cause, Config, HedgeTo};
use crate::headers::{self, request as name};
use crate::metadata;
use crate::money::CustomCost;
use crate::refusal::{Refusal, code, quoted};

/// The reference's bounds: five attempts, five seconds between them, one month in the cache.
const MAX_ATTEMPTS: u32 = 5;
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);
pub(crate) const MAX_CACHE_TTL: Duration = Duration::from_secs(31 * 24 * 3600);

/// The priority of a call that names none, and the highest.
const PRIORITY: u8 = 5;
const MAX_PRIORITY: u8 = 9;

/// The settings of one target.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) cache: CachePolicy,
    pub(crate) retry: RetryPolicy,
    /// To the first part of the answer.
    pub(crate) timeout: Option<Duration>,
    pub(crate) hedge: HedgePolicy,
    pub(crate) log: bool,
    pub(crate) payloads: bool,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) event_id: Option<String>,
    pub(crate) custom_cost: Option<CustomCost>,
    /// Whose turn it is first where calls wait for a limit.
    pub(crate) priority: u8,
    /// Whether a call is refused rather than changed in its translation.
    pub(crate) strict: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) delay: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) jitter_percent: u8,
    pub(crate) on: Arc<[Cause]>,
}

/// When a second call is made beside one that does not begin to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HedgePolicy {
    pub(crate) after: Option<Duration>,
    /// In the place of `after`, where enough is known.
    pub(crate) percentile: Option<u8>,
    pub(crate) to: HedgeTo,
}

impl HedgePolicy {
    /// The same, with a time that was named for this call.
    pub(crate) fn named(self, after: Duration) -> Self {
        Self { after: Some(after).filter(|after| !after.is_zero()), percentile: None, ..self }
    }
}

/// The `config` object of a universal entry.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryConfig {
    request_timeout: Option<u64>,
    max_attempts: Option<u32>,
    retry_delay: Option<u64>,
    backoff: Option<String>,
    hedge_after: Option<u64>,
}

impl Policy {
    /// The gateway's own settings.
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            cache: CachePolicy::of(config),
            retry: RetryPolicy {
                max_attempts: u32::from(config.retries.max_attempts),
                delay: config.retries.delay.duration(),
                backoff: config.retries.backoff,
                jitter_percent: config.retries.jitter_percent,
                on: config.retries.on.as_slice().into(),
            },
            timeout: config.timeouts.first_byte(),
            hedge: HedgePolicy {
                after: config.hedging.after(),
                percentile: config.hedging.percentile,
                to: config.hedging.to,
            },
            log: config.logs.enabled && cfg!(feature = "sqlite"),
            payloads: config.logs.payloads,
            metadata: Map::new(),
            event_id: None,
            custom_cost: None,
            priority: PRIORITY,
            strict: config.translation.strict,
        }
    }

    /// These settings under the headers of a request or an entry. Numbers over a bound of the reference are cut to it;
    /// what is no number at all is refused.
    pub(crate) fn under(mut self, headers: &HeaderMap) -> Result<Self, Refusal> {
        self.cache.under(headers)?;
        if let Some(timeout_ms) = number(headers, &name::REQUEST_TIMEOUT)? {
            self.timeout = timeout(timeout_ms);
        }
        if let Some(attempts) = number(headers, &name::MAX_ATTEMPTS)? {
            self.retry.max_attempts = attempts_within(attempts);
        }
        if let Some(delay_ms) = number(headers, &name::RETRY_DELAY)? {
            self.retry.delay = Duration::from_millis(delay_ms).min(MAX_RETRY_DELAY);
        }
        if let Some(text) = headers::text(headers, &name::BACKOFF) {
            self.retry.backoff = backoff(&text, name::BACKOFF.as_str())?;
        }
        if let Some(after_ms) = number(headers, &name::HEDGE_AFTER)? {
            self.hedge = self.hedge.named(Duration::from_millis(after_ms));
        }
        if let Some(log) = flag(headers, &name::COLLECT_LOG)? {
            self.log = log;
        }
        if let Some(payloads) = flag(headers, &name::COLLECT_LOG_PAYLOAD)? {
            self.payloads = payloads;
        }
        if let Some(id) = headers::text(headers, &name::EVENT_ID) {
            self.event_id = Some(id.into_owned());
        }
        if let Some(text) = headers::text(headers, &name::METADATA) {
            self.metadata = metadata_of(&text)?;
        }
        if let Some(text) = headers::text(headers, &name::CUSTOM_COST) {
            let cost = CustomCost::parse(&text).map_err(|reason| bad(&name::CUSTOM_COST, reason))?;
            self.custom_cost = Some(cost);
        }
        if let Some(priority) = number(headers, &name::PRIORITY)? {
            self.priority = u8::try_from(priority).unwrap_or(MAX_PRIORITY).min(MAX_PRIORITY);
        }
        if let Some(strict) = flag(headers, &name::STRICT)? {
            self.strict = strict;
        }
        Ok(self)
    }

    /// These settings under an entry's `config`, which yields to the entry's own headers.
    pub(crate) fn under_config(mut self, config: &EntryConfig) -> Result<Self, Refusal> {
        if let Some(timeout_ms) = config.request_timeout {
            self.timeout = timeout(timeout_ms);
        }
        if let Some(attempts) = config.max_attempts {
            self.retry.max_attempts = attempts_within(u64::from(attempts));
        }
        if let Some(delay_ms) = config.retry_delay {
            self.retry.delay = Duration::from_millis(delay_ms).min(MAX_RETRY_DELAY);
        }
        if let Some(text) = &config.backoff {
            self.retry.backoff = backoff(text, "config.backoff")?;
        }
        if let Some(after_ms) = config.hedge_after {
            self.hedge = self.hedge.named(Duration::from_millis(after_ms));
        }
        Ok(self)
    }
}

fn timeout(milliseconds: u64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}

fn attempts_within(attempts: u64) -> u32 {
    u32::try_from(attempts).unwrap_or(MAX_ATTEMPTS).clamp(1, MAX_ATTEMPTS)
}

fn backoff(text: &str, field: &str) -> Result<Backoff, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "constant" => Ok(Backoff::Constant),
        "linear" => Ok(Backoff::Linear),
        "exponential" => Ok(Backoff::Exponential),
        other => {
            let message = format!("{} is not a backoff; use constant, linear or exponential", quoted(other));
            Err(Refusal::bad(code::BAD_PARAMETER, field, message))
        }
    }
}

fn metadata_of(text: &str) -> Result<Map<String, Value>, Refusal> {
    let Ok(Value::Object(entries)) = serde_json::from_str(text) else {
        return Err(bad(&name::METADATA, "not a JSON object; send something like {\"user\": \"123\"}"));
    };
    metadata::flat(&entries).map_err(|reason| bad(&name::METADATA, reason))
}

fn flag(headers: &HeaderMap, name: &HeaderName) -> Result<Option<bool>, Refusal> {
    match headers::text(headers, name).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0" | "") => Ok(Some(false)),
        Some(other) => Err(bad(name, format!("{} is neither true nor false", quoted(other)))),
    }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Refusal> {
    let text = headers::text(headers, name).unwrap_or_default();
    match text.trim() {
        "" => Ok(None),
        text => match u64::from_str(text) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(bad(name, format!("{} is not a whole number of 0 or more", quoted(text)))),
        },
    }
}

fn bad(name: &HeaderName, reason: impl std::fmt::Display) -> Refusal {
    Refusal::bad(code::BAD_PARAMETER, name.as_str(), reason)
}
