//! What is remembered of one call: the row of the log.

use std::borrow::Cow;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::usage::{NanoUsd, Usage};

/// One call through the gateway, written once, when it is over.
#[allow(clippy::struct_excessive_bools, reason = "a row of facts, not a state machine")]
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// A lowercase `UUIDv7`: what `cf-aig-log-id` carries.
    pub log_id: String,
    /// The caller's `cf-aig-event-id`, or the log id.
    pub event_id: String,
    /// When the call came in: microseconds since 1970 UTC.
    pub created_at_us: u64,
    /// From the call to the end of its answer, in microseconds.
    pub duration_us: u64,
    /// To the first byte of the answer, in microseconds.
    pub first_byte_us: Option<u64>,
    /// Provider slug of the target that answered (or was tried last).
    pub provider: String,
    /// The model that was asked for, empty if the request names none.
    pub model: String,
    /// The model that the answer names.
    pub model_served: Option<String>,
    /// The native path, without its query.
    pub path: String,
    /// `chat`, `responses`, `embeddings`, … as far as the path tells.
    pub request_type: Option<String>,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// The status that the caller got; `None` if no provider answered.
    pub status_code: Option<u16>,
    /// Whether the status was below 400 and the body reached its end.
    pub success: bool,
    /// Whether the answer came from the cache.
    pub cached: bool,
    /// Whether the caller let go of the answer before its end.
    pub cancelled: bool,
    /// Whether the answer broke off.
    pub truncated: bool,
    /// What went wrong, in words without secrets.
    pub error: Option<String>,
    /// The index of the target that answered, from 0.
    pub step: u32,
    /// Every try that was made, in order.
    pub attempts: Vec<Attempt>,
    /// What decided where they went.
    pub trail: Trail,
    /// Tokens.
    pub usage: Usage,
    /// What the call cost.
    pub cost: Option<NanoUsd>,
    /// The price that the cost comes from: the catalogue's version and its rule, the configuration's, or the caller's.
    pub priced_by: Option<String>,
    /// Whether the cost comes from `cf-aig-custom-cost`.
    pub custom_cost: bool,
    /// What a cached answer would have cost.
    pub saved: Option<NanoUsd>,
    /// `cf-aig-metadata`, flat, at most five entries, in the caller's order.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Whom the call was made for: the metadata's `user`, or else the one that the body names.
    pub user: Option<String>,
    /// Eight digits by which the caller's key is told from others; never a part of the key.
    pub key_digest: Option<String>,
    /// The caller's `user-agent`.
    pub user_agent: Option<String>,
    /// Content types of both bodies.
    pub request_content_type: Option<String>,
    /// See `request_content_type`.
    pub response_content_type: Option<String>,
    /// Sizes of both bodies in bytes.
    pub request_size: u64,
    /// See `request_size`.
    pub response_size: u64,
    /// Both bodies, where payloads are collected.
    pub request_body: Option<Bytes>,
    /// See `request_body`.
    pub response_body: Option<Bytes>,
}

/// How far an attempt got: only what was not sent is safe to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// The upstream never saw it.
    NotSent,
    /// It was sent, and nothing came back.
    MaybeProcessed,
    /// An answer began.
    Started,
}

/// One try at one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Index of the target, from 0.
    pub step: u32,
    /// Number of the try at this target, from 1.
    pub number: u32,
    /// Provider slug.
    pub provider: String,
    /// Model asked for.
    pub model: String,
    /// How far it got.
    pub state: AttemptState,
    /// The upstream's status.
    pub status: Option<u16>,
    /// Why it did not count as a success.
    pub reason: Option<String>,
    /// Of which kind its failure was.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// How long it took to the first byte of the answer, in microseconds.
    pub duration_us: u64,
    /// How long the gateway had waited before it, in microseconds.
    pub waited_us: u64,
    /// When it began, in microseconds after the call.
    #[serde(default)]
    pub began_us: u64,
    /// Whether it was made beside another try, which did not begin to answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hedge: bool,
}

/// The kinds of failure, by what helps against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No answer, 408, 425, or 500 and above.
    Outage,
    /// 429.
    RateLimit,
    /// The request is too long for the model.
    ContextWindow,
    /// The provider or the model refuses the content.
    Refusal,
    /// 401, 402 or 403.
    Auth,
    /// 404: no such model, or no such path.
    NotFound,
    /// Any other 4xx: the request itself.
    Request,
}

impl Failure {
    /// Its word in configurations and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::RateLimit => "rate_limit",
            Self::ContextWindow => "context_window",
            Self::Refusal => "refusal",
            Self::Auth => "auth",
            Self::NotFound => "not_found",
            Self::Request => "request",
        }
    }
}

/// What decided where a call went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trail {
    /// The route, where one was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Which version of it: 1 for the one that the gateway began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The elements of its graph that the call went through, at most 100 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<String>,
    /// The targets that were not tried, at most 20 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Why the cache had no answer, in a word, where it had none for the first target that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss: Option<Cow<'static, str>>,
    /// The rules of the limits that it passed, in the order in which it asked them, at most 20 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Passed>,
    /// What else there is to say, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What a translation left out or altered, as the caller was told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Changed>,
}

/// A field of the caller's that did not reach the provider as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Where in the caller's body.
    pub path: String,
    /// What was done, and why.
    pub reason: String,
}

/// A rule of the limits that let a call pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The path of the rule in the configuration.
    pub rule: String,
    /// What it allows, in words.
    pub allows: String,
    /// What was taken of it before the call: calls, tokens, or billionths of a dollar.
    pub took: u64,
    /// How long the call had waited for its turn, in microseconds.
    #[serde(default)]
    pub waited_us: u64,
    /// Whether the rule only observes, and would have held the call back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
}

/// A target that was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Provider slug.
    pub provider: String,
    /// Model.
    pub model: String,
    /// Why.
    pub reason: String,
    /// How many tries had been made before.
    pub after: u32,
}

impl Trail {
    const MAX_SKIPPED: usize = 20;
    const MAX_ELEMENTS: usize = 100;
    const MAX_LIMITS: usize = 20;

    /// Remembers why the cache had no answer. What it says of the first target is what the caller asks for.
    pub(crate) fn missed(&mut self, why: &'static str) {
        self.miss.get_or_insert(Cow::Borrowed(why));
    }

    /// Remembers the rules that the call has passed.
    pub(crate) fn pass_limits(&mut self, passed: impl Iterator<Item = Passed>) {
        let room = Self::MAX_LIMITS.saturating_sub(self.limits.len());
        self.limits.extend(passed.take(room));
    }

    /// Remembers an element that the call went through.
    pub(crate) fn pass(&mut self, element: &str) {
        if self.elements.len() < Self::MAX_ELEMENTS {
            self.elements.push(element.to_owned());
        }
    }

    /// Remembers a target that was not tried. A list of a thousand need not fill the log.
    pub(crate) fn skip(&mut self, provider: &str, model: &str, reason: impl Into<String>, after: usize) {
        if self.skipped.len() < Self::MAX_SKIPPED {
            let (provider, model) = (provider.to_owned(), model.to_owned());
            let after = u32::try_from(after).unwrap_or(u32::MAX);
            self.skipped.push(Skipped { provider, model, reason: reason.into(), after });
        }
    }
}
