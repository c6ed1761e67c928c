//! The log of a build without SQLite: it keeps nothing and says so when it is asked. What the other log exports has the
//! same names here, so that nothing above needs to know.

#[allow(dead_code, reason = "it is also that of the log which keeps something")]
mod health;
#[allow(dead_code, reason = "it is also that of the log which keeps something")]
mod patch;
mod payload;
#[allow(dead_code, reason = "it is also that of the log which keeps something")]
mod settings;

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

pub use self::health::LogHealth;
pub use self::patch::{Change, LogPatch};
pub use self::payload::Payload;
pub(crate) use self::settings::LogSettings;
use crate::error::{Error, ErrorKind};
use crate::record::Record;
use crate::usage::{NanoUsd, Usage};

/// A log that keeps nothing.
pub(crate) struct LogStore {
    settings: LogSettings,
}

/// A query that nothing could answer: there is no such value.
#[derive(Clone, Debug)]
pub enum LogQuery {}

/// An answer that is never given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum LogPage {}

/// See [`LogQuery`].
#[derive(Clone, Debug)]
pub enum UsageQuery {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum UsageReport {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum UsageRow {}

/// See [`LogQuery`].
#[derive(Clone, Debug)]
pub enum BillQuery {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Bill {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum BillLine {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Customer {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Reconciliation {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Reconciled {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Side {}

/// See [`LogQuery`].
pub(crate) enum ReconcileQuery {}

impl ReconcileQuery {
    pub(crate) fn from_json(_provider: &str, _report: &Value, _options: &Value, _now_us: u64) -> Result<Self, Error> {
        Err(no_log())
    }
}

impl BillQuery {
    /// Cannot be made here.
    ///
    /// # Errors
    /// Always `Storage`.
    pub fn from_json(_query: &Value, _now_us: u64) -> Result<Self, Error> {
        Err(no_log())
    }
}

impl LogQuery {
    /// Cannot be made here.
    ///
    /// # Errors
    /// Always `Storage`.
    pub fn from_json(_query: &Value, _now_us: u64) -> Result<Self, Error> {
        Err(no_log())
    }
}

impl UsageQuery {
    /// Cannot be made here.
    ///
    /// # Errors
    /// Always `Storage`.
    pub fn from_json(_query: &Value, _now_us: u64) -> Result<Self, Error> {
        Err(no_log())
    }
}

/// See [`LogQuery`].
#[derive(Clone, Debug)]
pub enum RecostQuery {}

/// See [`LogPage`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Recosted {}

impl RecostQuery {
    /// Cannot be made here.
    ///
    /// # Errors
    /// Always `Storage`.
    pub fn from_json(_query: &Value, _now_us: u64) -> Result<Self, Error> {
        Err(no_log())
    }
}

/// What a logged call is priced by, where there is a log.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) model_served: Option<String>,
    pub(crate) created_at_us: u64,
    pub(crate) usage: Usage,
}

#[allow(clippy::unused_async, clippy::unused_self, reason = "the shape is that of the log which keeps something")]
impl LogStore {
    pub(crate) fn new(settings: LogSettings) -> Self {
        Self { settings }
    }

    pub(crate) fn append(&self, _record: Record) {}

    pub(crate) async fn get(&self, _id: &str) -> Result<Value, Error> {
        Err(no_log())
    }

    pub(crate) async fn payload(&self, _id: &str, _part: Payload) -> Result<Bytes, Error> {
        Err(no_log())
    }

    pub(crate) async fn patch(&self, _id: &str, _patch: LogPatch) -> Result<(), Error> {
        Err(no_log())
    }

    pub(crate) async fn query(&self, query: LogQuery) -> Result<LogPage, Error> {
        match query {}
    }

    pub(crate) async fn delete(&self, query: LogQuery) -> Result<u64, Error> {
        match query {}
    }

    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<UsageReport, Error> {
        match query {}
    }

    pub(crate) async fn recost<P>(&self, query: RecostQuery, _price: P) -> Result<Recosted, Error>
    where
        P: Fn(&Past) -> Option<(NanoUsd, Option<String>)> + Send + 'static,
    {
        match query {}
    }

    /// Nobody remembers.
    pub(crate) async fn usual_length(&self, _provider: &str, _model: &str) -> Result<Option<u64>, Error> {
        Ok(None)
    }

    pub(crate) async fn bill(&self, query: BillQuery) -> Result<Bill, Error> {
        match query {}
    }

    pub(crate) async fn reconcile(&self, query: ReconcileQuery) -> Result<Reconciliation, Error> {
        match query {}
    }

    /// Nothing waits to be written.
    pub(crate) async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn health(&self) -> LogHealth {
        LogHealth { degraded: self.settings.path.is_some().then(|| no_log().to_string()), ..LogHealth::default() }
    }

    pub(crate) fn release(&self, _budget: Duration) -> bool {
        true
    }

    pub(crate) fn close(&self, _budget: Duration) -> bool {
        true
    }
}

fn no_log() -> Error {
    Error::new(ErrorKind::Storage, "this build keeps no log; build it with the feature `sqlite`")
}
