//! The gateway's methods, as native calls. Arguments and results other than HTTP parts cross as JSON text.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use napi::Env;
use napi::bindgen_prelude::{BufferSlice, Either};
use napi_derive::napi;
use serde_json::Value;
use tollhouse::{Config, Error, Payload, Request, Response};
use tollhouse_server::Loopback;

use crate::answer::answer;
use crate::calls::{Calls, Shared};
use crate::errors::Failure;
use crate::headers;
use crate::host::Embeds;
use crate::outcome::Outcome;
use crate::runtime;

/// Opens a gateway: with `config` (JSON text), with a configuration file, or with `tollhouse.toml` of the working
/// directory if there is one. `id` stands above the one in the configuration, `embedder` is the number of a function.
#[napi]
pub fn open(
    calls: &Calls,
    config: Option<String>,
    file: Option<String>,
    id: Option<String>,
    embedder: Option<u32>,
) -> Either<Gateway, Failure> {
    let built = configured(config.as_deref(), file.as_deref(), id).and_then(|config| {
        let builder = tollhouse::Gateway::builder(config);
        match embedder {
            Some(function) => builder.embedder(Arc::new(Embeds { calls: calls.shared.clone(), function })).build(),
            None => builder.build(),
        }
    });
    match built {
        Ok(gateway) => Either::A(Gateway::new(calls, gateway)),
        Err(error) => Either::B(error.into()),
    }
}

fn configured(json: Option<&str>, file: Option<&str>, id: Option<String>) -> Result<Config, Error> {
    let mut config = match (json, file) {
        (Some(json), _) => Config::from_json(json)?,
        (None, Some(file)) => Config::from_file(file)?,
        (None, None) => Config::discover()?,
    };
    if let Some(id) = id {
        config.id = id;
    }
    Ok(config)
}

/// A gateway in this environment.
#[napi]
pub struct Gateway {
    core: tollhouse::Gateway,
    calls: Arc<Shared>,
    id: u32,
    loopback: Loopback,
}

impl Gateway {
    pub fn new(calls: &Calls, core: tollhouse::Gateway) -> Self {
        let id = calls.shared.keep_gateway(core.clone());
        Self { loopback: Loopback::new(core.clone()), calls: calls.shared.clone(), id, core }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.calls.forget_gateway(self.id);
    }
}

#[napi]
impl Gateway {
    /// The door. `target` is an absolute URL of a provider or a path of the gateway; `headers` is `name\nvalue\n…`.
    #[napi]
    pub fn send(
        &self,
        env: Env,
        method: String,
        target: String,
        headers: String,
        body: Option<Either<String, BufferSlice<'_>>>,
    ) -> Outcome {
        let body = match body {
            Some(Either::A(text)) => Bytes::from(text),
            Some(Either::B(bytes)) => Bytes::copy_from_slice(&bytes),
            None => Bytes::new(),
        };
        let request = match request(&method, target, &headers, body) {
            Ok(request) => request,
            Err(error) => return error.into(),
        };
        let core = self.core.clone();
        self.answer(env, async move { core.handle(request).await })
    }

    /// Why a request would not be answered from the cache; its parts are those of `send`.
    #[napi]
    pub fn why_miss(
        &self,
        env: Env,
        method: String,
        target: String,
        headers: String,
        body: Option<Either<String, BufferSlice<'_>>>,
    ) -> Outcome {
        let body = match body {
            Some(Either::A(text)) => Bytes::from(text),
            Some(Either::B(bytes)) => Bytes::copy_from_slice(&bytes),
            None => Bytes::new(),
        };
        let request = match request(&method, target, &headers, body) {
            Ok(request) => request,
            Err(error) => return error.into(),
        };
        let core = self.core.clone();
        self.json(env, async move { core.why_miss(request).await })
    }

    /// The universal endpoint.
    #[napi]
    pub fn run(&self, env: Env, entries: String, options: Option<String>) -> Outcome {
        let arguments = (parse("entries", &entries), parse_optional("options", options.as_deref()));
        let core = self.core.clone();
        self.answer(env, async move { core.run(&arguments.0?, &arguments.1?).await })
    }

    /// Any chat model, in one shape.
    #[napi]
    pub fn chat(&self, env: Env, model: String, messages: String, options: Option<String>) -> Outcome {
        let arguments = (parse("messages", &messages), parse_optional("options", options.as_deref()));
        let core = self.core.clone();
        self.answer(env, async move { core.chat(&model, &arguments.0?, &arguments.1?).await })
    }

    /// The loopback server's URL. The first call starts it: a socket and a thread of its own.
    #[napi(catch_unwind)]
    pub fn get_url(&self, provider: Option<String>) -> Outcome {
        self.loopback.get_url(provider.as_deref()).map_or_else(Outcome::from, Outcome::Text)
    }

    /// The dashboard's URL, of the same server.
    #[napi(catch_unwind)]
    pub fn ui_url(&self) -> Outcome {
        self.loopback.ui_url().map_or_else(Outcome::from, Outcome::Text)
    }

