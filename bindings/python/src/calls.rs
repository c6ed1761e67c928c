//! The calls that both faces have, from Python's arguments to core's futures.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use serde_json::Value;
use tollhouse::{Deadlines, Error, ErrorKind, Gateway, Payload, Request, Response};

use crate::gateway::Open;
use crate::{errors, headers};

/// Up to here copying a body costs less than a microsecond.
const SMALL: usize = 16 * 1024;

/// Seconds to connect, and seconds between two chunks of the answer.
pub(crate) type Timeouts = (Option<f64>, Option<f64>);

/// A request out of Python's parts.
pub(crate) fn request(
    py: Python<'_>,
    method: &str,
    target: String,
    headers: Option<&Bound<'_, PyAny>>,
    body: Option<PyBackedBytes>,
    timeouts: Timeouts,
) -> PyResult<Request> {
    let method = Method::from_str(method)
        .map_err(|_| errors::raised(py, &Error::invalid("method", format!("{method:?} is not an HTTP method"))))?;
    Ok(Request {
        method,
        target,
        headers: headers::read(headers)?,
        body: body.map(shared).unwrap_or_default(),
        deadlines: Deadlines { connect: seconds(py, timeouts.0)?, read: seconds(py, timeouts.1)? },
    })
}

/// A value out of JSON text that Python's own encoder wrote.
pub(crate) fn json(py: Python<'_>, field: &str, text: &str) -> PyResult<Value> {
    serde_json::from_str(text).map_err(|error| errors::raised(py, &Error::invalid(field, error.to_string())))
}

/// Which body of a log is meant.
pub(crate) fn part(py: Python<'_>, name: &str) -> PyResult<Payload> {
    match name {
        "request" => Ok(Payload::Request),
        "response" => Ok(Payload::Response),
        _ => Err(errors::raised(
            py,
            &Error::invalid("part", format!("{name:?} is neither \"request\" nor \"response\"")),
        )),
    }
}

pub(crate) async fn handle(gateway: Gateway, request: Request) -> Result<Response, Error> {
    gateway.handle(request).await
}

pub(crate) async fn why_miss(gateway: Gateway, request: Request) -> Result<Value, Error> {
    gateway.why_miss(request).await
}

pub(crate) async fn run(gateway: Gateway, entries: Value, options: Value) -> Result<Response, Error> {
    gateway.run(&entries, &options).await
}

pub(crate) async fn chat(gateway: Gateway, model: String, messages: Value, options: Value) -> Result<Response, Error> {
    gateway.chat(&model, &messages, &options).await
}

pub(crate) async fn get_log(gateway: Gateway, log_id: String) -> Result<Value, Error> {
    gateway.get_log(&log_id).await
}

pub(crate) async fn explain(gateway: Gateway, log_id: String) -> Result<Value, Error> {
    gateway.explain(&log_id).await
}

pub(crate) async fn patch_log(gateway: Gateway, log_id: String, patch: Value) -> Result<(), Error> {
    gateway.patch_log(&log_id, &patch).await
}

pub(crate) async fn logs(gateway: Gateway, query: Value) -> Result<Value, Error> {
    gateway.logs(&query).await.map(document)
}

pub(crate) async fn delete_logs(gateway: Gateway, query: Value) -> Result<u64, Error> {
    gateway.delete_logs(&query).await
}

pub(crate) async fn log_payload(gateway: Gateway, log_id: String, part: Payload) -> Result<Bytes, Error> {
    gateway.log_payload(&log_id, part).await
}

pub(crate) async fn usage(gateway: Gateway, query: Value) -> Result<Value, Error> {
    gateway.usage(&query).await.map(document)
}

pub(crate) async fn cache_stats(gateway: Gateway) -> Result<Value, Error> {
    gateway.cache_stats().await.map(document)
}

pub(crate) async fn purge_cache(gateway: Gateway, filter: Value) -> Result<Value, Error> {
    gateway.purge_cache(&filter).await.map(document)
}

pub(crate) async fn recost(gateway: Gateway, query: Value) -> Result<Value, Error> {
    gateway.recost(&query).await.map(document)
}

pub(crate) async fn estimate(gateway: Gateway, model: String, messages: Value, options: Value) -> Result<Value, Error> {
    gateway.estimate(&model, &messages, &options).await.map(document)
}

pub(crate) async fn budgets(gateway: Gateway) -> Result<Value, Error> {
    gateway.budgets().await.map(document)
}

pub(crate) async fn top_up(gateway: Gateway, wallet: String, amount: String, options: Value) -> Result<Value, Error> {
    gateway.top_up(&wallet, &amount, &options).await.map(document)
}

pub(crate) async fn refund(gateway: Gateway, wallet: String, amount: String, options: Value) -> Result<Value, Error> {
    gateway.refund(&wallet, &amount, &options).await.map(document)
}

pub(crate) async fn balance(gateway: Gateway, wallet: String) -> Result<Value, Error> {
    gateway.balance(&wallet).await.map(document)
}

pub(crate) async fn ledger(gateway: Gateway, query: Value) -> Result<Value, Error> {
    gateway.ledger(&query).await.map(document)
}

pub(crate) async fn bill(gateway: Gateway, query: Value) -> Result<Value, Error> {
    gateway.bill(&query).await.map(document)
}

pub(crate) async fn reconcile(
    gateway: Gateway,
    provider: String,
    report: Value,
    options: Value,
) -> Result<Value, Error> {
    gateway.reconcile(&provider, &report, &options).await.map(document)
}

pub(crate) async fn flush(gateway: Gateway) -> Result<(), Error> {
    gateway.flush().await
}

/// Off the event loop's thread, since it waits for the disk.
pub(crate) async fn close(open: Arc<Open>, seconds: f64) -> Result<(), Error> {
    let closing = tokio::task::spawn_blocking(move || open.close(seconds));
    closing.await.map_err(|_| Error::new(ErrorKind::Storage, "closing the gateway failed inside it"))
}

/// What core gives as a type of its own, as JSON.
pub(crate) fn document(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("core's reports are plain structs with text keys")
}

/// The bytes of a Python object. Small ones are copied: an object that another thread lets go of passes through a lock of
/// pyo3, and a fork at that moment would leave the lock closed in the child.
fn shared(body: PyBackedBytes) -> Bytes {
    if body.len() <= SMALL { Bytes::copy_from_slice(&body) } else { Bytes::from_owner(body) }
}

fn seconds(py: Python<'_>, seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let read = |seconds| {
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| errors::raised(py, &Error::invalid("timeout", format!("{seconds} s is no span of time"))))
    };
    seconds.map(read).transpose()
}
