//! The awaiting face: each call gives an awaitable, for asyncio and trio.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::bridge::start;
use crate::calls::{self, Timeouts};
use crate::gateway::Open;

/// A gateway whose calls are awaited.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct AsyncGateway(pub(crate) Arc<Open>);

type Awaitable<'py> = PyResult<Bound<'py, PyAny>>;

#[pymethods]
impl AsyncGateway {
    #[pyo3(signature = (method, target, headers=None, body=None, timeouts=(None, None)))]
    fn handle<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        target: String,
        headers: Option<&Bound<'py, PyAny>>,
        body: Option<PyBackedBytes>,
        timeouts: Timeouts,
    ) -> Awaitable<'py> {
        let request = calls::request(py, method, target, headers, body, timeouts)?;
        start(py, calls::handle(self.0.core(), request))
    }

    #[pyo3(signature = (method, target, headers=None, body=None))]
    fn why_miss<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        target: String,
        headers: Option<&Bound<'py, PyAny>>,
        body: Option<PyBackedBytes>,
    ) -> Awaitable<'py> {
        let request = calls::request(py, method, target, headers, body, (None, None))?;
        start(py, calls::why_miss(self.0.core(), request))
    }

    fn run<'py>(&self, py: Python<'py>, entries: &str, options: &str) -> Awaitable<'py> {
        let (entries, options) = (calls::json(py, "entries", entries)?, calls::json(py, "options", options)?);
        start(py, calls::run(self.0.core(), entries, options))
    }

    fn chat<'py>(&self, py: Python<'py>, model: String, messages: &str, options: &str) -> Awaitable<'py> {
        let (messages, options) = (calls::json(py, "messages", messages)?, calls::json(py, "options", options)?);
        start(py, calls::chat(self.0.core(), model, messages, options))
    }

    fn get_log<'py>(&self, py: Python<'py>, log_id: String) -> Awaitable<'py> {
        start(py, calls::get_log(self.0.core(), log_id))
    }

    fn explain<'py>(&self, py: Python<'py>, log_id: String) -> Awaitable<'py> {
        start(py, calls::explain(self.0.core(), log_id))
    }

    fn patch_log<'py>(&self, py: Python<'py>, log_id: String, patch: &str) -> Awaitable<'py> {
        start(py, calls::patch_log(self.0.core(), log_id, calls::json(py, "patch", patch)?))
    }

    fn logs<'py>(&self, py: Python<'py>, query: &str) -> Awaitable<'py> {
        start(py, calls::logs(self.0.core(), calls::json(py, "query", query)?))
    }

    fn delete_logs<'py>(&self, py: Python<'py>, query: &str) -> Awaitable<'py> {
        start(py, calls::delete_logs(self.0.core(), calls::json(py, "query", query)?))
    }

    fn log_payload<'py>(&self, py: Python<'py>, log_id: String, part: &str) -> Awaitable<'py> {
        start(py, calls::log_payload(self.0.core(), log_id, calls::part(py, part)?))
    }

    fn usage<'py>(&self, py: Python<'py>, query: &str) -> Awaitable<'py> {
        start(py, calls::usage(self.0.core(), calls::json(py, "query", query)?))
    }

    fn cache_stats<'py>(&self, py: Python<'py>) -> Awaitable<'py> {
        start(py, calls::cache_stats(self.0.core()))
    }

    fn purge_cache<'py>(&self, py: Python<'py>, filter: &str) -> Awaitable<'py> {
        start(py, calls::purge_cache(self.0.core(), calls::json(py, "filter", filter)?))
    }

    fn recost<'py>(&self, py: Python<'py>, query: &str) -> Awaitable<'py> {
        start(py, calls::recost(self.0.core(), calls::json(py, "query", query)?))
    }

    fn estimate<'py>(&self, py: Python<'py>, model: String, messages: &str, options: &str) -> Awaitable<'py> {
        let (messages, options) = (calls::json(py, "messages", messages)?, calls::json(py, "options", options)?);
        start(py, calls::estimate(self.0.core(), model, messages, options))
    }

    fn budgets<'py>(&self, py: Python<'py>) -> Awaitable<'py> {
        start(py, calls::budgets(self.0.core()))
    }

    fn top_up<'py>(&self, py: Python<'py>, wallet: String, amount: String, options: &str) -> Awaitable<'py> {
        start(py, calls::top_up(self.0.core(), wallet, amount, calls::json(py, "options", options)?))
    }

    fn refund<'py>(&self, py: Python<'py>, wallet: String, amount: String, options: &str) -> Awaitable<'py> {
        start(py, calls::refund(self.0.core(), wallet, amount, calls::json(py, "options", options)?))
    }

    fn balance<'py>(&self, py: Python<'py>, wallet: String) -> Awaitable<'py> {
        start(py, calls::balance(self.0.core(), wallet))
    }

    fn ledger<'py>(&self, py: Python<'py>, query: &str) -> Awaitable<'py> {
        start(py, calls::ledger(self.0.core(), calls::json(py, "query", query)?))
    }

    fn bill<'py>(&self, py: Python<'py>, query: &str) -> Awaitable<'py> {
        start(py, calls::bill(self.0.core(), calls::json(py, "query", query)?))
    }

    fn reconcile<'py>(&self, py: Python<'py>, provider: String, report: &str, options: &str) -> Awaitable<'py> {
        start(
            py,
            calls::reconcile(
                self.0.core(),
                provider,
                calls::json(py, "report", report)?,
                calls::json(py, "options", options)?,
            ),
        )
    }

    fn flush<'py>(&self, py: Python<'py>) -> Awaitable<'py> {
        start(py, calls::flush(self.0.core()))
    }

    fn close<'py>(&self, py: Python<'py>, seconds: f64) -> Awaitable<'py> {
        start(py, calls::close(self.0.clone(), seconds))
    }
}
