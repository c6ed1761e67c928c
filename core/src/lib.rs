//! tollhouse: an AI gateway that runs inside your application.

mod account;
mod answer;
mod cache;
mod clock;
mod config;
mod engine;
mod error;
mod eventstream;
mod exchange;
mod gateway;
mod grant;
mod headers;
mod held;
mod keys;
#[cfg(feature = "sqlite")]
mod ledger;
#[cfg(not(feature = "sqlite"))]
#[path = "ledger/absent.rs"]
mod ledger;
mod limit;
#[cfg(feature = "sqlite")]
mod log;
#[cfg(not(feature = "sqlite"))]
#[path = "log/absent.rs"]
mod log;
mod message;
mod metadata;
mod money;
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "a build without a log hands nothing out"))]
mod outbox;
mod pipeline;
mod policy;
mod provider;
mod record;
mod refusal;
mod route;
mod secret;
mod sse;
mod stage;
#[allow(dead_code, unused_imports, reason = "the rooms that ask it come next")]
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;
#[cfg(feature = "sqlite")]
mod upload;
mod usage;

#[cfg(feature = "tokens")]
pub use account::{ChatMessage, TokenCount, TokenInput, count_tokens};
pub use cache::{CacheStats, Embedder, Embedding, PurgeReport, SemanticStats, StoreStats};
pub use clock::{Clock, Sleep, SystemClock};
pub use config::{
    Amount, AtLimit, Backoff, BreakerConfig, Broken, BudgetConfig, BudgetMode, By, CacheConfig, CacheControl,
    CacheMode, Cause, Ceiling, Config, Count, CreditsConfig, Currencies, Currency, Dimension, Durability, HedgeTo,
    HedgingConfig, InsteadConfig, LimitMode, LimitRule, LimitsConfig, LogsConfig, MaxPrice, ModelConfig, Money, Period,
    Prefill, PriceConfig, ProviderConfig, QuotaConfig, Replay, RetryConfig, RouteConfig, SemanticConfig, SemanticMode,
    ServerConfig, Size, Span, Strategy, StreamsConfig, Technique, TimeoutConfig, TranslationConfig, Unpriced,
    UploadConfig, WalletConfig, WhenFull,
};
pub use error::{Error, ErrorKind, Source};
pub use gateway::{Estimate, Gateway, GatewayBuilder, Health, Spread, UploadHealth};
pub use keys::{Asking, Key, KeySource};
pub use limit::{BudgetReport, BudgetState};
pub use log::{
    Bill, BillLine, BillQuery, Change, Customer, LogHealth, LogPage, LogPatch, LogQuery, Payload, Reconciled,
    Reconciliation, RecostQuery, Recosted, Side, UsageQuery, UsageReport, UsageRow,
};
#[cfg(feature = "sqlite")]
pub use log::{Collector, Receipt, Rejected};
pub use message::{Body, ByteStream, Deadlines, Request, Response};
pub use outbox::Standing;
pub use record::{Attempt, AttemptState, Failure, Passed, Record, Skipped, Trail};
pub use secret::Secret;
pub use store::StoreHealth;
pub use transport::{HttpTransport, Sending, Transport, TransportError, UpstreamRequest, UpstreamResponse};
pub use usage::{Format, NanoUsd, Tier, Usage, UsageDetails, UsageSource};

/// The examples of the pages outside of the crate, run with its own.
#[cfg(all(doctest, feature = "testing"))]
mod pages {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/guides/rust.md")]
    struct Guide;
}
