//! The gateway's methods, as native calls. Arguments and results other than HTTP parts cross as JSON text.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use tollhouse::{Config, Error, ErrorKind, Payload, Response};
#[cfg(feature = "server")]
use tollhouse_server::Loopback;

use crate::answer::Answer;
use crate::errors::Failure;
use crate::hosted::{Hosted, HostedProvider};
use crate::keys::{Brokered, TokenBroker};
use crate::request::{Request, json, optional_json};
use crate::runtime::{self, driven};

/// A gateway in this process.
#[derive(uniffi::Object)]
pub struct Gateway {
    core: tollhouse::Gateway,
    #[cfg(feature = "server")]
    loopback: Loopback,
}

impl Gateway {
    pub fn new(core: tollhouse::Gateway) -> Self {
        Self {
            #[cfg(feature = "server")]
            loopback: Loopback::new(core.clone()),
            core,
        }
    }

    async fn universal(&self, entries: String, options: Option<String>) -> Result<Response, Error> {
        self.core.run(&json("entries", &entries)?, &optional_json("options", options.as_deref())?).await
    }

    async fn one_shape(&self, model: String, messages: String, options: Option<String>) -> Result<Response, Error> {
        let options = optional_json("options", options.as_deref())?;
        self.core.chat(&model, &json("messages", &messages)?, &options).await
    }
}

#[uniffi::export]
impl Gateway {
    /// Opens a gateway with `config` (JSON text), or with the configuration in `file` (TOML or JSON), or with the
    /// defaults. `providers` answer in this process, by name; `tokens` brings keys.
    #[uniffi::constructor]
    pub fn open(
        config: Option<String>,
        file: Option<String>,
        providers: HashMap<String, Arc<dyn HostedProvider>>,
        tokens: Option<Arc<dyn TokenBroker>>,
    ) -> Result<Arc<Self>, Failure> {
        let config = match (config, file) {
            (None, Some(file)) => Config::from_file(&file)?,
            (json, _) => Config::from_json(&discreet(json.unwrap_or_else(|| "{}".to_owned())))?,
        };
        let mut builder = tollhouse::Gateway::builder(config);
        for (name, provider) in providers {
            builder = builder.provider(name, Arc::new(Hosted(provider)));
        }
        if let Some(tokens) = tokens {
            builder = builder.keys(Arc::new(Brokered(tokens)));
        }
        Ok(Arc::new(Self::new(builder.build()?)))
    }

    /// The door.
    pub async fn handle(&self, request: Request) -> Result<Answer, Failure> {
        answered(async { self.core.handle(request.parsed()?).await }).await
    }

    /// `handle` on the calling thread, which it blocks: for HTTP clients whose interceptors block. Cancelling `call`
    /// from another thread ends it.
    pub fn handle_blocking(&self, request: Request, call: Arc<Call>) -> Result<Answer, Failure> {
        runtime::block_on(call.cancellable(async { self.core.handle(request.parsed()?).await })).map(Answer::from)
    }

    /// The universal endpoint. JSON text.
    pub async fn run(&self, entries: String, options: Option<String>) -> Result<Answer, Failure> {
        answered(self.universal(entries, options)).await
    }

    /// Any chat model, in one shape. `messages` and `options` are JSON text.
    pub async fn chat(&self, model: String, messages: String, options: Option<String>) -> Result<Answer, Failure> {
        answered(self.one_shape(model, messages, options)).await
    }

    /// The loopback server's URL. The first call starts it: a socket and a thread of its own.
    pub fn get_url(&self, provider: Option<String>) -> Result<String, Failure> {
        #[cfg(feature = "server")]
        return Ok(self.loopback.get_url(provider.as_deref())?);
        #[cfg(not(feature = "server"))]
        {
            let _ = provider;
            Err(Failure::left_out("loopback server", "server"))
        }
    }

    /// The dashboard's URL, of the same server.
    pub fn ui_url(&self) -> Result<String, Failure> {
        #[cfg(feature = "server")]
        return Ok(self.loopback.ui_url()?);
        #[cfg(not(feature = "server"))]
        Err(Failure::left_out("dashboard", "server"))
    }

