//! The handle: cheap to clone, safe to share between threads, nothing started before first use.

mod estimate;
mod explain;
mod health;
mod open;
mod short;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

pub use self::estimate::{Estimate, Spread};
pub use self::health::{Health, UploadHealth};
pub use self::open::GatewayBuilder;
use self::open::Shared;
use crate::cache::{CacheStats, Filter, PurgeReport, Semantic};
use crate::config::{Config, RouteConfig};
use crate::error::Error;
use crate::limit::BudgetReport;
use crate::log::{
    Bill, BillQuery, LogPage, LogPatch, LogQuery, Payload, ReconcileQuery, Reconciliation, RecostQuery, Recosted,
    UsageQuery, UsageReport,
};
use crate::message::{Request, Response};
use crate::pipeline;

/// An AI gateway in this process.
///
/// ```
/// # use tollhouse::{Config, Gateway};
/// let gateway = Gateway::new(Config::from_json(r#"{"cache": {"ttl": "1h"}}"#)?)?;
/// # Ok::<(), tollhouse::Error>(())
/// ```
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

impl Gateway {
    /// A gateway with this configuration. Keys are read from the environment now; no file, socket or thread is opened.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the field that cannot work.
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::builder(config).build()
    }

    /// A gateway with a clock or a transport of your own.
    #[must_use]
    pub fn builder(config: Config) -> GatewayBuilder {
        GatewayBuilder::new(config)
    }

    /// The door: every other call is a short path to it. Upstream failures are answers.
    ///
    /// # Errors
    /// Only [`ErrorKind::Closed`](crate::ErrorKind::Closed).
    pub async fn handle(&self, request: Request) -> Result<Response, Error> {
        Ok(pipeline::handle(self.shared.engine()?, request).await)
    }

    /// The universal endpoint: one entry `{provider, endpoint, headers, query}` or a list of them, tried in order.
    /// `options` is `{gateway: {skipCache, cacheTtl, cacheKey, metadata, collectLog, eventId, requestTimeoutMs, retries},
    /// extraHeaders}` as in the reference's binding, and `hedgeAfterMs` beside `retries`; snake case works too.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for options that cannot be read, and `Closed`.
    pub async fn run(&self, entries: &Value, options: &Value) -> Result<Response, Error> {
        self.handle(short::run(entries, options)?).await
    }

    /// Asks any chat model in OpenAI's shape: `model` is `{provider}/{model}`, `messages` a text or a list of messages,
    /// `options` further fields of the body and, under `gateway` and `extraHeaders`, those of [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn chat(&self, model: &str, messages: &Value, options: &Value) -> Result<Response, Error> {
        self.handle(short::chat(model, messages, options)?).await
    }

    /// The log of one call, readable as soon as its answer is there.
    ///
    /// # Errors
    /// [`ErrorKind::LogNotFound`](crate::ErrorKind::LogNotFound).
    pub async fn get_log(&self, log_id: &str) -> Result<Value, Error> {
        self.shared.engine()?.log.get(log_id).await
    }

    /// Adds feedback (1, -1 or null), a score or metadata to a log.
    ///
    /// # Errors
    /// `LogNotFound`, or `InvalidRequest` naming the field.
    pub async fn patch_log(&self, log_id: &str, patch: &Value) -> Result<(), Error> {
        let patch = LogPatch::from_json(patch)?;
        let engine = self.shared.engine()?;
        engine.log.patch(log_id, patch).await?;
        engine.changed();
        Ok(())
    }

    /// A call's walk as structure, line by line: where it was resolved to, cache, limits, each try, what it cost.
    ///
    /// # Errors
    /// `LogNotFound`.
    pub async fn explain(&self, log_id: &str) -> Result<Value, Error> {
        Ok(explain::explained(&self.get_log(log_id).await?))
    }

    /// Why a request would not be answered from the cache: `{would_hit, reason, text, targets}`, and for each target the
    /// nearest kept answer and the fields in which the two requests differ. Nothing is sent or logged. Of what is kept only
    /// digests are told, and of a key nothing.
    ///
    /// # Errors
    /// `Closed`.
    pub async fn why_miss(&self, request: Request) -> Result<Value, Error> {
        Ok(pipeline::why_miss(&self.shared.engine()?, request).await)
    }

    /// Puts a route in the place of the one of this `name`, from the next call on, and gives its version. `route` is what
    /// stands under `routes.{name}` in a configuration, or null to take it away. If it cannot work, the route that is
    /// there goes on.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the part of the route that cannot work.
    pub fn set_route(&self, name: &str, route: &Value) -> Result<u64, Error> {
        let engine = self.shared.engine()?;
        let route = (!route.is_null()).then(|| RouteConfig::from_json(name, route)).transpose()?;
        engine.set_route(name, route.as_ref())
    }

    /// Logs, newest first unless the query says otherwise.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part of the query that cannot be read.
    pub async fn logs(&self, query: &Value) -> Result<LogPage, Error> {
        let engine = self.shared.engine()?;
        engine.log.query(LogQuery::from_json(query, engine.clock.now_us())?).await
    }

    /// Deletes the logs that a query finds, and tells how many there were.
    ///
    /// # Errors
    /// As [`logs`](Self::logs).
    pub async fn delete_logs(&self, query: &Value) -> Result<u64, Error> {
        let engine = self.shared.engine()?;
        engine.log.delete(LogQuery::from_json(query, engine.clock.now_us())?).await
    }

    /// One body of a call, whole, where payloads were collected.
    ///
    /// # Errors
    /// `LogNotFound`, also for a log without that body.
    pub async fn log_payload(&self, log_id: &str, part: Payload) -> Result<Bytes, Error> {
        self.shared.engine()?.log.payload(log_id, part).await
    }

    /// Requests, tokens and cost, grouped; with the counting basis in words.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part of the query that cannot be read.
    pub async fn usage(&self, query: &Value) -> Result<UsageReport, Error> {
        let engine = self.shared.engine()?;
        engine.log.usage(UsageQuery::from_json(query, engine.clock.now_us())?).await
    }

    /// How every budget stands: what was spent, is reserved and is left, in its own currency and in billionths of a dollar,
    /// and when it begins anew.
    ///
    /// # Errors
    /// `Closed`.
    pub async fn budgets(&self) -> Result<BudgetReport, Error> {
        Ok(self.shared.engine()?.limits.budgets().await)
    }

    /// Puts credit into a wallet: `amount` is money such as `"10 USD"`, `options` `{expires_at, idempotency_key, note}`. Under a
    /// key that was used before nothing is put in again, and `replayed` says so.
    ///
    /// # Errors
    /// `InvalidRequest` naming the field, and `Storage` where the ledger cannot be used.
    pub async fn top_up(&self, wallet: &str, amount: &str, options: &Value) -> Result<Value, Error> {
        self.shared.engine()?.ledger.top_up(wallet, amount, options).await
    }

    /// Gives credit back that calls drew on a wallet, all of them or, with `log_id` in `options`, that one.
    ///
    /// # Errors
    /// As [`top_up`](Self::top_up); also for more than was drawn.
    pub async fn refund(&self, wallet: &str, amount: &str, options: &Value) -> Result<Value, Error> {
        self.shared.engine()?.ledger.refund(wallet, amount, options).await
    }

    /// What a wallet has: its balance, what calls under way hold of it, and what ends when.
    ///
    /// # Errors
    /// As [`top_up`](Self::top_up).
    pub async fn balance(&self, wallet: &str) -> Result<Value, Error> {
        self.shared.engine()?.ledger.balance(wallet).await
    }

    /// The entries of the ledger of credits, the newest first: `{wallet, kind, log_id, limit, page}` select.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part of the query that cannot be read, and `Storage`.
    pub async fn ledger(&self, query: &Value) -> Result<Value, Error> {
        self.shared.engine()?.ledger.entries(query).await
    }

    /// What calls have cost in a period, one part for each customer, with the lines behind it; as CSV or HTML too.
    ///
    /// # Errors
    /// As [`usage`](Self::usage).
    pub async fn bill(&self, query: &Value) -> Result<Bill, Error> {
        let engine = self.shared.engine()?;
        engine.log.bill(BillQuery::from_json(query, engine.clock.now_us())?).await
    }

    /// Holds what a provider's own usage or cost report says against the log, by day and model. `provider` is `openai` or
    /// `anthropic`, `report` a page as its API answers it, or a list of pages; `options` selects logs.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part that cannot be read, and as [`logs`](Self::logs).
    pub async fn reconcile(&self, provider: &str, report: &Value, options: &Value) -> Result<Reconciliation, Error> {
        let engine = self.shared.engine()?;
        engine.log.reconcile(ReconcileQuery::from_json(provider, report, options, engine.clock.now_us())?).await
    }

    /// Tokens of a text or a list of chat messages before a call, offline.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownModel`](crate::ErrorKind::UnknownModel), or `InvalidRequest` for an input of another shape.
    #[cfg(feature = "tokens")]
    pub fn count_tokens(&self, model: &str, input: &Value) -> Result<crate::TokenCount, Error> {
        crate::account::count_tokens(model, &crate::account::TokenInput::from_json(input)?)
    }

    /// What the cache holds, and what it was asked for: hits, misses, entries and bytes, store by store.
    ///
    /// # Errors
    /// `Closed`.
    pub async fn cache_stats(&self) -> Result<CacheStats, Error> {
        let engine = self.shared.engine()?;
        let mut stats = engine.answers.stats(engine.now()).await;
        stats.refreshes = engine.refreshes.begun();
        stats.semantic = engine.semantic.as_ref().map(Semantic::stats);
        Ok(stats)
    }

    /// Takes away the kept answers that meet all of `filter`, `{scope, provider, model, key, older_than}`: `key` is a word
    /// that stood in `cf-aig-cache-key`, `older_than` a span such as `"1h"`. An empty one takes all of this gateway's.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part of the filter that cannot be read; `Storage` where a shared store does not answer.
    pub async fn purge_cache(&self, filter: &Value) -> Result<PurgeReport, Error> {
        let engine = self.shared.engine()?;
        engine.answers.purge(Filter::from_json(filter, engine.now())?).await
    }

    /// Takes a newer price catalogue, from the next call on: the document that `core/src/account/prices.json` is, or its
    /// text. Gives its version and how many models it has. If it cannot be read, the one in force stays.
    ///
    /// # Errors
    /// `InvalidRequest` with the path of what is cut short, negative, absurd, in another currency or not known.
    pub fn load_prices(&self, prices: &Value) -> Result<Value, Error> {
        self.shared.engine()?.prices.load(prices)
    }

    /// Prices what was logged once more, by the prices in force on the day of each call, in one transaction; a query
    /// selects as for [`usage`](Self::usage). Answers from the cache, failed calls and the caller's own prices stay as
    /// they are, and so does the cost of a call for which there is no price now.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part of the query that cannot be read.
    pub async fn recost(&self, query: &Value) -> Result<Recosted, Error> {
        let engine = self.shared.engine()?;
        let query = RecostQuery::from_json(query, engine.clock.now_us())?;
        let prices = engine.clone();
        let recosted = engine.log.recost(query, move |past| prices.price_again(past)).await?;
        engine.changed();
        Ok(recosted)
    }

    /// Least, likely and most that a call may use and cost, before it is made. `model` is `{provider}/{model}`,
    /// `messages` and `options` are those of [`chat`](Self::chat).
    ///
    /// # Errors
    /// `InvalidRequest` for a model without a provider that is known, or naming what cannot be read.
    pub async fn estimate(&self, model: &str, messages: &Value, options: &Value) -> Result<Estimate, Error> {
        let engine = self.shared.engine()?;
        let (provider, name) = engine.provider_of(model)?;
        // A log that fails takes nothing but a likelihood.
        let usual = engine.log.usual_length(&provider, name).await.unwrap_or_default();
        estimate::estimate(
            &engine.prices,
            &estimate::Call {
                provider: &provider,
                model: name,
                at_us: engine.clock.now_us(),
                tokens_in: estimate::input(name, messages, options)?,
                usual,
                longest: crate::limit::max_output(name),
                options,
            },
        )
    }

    /// The configuration in force. Secrets show as `set`.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.shared.config()
    }

    /// How the log is doing, whether it had to leave its file, and what it has lost; how the stores are doing that
    /// processes share, and which routes have a file that was refused.
    ///
    /// # Errors
    /// `Closed`.
    pub fn health(&self) -> Result<Health, Error> {
        let engine = self.shared.engine()?;
        Ok(Health {
            log: engine.log.health(),
            limits: engine.limits.health(),
            cache: engine.answers.health(),
            routes: engine.routes.troubles(),
            uploads: engine
                .uploads
                .health()
                .map(|(name, standing, trouble)| (name, UploadHealth { standing, trouble }))
                .collect(),
            credits: engine.ledger.health(),
            budgets: engine.limits.alerts(),
        })
    }

    /// Ends when everything that was logged so far is on disk, and every answer that is being made new in the background is
    /// there.
    ///
    /// # Errors
    /// `Closed`.
    pub async fn flush(&self) -> Result<(), Error> {
        let engine = self.shared.engine()?;
        engine.refreshes.idle().await;
        engine.log.flush().await
    }

    /// To be called before this process forks: writes what waits and lets go of the log's file, which a child could not
    /// open again otherwise. The next call opens it anew, in parent and child. Says whether it was done within `budget`.
    pub fn before_fork(&self, budget: Duration) -> bool {
        self.shared.before_fork(budget)
    }

    /// Writes what is still to be written, within `budget`, and refuses calls from now on. Closing twice is harmless.
    pub fn close(&self, budget: Duration) {
        self.shared.close(budget);
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("id", &self.config().id).finish_non_exhaustive()
    }
}
