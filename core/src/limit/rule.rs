//! A rule as the road needs it: what it counts, how much passes, and whose count a call belongs to.

use std::borrow::Cow;
use std::time::Duration;

use http::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::config::{Ceiling, Config, Count, Dimension, LimitMode, LimitRule, Span, Technique};
use crate::exchange::Target;
use crate::held::LimitKey;
use crate::refusal::quoted;

/// How much passes in which time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) limit: u64,
    /// At least 1, except for what is held.
    pub(crate) span_us: u64,
    pub(crate) pace: Pace,
}

impl Terms {
    /// One of `shares` equal shares of it.
    pub(super) fn share(&self, shares: u64) -> Self {
        Self { limit: (self.limit / shares.max(1)).max(1), ..*self }
    }
}

/// How a count goes down again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Fixed,
    Sliding,
    Bucket,
    /// When it is given back, and never by itself.
    Held,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The path of its table in the configuration.
    pub(crate) path: String,
    pub(crate) count: Count,
    pub(crate) terms: Terms,
    pub(crate) observe: bool,
    pub(crate) max_wait: Option<Duration>,
    /// As the configuration writes them, for messages.
    limit: Ceiling,
    per: Option<Span>,
    by: Vec<Dimension>,
    when: Vec<(Dimension, String)>,
    scope: String,
    /// The key where calls are not told apart.
    shared: LimitKey,
}

impl Rule {
    /// The rules of `config` that are switched on, in its order.
    pub(crate) fn all(config: &Config) -> Vec<Self> {
        config.limits.active().map(|(path, count, rule)| Self::new(&config.id, path, count, rule)).collect()
    }

    fn new(scope: &str, path: String, count: Count, rule: &LimitRule) -> Self {
        let pace = match rule.technique.unwrap_or_default() {
            _ if count == Count::Concurrency => Pace::Held,
            Technique::Fixed => Pace::Fixed,
            Technique::Sliding => Pace::Sliding,
            Technique::TokenBucket => Pace::Bucket,
        };
        let span_us = rule.per.map_or(0, |per| per.millis().saturating_mul(1_000));
        Self {
            count,
            terms: Terms { limit: rule.limit.amount(), span_us, pace },
            observe: rule.mode == LimitMode::Observe,
            max_wait: rule.max_wait().map(Span::duration),
            limit: rule.limit,
            per: rule.per,
            by: rule.by.dimensions().to_vec(),
            when: rule.when.iter().map(|(dimension, value)| (dimension.clone(), value.clone())).collect(),
            scope: scope.to_owned(),
            shared: key(scope, &path, &[]),
            path,
        }
    }

    /// Whose count a call to `target` belongs to, or `None` if the rule is not for such calls.
    pub(super) fn key(&self, target: &Target) -> Option<LimitKey> {
        let holds = |(dimension, pattern): &(Dimension, String)| matches(pattern, &value(dimension, target));
        if !self.when.iter().all(holds) {
            return None;
        }
        if self.by.is_empty() {
            return Some(self.shared);
        }
        let values: Vec<_> = self.by.iter().map(|dimension| value(dimension, target)).collect();
        Some(key(&self.scope, &self.path, &values))
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> LimitKey {
        self.shared
    }

    /// ` of metadata.user "123"`, for messages. A key is never shown, not even its digest.
    pub(super) fn whose(&self, target: &Target) -> String {
        let who = |dimension: &Dimension| match dimension {
            Dimension::Key => "this key".to_owned(),
            other => match value(other, target).as_ref() {
                "" => format!("calls without {other}"),
                value => format!("{other} {}", quoted(value)),
            },
        };
        let all: Vec<_> = self.by.iter().map(who).collect();
        if all.is_empty() { String::new() } else { format!(" of {}", all.join(", ")) }
    }

    /// `100 requests per 1m`.
    pub(super) fn what(&self) -> String {
        let things = match self.count {
            Count::Requests => " requests",
            Count::Tokens => " tokens",
            Count::TokensIn => " input tokens",
            Count::TokensOut => " output tokens",
            Count::Cost => "",
            Count::Concurrency => " calls at once",
        };
        let per = self.per.filter(|_| self.terms.pace != Pace::Held).map(|per| format!(" per {per}"));
        format!("{}{things}{}", self.limit, per.unwrap_or_default())
    }
}

fn key(scope: &str, path: &str, values: &[Cow<'_, str>]) -> LimitKey {
    let mut digest = Sha256::new();
    for part in [scope, path].into_iter().chain(values.iter().map(AsRef::as_ref)) {
        // The length goes first, so that no two lists of parts read the same.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let whole: [u8; 32] = digest.finalize().into();
    let mut half = LimitKey::default();
    half.copy_from_slice(&whole[..16]);
    half
}

fn value<'a>(dimension: &Dimension, target: &'a Target) -> Cow<'a, str> {
    match dimension {
        Dimension::Gateway => Cow::Borrowed(""),
        Dimension::Provider => target.provider.slug.as_str().into(),
        Dimension::Model => target.model.as_str().into(),
        // A call without a key of its own is made with the gateway's: nobody else's key is the empty one.
        Dimension::Key => {
            let key = target.provider.credential(&target.headers).map_or(&[][..], HeaderValue::as_bytes);
            format!("{} {}", target.provider.slug, String::from_utf8_lossy(key)).into()
        }
        Dimension::Metadata(key) => metadata(target, key),
        Dimension::User => match metadata(target, "user") {
            user if user.is_empty() => named_user(&target.body).into(),
            user => user,
        },
    }
}

fn metadata<'a>(target: &'a Target, key: &str) -> Cow<'a, str> {
    match target.policy.metadata.get(key) {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => text.as_str().into(),
        Some(other) => other.to_string().into(),
    }
}

/// The user that a body names: `user` or `safety_identifier` (OpenAI), `metadata.user_id` (Anthropic).
fn named_user(body: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        user: Option<String>,
        safety_identifier: Option<String>,
        metadata: Option<Metadata>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        user_id: Option<String>,
    }
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    body.user.or(body.safety_identifier).or(body.metadata.and_then(|metadata| metadata.user_id)).unwrap_or_default()
}

/// A `*` at the end of a pattern stands for anything.
fn matches(pattern: &str, value: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == pattern,
    }
}
