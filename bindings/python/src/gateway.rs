//! The blocking face: each call is driven by the thread that makes it, with the interpreter released.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use tollhouse::Config;
use tollhouse_server::Loopback;

use crate::async_gateway::AsyncGateway;
use crate::body::Home;
use crate::bridge::Outcome;
use crate::calls::{self, Timeouts};
use crate::errors;
use crate::host::Embeds;
use crate::process::Owned;
use crate::runtime::Driver;

/// A gateway whose calls block.
#[pyclass(frozen, weakref, module = "tollhouse._native")]
pub(crate) struct Gateway(Arc<Open>);

/// One gateway, shared by its blocking and its awaiting face.
pub(crate) struct Open {
    gateway: Owned<tollhouse::Gateway>,
    loopback: OnceLock<Owned<Loopback>>,
}

#[pymethods]
impl Gateway {
    /// A gateway with this configuration.
    #[staticmethod]
    #[pyo3(signature = (text, embedder=None))]
    fn from_json(py: Python<'_>, text: &str, embedder: Option<Py<PyAny>>) -> PyResult<Self> {
        Self::open(py, Config::from_json(text), embedder)
    }

    /// A gateway with the configuration in a file, TOML or JSON.
    #[staticmethod]
    #[pyo3(signature = (path, embedder=None))]
    fn from_file(py: Python<'_>, path: &str, embedder: Option<Py<PyAny>>) -> PyResult<Self> {
        Self::open(py, Config::from_file(path), embedder)
    }

    /// A gateway with `tollhouse.toml` in the working directory, or with the defaults if there is none.
    #[staticmethod]
    #[pyo3(signature = (embedder=None))]
    fn discover(py: Python<'_>, embedder: Option<Py<PyAny>>) -> PyResult<Self> {
        Self::open(py, Config::discover(), embedder)
    }

    /// The same gateway, with calls to await.
    fn asynchronous(&self) -> AsyncGateway {
        AsyncGateway(self.0.clone())
    }

    #[pyo3(signature = (method, target, headers=None, body=None, timeouts=(None, None)))]
    fn handle(
        &self,
        py: Python<'_>,
        method: &str,
        target: String,
        headers: Option<&Bound<'_, PyAny>>,
        body: Option<PyBackedBytes>,
        timeouts: Timeouts,
    ) -> PyResult<Py<PyAny>> {
        let request = calls::request(py, method, target, headers, body, timeouts)?;
        drive(py, calls::handle(self.core(), request))
    }

    #[pyo3(signature = (method, target, headers=None, body=None))]
    fn why_miss(
        &self,
        py: Python<'_>,
        method: &str,
        target: String,
        headers: Option<&Bound<'_, PyAny>>,
        body: Option<PyBackedBytes>,
    ) -> PyResult<Py<PyAny>> {
        let request = calls::request(py, method, target, headers, body, (None, None))?;
        drive(py, calls::why_miss(self.core(), request))
    }

    fn run(&self, py: Python<'_>, entries: &str, options: &str) -> PyResult<Py<PyAny>> {
        let (entries, options) = (calls::json(py, "entries", entries)?, calls::json(py, "options", options)?);
        drive(py, calls::run(self.core(), entries, options))
    }

    fn chat(&self, py: Python<'_>, model: String, messages: &str, options: &str) -> PyResult<Py<PyAny>> {
        let (messages, options) = (calls::json(py, "messages", messages)?, calls::json(py, "options", options)?);
        drive(py, calls::chat(self.core(), model, messages, options))
    }

    fn get_log(&self, py: Python<'_>, log_id: String) -> PyResult<Py<PyAny>> {
        drive(py, calls::get_log(self.core(), log_id))
    }

    fn explain(&self, py: Python<'_>, log_id: String) -> PyResult<Py<PyAny>> {
        drive(py, calls::explain(self.core(), log_id))
    }

    fn set_route(&self, py: Python<'_>, name: &str, route: &str) -> PyResult<u64> {
        let route = calls::json(py, "route", route)?;
        let set = py.detach(|| self.0.gateway.set_route(name, &route));
        set.map_err(|error| errors::raised(py, &error))
    }

    fn patch_log(&self, py: Python<'_>, log_id: String, patch: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::patch_log(self.core(), log_id, calls::json(py, "patch", patch)?))
    }

    fn logs(&self, py: Python<'_>, query: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::logs(self.core(), calls::json(py, "query", query)?))
    }

    fn delete_logs(&self, py: Python<'_>, query: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::delete_logs(self.core(), calls::json(py, "query", query)?))
    }

    fn log_payload(&self, py: Python<'_>, log_id: String, part: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::log_payload(self.core(), log_id, calls::part(py, part)?))
    }

    fn usage(&self, py: Python<'_>, query: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::usage(self.core(), calls::json(py, "query", query)?))
    }

    fn cache_stats(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        drive(py, calls::cache_stats(self.core()))
    }

    fn purge_cache(&self, py: Python<'_>, filter: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::purge_cache(self.core(), calls::json(py, "filter", filter)?))
    }