    #[napi]
    pub fn get_log(&self, env: Env, log_id: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.get_log(&log_id).await })
    }

    #[napi]
    pub fn explain(&self, env: Env, log_id: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.explain(&log_id).await })
    }

    #[napi]
    pub fn patch_log(&self, env: Env, log_id: String, patch: String) -> Outcome {
        let core = self.core.clone();
        self.nothing(env, async move { core.patch_log(&log_id, &parse("patch", &patch)?).await })
    }

    #[napi]
    pub fn logs(&self, env: Env, query: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.logs(&parse("query", &query)?).await })
    }

    /// How many were deleted, as JSON text.
    #[napi]
    pub fn delete_logs(&self, env: Env, query: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.delete_logs(&parse("query", &query)?).await })
    }

    /// One body of a call: `part` is `request` or `response`.
    #[napi]
    pub fn log_payload(&self, env: Env, log_id: String, part: String) -> Outcome {
        let core = self.core.clone();
        self.calls.start(env, async move {
            let part = match part.as_str() {
                "request" => Payload::Request,
                "response" => Payload::Response,
                _ => return Error::invalid("part", "neither \"request\" nor \"response\"").into(),
            };
            core.log_payload(&log_id, part).await.map_or_else(Outcome::from, |body| Outcome::Chunks(vec![body]))
        })
    }

    #[napi]
    pub fn usage(&self, env: Env, query: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.usage(&parse("query", &query)?).await })
    }

    #[napi]
    pub fn cache_stats(&self, env: Env) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.cache_stats().await })
    }

    #[napi]
    pub fn purge_cache(&self, env: Env, filter: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.purge_cache(&parse("filter", &filter)?).await })
    }

    #[napi]
    pub fn recost(&self, env: Env, query: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.recost(&parse("query", &query)?).await })
    }

    #[napi]
    pub fn estimate(&self, env: Env, model: String, messages: String, options: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move {
            core.estimate(&model, &parse("messages", &messages)?, &parse("options", &options)?).await
        })
    }

    /// What is in force from now on.
    #[napi(catch_unwind)]
    pub fn load_prices(&self, prices: String) -> Outcome {
        Outcome::json(parse("prices", &prices).and_then(|prices| self.core.load_prices(&prices)))
    }

    #[napi]
    pub fn budgets(&self, env: Env) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.budgets().await })
    }

    #[napi]
    pub fn top_up(&self, env: Env, wallet: String, amount: String, options: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.top_up(&wallet, &amount, &parse("options", &options)?).await })
    }

    #[napi]
    pub fn refund(&self, env: Env, wallet: String, amount: String, options: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.refund(&wallet, &amount, &parse("options", &options)?).await })
    }

    #[napi]
    pub fn balance(&self, env: Env, wallet: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.balance(&wallet).await })
    }

    #[napi]
    pub fn ledger(&self, env: Env, query: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.ledger(&parse("query", &query)?).await })
    }

    #[napi]
    pub fn bill(&self, env: Env, query: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move { core.bill(&parse("query", &query)?).await })
    }

    #[napi]
    pub fn reconcile(&self, env: Env, provider: String, report: String, options: String) -> Outcome {
        let core = self.core.clone();
        self.json(env, async move {
            core.reconcile(&provider, &parse("report", &report)?, &parse("options", &options)?).await
        })
    }

    /// Answers at once: counting needs no upstream.
    #[napi(catch_unwind)]
    pub fn count_tokens(&self, model: String, input: String) -> Outcome {
        Outcome::json(parse("input", &input).and_then(|input| self.core.count_tokens(&model, &input)))
    }

    /// The configuration in force, as JSON text.
    #[napi]
    pub fn config(&self) -> String {
        self.core.config().to_json().to_string()
    }

    /// The version of the route that was set.
    #[napi]
    pub fn set_route(&self, name: String, route: String) -> Outcome {
        Outcome::json(parse("route", &route).and_then(|route| self.core.set_route(&name, &route)))
    }

    /// How the log is doing, at once.
    #[napi]
    pub fn health(&self) -> Outcome {
        Outcome::json(self.core.health())
    }

    #[napi]
    pub fn flush(&self, env: Env) -> Outcome {
        let core = self.core.clone();
        self.nothing(env, async move { core.flush().await })
    }

    /// Writes what is still to be written within `budget_ms`, away from the JavaScript thread.
    #[napi]
    pub fn close(&self, env: Env, budget_ms: u32) -> Outcome {
        let (core, budget) = (self.core.clone(), Duration::from_millis(budget_ms.into()));
        self.calls.forget_gateway(self.id);
        self.loopback.stop();
        if !runtime::is_started() {
            core.close(budget);
            return Outcome::Nothing;
        }
        self.calls.start(env, async move {
            // It fails only if `close` panics, and then there is nothing left to close.
            let _ = tokio::task::spawn_blocking(move || core.close(budget)).await;
            Outcome::Nothing
        })
    }

    fn answer(&self, env: Env, work: impl Future<Output = Result<Response, Error>> + Send + 'static) -> Outcome {
        let calls = self.calls.clone();
        self.calls.start(env, async move {
            match work.await {
                Ok(response) => Outcome::Answer(answer(&calls, response)),
                Err(error) => error.into(),
            }
        })
    }

    fn json<T: serde::Serialize>(
        &self,
        env: Env,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Outcome {
        self.calls.start(env, async move { Outcome::json(work.await) })
    }

    fn nothing(&self, env: Env, work: impl Future<Output = Result<(), Error>> + Send + 'static) -> Outcome {
        self.calls.start(env, async move { work.await.map_or_else(Outcome::from, |()| Outcome::Nothing) })
    }
}

fn request(method: &str, target: String, headers: &str, body: Bytes) -> Result<Request, Error> {
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| Error::invalid("method", format!("{method:?} is not an HTTP method")))?;
    let mut request = Request::new(method, target);
    request.headers = headers::from_text(headers)?;
    request.body = body;
    Ok(request)
}

fn parse(argument: &str, json: &str) -> Result<Value, Error> {
    serde_json::from_str(json).map_err(|error| Error::invalid(argument, format!("not JSON: {error}")))
}

fn parse_optional(argument: &str, json: Option<&str>) -> Result<Value, Error> {
    json.map_or(Ok(Value::Null), |json| parse(argument, json))
}