    pub async fn get_log(&self, log_id: String) -> Result<String, Failure> {
        told(async { self.core.get_log(&log_id).await }).await
    }

    pub async fn why_miss(&self, request: Request) -> Result<String, Failure> {
        told(async { self.core.why_miss(request.parsed()?).await }).await
    }

    pub async fn explain(&self, log_id: String) -> Result<String, Failure> {
        told(async { self.core.explain(&log_id).await }).await
    }

    /// The version of the route that was set.
    pub fn set_route(&self, name: String, route: String) -> Result<u64, Failure> {
        Ok(self.core.set_route(&name, &json("route", &route)?)?)
    }

    pub async fn patch_log(&self, log_id: String, patch: String) -> Result<(), Failure> {
        driven(async { self.core.patch_log(&log_id, &json("patch", &patch)?).await }).await
    }

    pub async fn logs(&self, query: String) -> Result<String, Failure> {
        told(async { self.core.logs(&json("query", &query)?).await }).await
    }

    /// How many were deleted.
    pub async fn delete_logs(&self, query: String) -> Result<u64, Failure> {
        driven(async { self.core.delete_logs(&json("query", &query)?).await }).await
    }

    /// One body of a call: `part` is `request` or `response`.
    pub async fn log_payload(&self, log_id: String, part: String) -> Result<Vec<u8>, Failure> {
        driven(async {
            let part = match part.as_str() {
                "request" => Payload::Request,
                "response" => Payload::Response,
                _ => return Err(Error::invalid("part", "neither \"request\" nor \"response\"")),
            };
            self.core.log_payload(&log_id, part).await.map(Vec::from)
        })
        .await
    }

    pub async fn usage(&self, query: String) -> Result<String, Failure> {
        told(async { self.core.usage(&json("query", &query)?).await }).await
    }

    pub async fn cache_stats(&self) -> Result<String, Failure> {
        told(async { self.core.cache_stats().await }).await
    }

    pub async fn purge_cache(&self, filter: String) -> Result<String, Failure> {
        told(async { self.core.purge_cache(&json("filter", &filter)?).await }).await
    }

    pub async fn recost(&self, query: String) -> Result<String, Failure> {
        told(async { self.core.recost(&json("query", &query)?).await }).await
    }

    pub async fn estimate(&self, model: String, messages: String, options: String) -> Result<String, Failure> {
        told(async { self.core.estimate(&model, &json("messages", &messages)?, &json("options", &options)?).await })
            .await
    }

    /// What is in force from now on.
    pub fn load_prices(&self, prices: String) -> Result<String, Failure> {
        Ok(text(&self.core.load_prices(&json("prices", &prices)?)?)?)
    }

    pub async fn budgets(&self) -> Result<String, Failure> {
        told(async { self.core.budgets().await }).await
    }

    pub async fn top_up(&self, wallet: String, amount: String, options: String) -> Result<String, Failure> {
        told(async { self.core.top_up(&wallet, &amount, &json("options", &options)?).await }).await
    }

    pub async fn refund(&self, wallet: String, amount: String, options: String) -> Result<String, Failure> {
        told(async { self.core.refund(&wallet, &amount, &json("options", &options)?).await }).await
    }

    pub async fn balance(&self, wallet: String) -> Result<String, Failure> {
        told(async { self.core.balance(&wallet).await }).await
    }

    pub async fn ledger(&self, query: String) -> Result<String, Failure> {
        told(async { self.core.ledger(&json("query", &query)?).await }).await
    }

    pub async fn bill(&self, query: String) -> Result<String, Failure> {
        told(async { self.core.bill(&json("query", &query)?).await }).await
    }

    pub async fn reconcile(&self, provider: String, report: String, options: String) -> Result<String, Failure> {
        told(async { self.core.reconcile(&provider, &json("report", &report)?, &json("options", &options)?).await })
            .await
    }