    fn recost(&self, py: Python<'_>, query: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::recost(self.core(), calls::json(py, "query", query)?))
    }

    fn estimate(&self, py: Python<'_>, model: String, messages: &str, options: &str) -> PyResult<Py<PyAny>> {
        let (messages, options) = (calls::json(py, "messages", messages)?, calls::json(py, "options", options)?);
        drive(py, calls::estimate(self.core(), model, messages, options))
    }

    fn load_prices(&self, py: Python<'_>, prices: &str) -> PyResult<String> {
        let prices = calls::json(py, "prices", prices)?;
        let loaded = py.detach(|| self.0.gateway.load_prices(&prices));
        loaded.map(|told| told.to_string()).map_err(|error| errors::raised(py, &error))
    }

    fn budgets(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        drive(py, calls::budgets(self.core()))
    }

    fn top_up(&self, py: Python<'_>, wallet: String, amount: String, options: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::top_up(self.core(), wallet, amount, calls::json(py, "options", options)?))
    }

    fn refund(&self, py: Python<'_>, wallet: String, amount: String, options: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::refund(self.core(), wallet, amount, calls::json(py, "options", options)?))
    }

    fn balance(&self, py: Python<'_>, wallet: String) -> PyResult<Py<PyAny>> {
        drive(py, calls::balance(self.core(), wallet))
    }

    fn ledger(&self, py: Python<'_>, query: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::ledger(self.core(), calls::json(py, "query", query)?))
    }

    fn bill(&self, py: Python<'_>, query: &str) -> PyResult<Py<PyAny>> {
        drive(py, calls::bill(self.core(), calls::json(py, "query", query)?))
    }

    fn reconcile(&self, py: Python<'_>, provider: String, report: &str, options: &str) -> PyResult<Py<PyAny>> {
        drive(
            py,
            calls::reconcile(
                self.core(),
                provider,
                calls::json(py, "report", report)?,
                calls::json(py, "options", options)?,
            ),
        )
    }

    fn flush(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        drive(py, calls::flush(self.core()))
    }

    fn count_tokens(&self, py: Python<'_>, model: &str, input: &str) -> PyResult<String> {
        let input = calls::json(py, "input", input)?;
        let counted = py.detach(|| self.0.gateway.count_tokens(model, &input));
        counted.map(|count| calls::document(count).to_string()).map_err(|error| errors::raised(py, &error))
    }

    fn config(&self) -> String {
        self.0.gateway.config().to_json().to_string()
    }

    fn health(&self, py: Python<'_>) -> PyResult<String> {
        let health = self.0.gateway.health().map_err(|error| errors::raised(py, &error))?;
        Ok(calls::document(health).to_string())
    }

    #[pyo3(signature = (provider=None))]
    fn get_url(&self, py: Python<'_>, provider: Option<&str>) -> PyResult<String> {
        py.detach(|| self.loopback().get_url(provider)).map_err(|error| errors::raised(py, &error))
    }

    fn ui_url(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.loopback().ui_url()).map_err(|error| errors::raised(py, &error))
    }

    /// Lets go of what a forked child must not inherit, waiting for at most `seconds`.
    fn before_fork(&self, py: Python<'_>, seconds: f64) -> bool {
        let budget = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        py.detach(|| self.0.gateway.before_fork(budget))
    }

    /// Writes what is still to be written, for at most `seconds`, and refuses calls from now on.
    fn close(&self, py: Python<'_>, seconds: f64) {
        py.detach(|| self.0.close(seconds));
    }
}

impl Gateway {
    pub(crate) fn new(gateway: tollhouse::Gateway) -> Self {
        Self(Arc::new(Open { gateway: Owned::new(gateway), loopback: OnceLock::new() }))
    }

    /// `embedder` starts the thread in which the program's own embedder answers.
    fn open(py: Python<'_>, config: Result<Config, tollhouse::Error>, embedder: Option<Py<PyAny>>) -> PyResult<Self> {
        let built = config.and_then(|config| {
            let builder = tollhouse::Gateway::builder(config);
            match embedder {
                Some(starter) => builder.embedder(Arc::new(Embeds::new(starter))).build(),
                None => builder.build(),
            }
        });
        Ok(Self::new(built.map_err(|error| errors::raised(py, &error))?))
    }

    fn core(&self) -> tollhouse::Gateway {
        self.0.core()
    }

    fn loopback(&self) -> &Loopback {
        self.0.loopback.get_or_init(|| Owned::new(Loopback::new(self.core())))
    }
}

impl Open {
    pub(crate) fn core(&self) -> tollhouse::Gateway {
        self.gateway.clone()
    }

    pub(crate) fn close(&self, seconds: f64) {
        if let Some(loopback) = self.loopback.get().filter(|loopback| loopback.is_ours()) {
            loopback.stop();
        }
        self.gateway.close(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    }
}

fn drive<F>(py: Python<'_>, future: F) -> PyResult<Py<PyAny>>
where
    F: Future<Output: Outcome> + Send,
{
    let driver = Driver::of_thread()?;
    driver.drive(py, future)?.into_python(py, &Home::Thread(driver))
}