    pub fn count_tokens(&self, model: String, input: String) -> Result<String, Failure> {
        #[cfg(feature = "tokens")]
        return Ok(text(&self.core.count_tokens(&model, &json("input", &input)?)?)?);
        #[cfg(not(feature = "tokens"))]
        {
            let _ = (model, input);
            Err(Failure::left_out("token counting", "tokens"))
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> String {
        self.core.config().to_json().to_string()
    }

    /// How the log is doing.
    pub fn health(&self) -> Result<String, Failure> {
        Ok(text(&self.core.health()?)?)
    }

    pub async fn flush(&self) -> Result<(), Failure> {
        driven(self.core.flush()).await
    }

    /// Writes what is still to be written within `budget_ms`.
    pub async fn close(&self, budget_ms: u64) -> Result<(), Failure> {
        let (core, budget) = (self.core.clone(), Duration::from_millis(budget_ms));
        #[cfg(feature = "server")]
        self.loopback.stop();
        if !runtime::is_started() {
            core.close(budget);
            return Ok(());
        }
        driven(runtime::aside(move || core.close(budget))).await
    }

    /// `close` on the calling thread, which it blocks.
    pub fn close_blocking(&self, budget_ms: u64) {
        #[cfg(feature = "server")]
        self.loopback.stop();
        self.core.close(Duration::from_millis(budget_ms));
    }
}

/// The configuration with `logs.payloads` off where it says nothing of them: a phone is not a place to keep what its
/// user asked. A file is taken as it stands.
fn discreet(config: String) -> String {
    // What cannot be read is refused by core, in its own words.
    let Ok(Value::Object(mut document)) = serde_json::from_str(&config) else { return config };
    if let Some(logs) = document.entry("logs").or_insert_with(|| Map::new().into()).as_object_mut() {
        logs.entry("payloads").or_insert(Value::Bool(false));
    }
    Value::Object(document).to_string()
}

/// A way to end a call from another thread.
#[derive(uniffi::Object)]
pub struct Call(tokio::sync::watch::Sender<bool>);

#[uniffi::export]
impl Call {
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(tokio::sync::watch::Sender::new(false)))
    }

    /// Ends the call, now or before it begins. What it had sent is logged as cancelled.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

/// A gateway's calls for hosts whose generated code drops no future (Swift's): they end when the call is cancelled.
#[uniffi::export]
impl Call {
    /// [`Gateway::handle`].
    pub async fn handle(&self, gateway: Arc<Gateway>, request: Request) -> Result<Answer, Failure> {
        Box::pin(answered(self.cancellable(async { gateway.core.handle(request.parsed()?).await }))).await
    }

    /// [`Gateway::run`].
    pub async fn run(
        &self,
        gateway: Arc<Gateway>,
        entries: String,
        options: Option<String>,
    ) -> Result<Answer, Failure> {
        Box::pin(answered(self.cancellable(gateway.universal(entries, options)))).await
    }

    /// [`Gateway::chat`].
    pub async fn chat(
        &self,
        gateway: Arc<Gateway>,
        model: String,
        messages: String,
        options: Option<String>,
    ) -> Result<Answer, Failure> {
        Box::pin(answered(self.cancellable(gateway.one_shape(model, messages, options)))).await
    }
}

impl Call {
    async fn cancellable<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut cancelled = self.0.subscribe();
        tokio::select! {
            // In this order: what is cancelled before it begins sends nothing.
            biased;
            // It cannot be closed: the sender is ours.
            _ = cancelled.wait_for(|is_cancelled| *is_cancelled) => {
                Err(Error::new(ErrorKind::Closed, "the call was cancelled"))
            }
            result = work => result,
        }
    }
}

async fn answered(work: impl Future<Output = Result<Response, Error>> + Send) -> Result<Answer, Failure> {
    driven(work).await.map(Answer::from)
}

async fn told<T: Serialize>(work: impl Future<Output = Result<T, Error>> + Send) -> Result<String, Failure> {
    driven(async { text(&work.await?) }).await
}

fn text(document: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(document).map_err(|error| Error::new(ErrorKind::Broken, error.to_string()))
}
