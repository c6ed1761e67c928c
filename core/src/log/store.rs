//! The store: what the gateway calls.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;

use super::append::Pending;
use super::apply::apply;
use super::bill::{self, Bill, BillQuery};
use super::database::Database;
use super::entry;
use super::health::{Health, LogHealth};
use super::outbox;
use super::patch::LogPatch;
use super::payload::Payload;
use super::query::{self, LogPage, LogQuery};
use super::queue::Command;
use super::reconcile::{self, ReconcileQuery, Reconciliation};
use super::recost::{self, Past, RecostQuery, Recosted};
use super::settings::LogSettings;
use super::usage::{self, UsageQuery, UsageReport};
use super::writer::Writer;
use crate::error::{Error, ErrorKind};
use crate::outbox::{Fate, Handed, Order, Standing};
use crate::record::Record;
use crate::usage::NanoUsd;

/// How long a dropped store waits for its last records.
const DROP_BUDGET: Duration = Duration::from_millis(250);

/// A log of calls.
///
/// Nothing is opened and no thread starts before the first call. Every call is handed over at once, whether or not its
/// future is awaited, and all are done in their order: a question sees each record that was appended before it.
///
/// Several stores, in one process or many, may share a file. A forked child makes a store of its own; the parent calls
/// [`release`](Self::release) before the fork, or the child's log stays in memory.
pub(crate) struct LogStore {
    settings: Arc<LogSettings>,
    health: Arc<Health>,
    writer: OnceLock<Writer>,
    closed: AtomicBool,
}

impl LogStore {
    /// A store that has yet to begin. A relative path is meant from the directory that is the current one now.
    pub(crate) fn new(mut settings: LogSettings) -> Self {
        settings.path = settings.path.map(|path| std::path::absolute(&path).unwrap_or(path));
        Self {
            settings: Arc::new(settings),
            health: Arc::default(),
            writer: OnceLock::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes a record to be written. Never waits and never fails: what cannot be kept is counted in
    /// [`health`](Self::health).
    pub(crate) fn append(&self, record: Record) {
        let Some(pending) = Pending::admit(record, &self.settings, &self.health) else { return };
        if let Ok(writer) = self.writer() {
            writer.send(Command::Append(pending));
        }
    }

    /// The log `id` with the beginnings of its bodies, as people read it. Errors: `LogNotFound`, `Storage`, `Closed`.
    pub(crate) fn get(&self, id: &str) -> impl Future<Output = Result<Value, Error>> + Send + use<> {
        let (id, head_bytes) = (id.to_owned(), self.settings.head_bytes);
        self.ask(move |database| {
            database.ask(|connection| entry::read(connection, &id, head_bytes))?.ok_or_else(|| not_found(&id))
        })
    }

    /// One body of the log `id`, whole. Errors: `LogNotFound` (also where the body was not kept), `Storage`, `Closed`.
    pub(crate) fn payload(&self, id: &str, part: Payload) -> impl Future<Output = Result<Bytes, Error>> + Send + use<> {
        let id = id.to_owned();
        self.ask(move |database| {
            let body = database.ask(|connection| entry::read_payload(connection, &id, part))?;
            body.map(Bytes::from).ok_or_else(|| not_found(&id))
        })
    }

    /// Changes the log `id`. Errors: `LogNotFound`, `Storage`, `Closed`.
    pub(crate) fn patch(&self, id: &str, patch: LogPatch) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let id = id.to_owned();
        self.ask(move |database| {
            let found = database.ask(|connection| apply(connection, &id, &patch))?;
            if found { Ok(()) } else { Err(not_found(&id)) }
        })
    }

    /// One page of the logs that a query selects. Errors: `Storage`, `Closed`.
    pub(crate) fn query(&self, query: LogQuery) -> impl Future<Output = Result<LogPage, Error>> + Send + use<> {
        self.ask(move |database| database.ask(|connection| query::page(connection, &query)))
    }

    /// Deletes what a query selects, all of it or as many as its limit says, and counts. Errors: `Storage`, `Closed`.
    pub(crate) fn delete(&self, query: LogQuery) -> impl Future<Output = Result<u64, Error>> + Send + use<> {
        self.ask(move |database| database.ask(|connection| query::delete(connection, &query)))
    }

    /// Requests, tokens and cost by group. Errors: `Storage`, `Closed`.
    pub(crate) fn usage(&self, query: UsageQuery) -> impl Future<Output = Result<UsageReport, Error>> + Send + use<> {
        self.ask(move |database| database.ask(|connection| usage::report(connection, &query)))
    }

    /// Prices what a query selects once more. Errors: `Storage`, `Closed`.
    pub(crate) fn recost<P>(
        &self,
        query: RecostQuery,
        price: P,
    ) -> impl Future<Output = Result<Recosted, Error>> + Send + use<P>
    where
        P: Fn(&Past) -> Option<(NanoUsd, Option<String>)> + Send + 'static,
    {
        self.ask(move |database| database.ask(|connection| recost::recost(connection, &query, &price)))
    }

    /// How many tokens the last hundred good answers of a model had on average. Errors: `Storage`, `Closed`.
    pub(crate) fn usual_length(
        &self,
        provider: &str,
        model: &str,
    ) -> impl Future<Output = Result<Option<u64>, Error>> + Send + use<> {
        let (provider, model) = (provider.to_owned(), model.to_owned());
        self.ask(move |database| database.ask(|connection| usage::usual_length(connection, &provider, &model)))
    }

    /// The oldest records that wait for a receiver. Errors: `Storage`, `Closed`.
    pub(crate) fn hand_out(&self, order: Order) -> impl Future<Output = Result<Handed, Error>> + Send + use<> {
        self.ask(move |database| database.ask(|connection| outbox::hand_out(connection, &order)))
    }

    /// Writes down what became of records that were handed out. Errors: `Storage`, `Closed`.
    pub(crate) fn settle(
        &self,
        sink: &str,
        fates: Vec<(i64, Fate)>,
        now_us: u64,
    ) -> impl Future<Output = Result<Standing, Error>> + Send + use<> {
        let sink = sink.to_owned();
        self.ask(move |database| database.ask(|connection| outbox::settle(connection, &sink, &fates, now_us)))
    }

    /// Lets another process send to `sink`. Errors: `Storage`, `Closed`.
    pub(crate) fn leave(&self, sink: &str, holder: &str) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (sink, holder) = (sink.to_owned(), holder.to_owned());
        self.ask(move |database| database.ask(|connection| outbox::leave(connection, &sink, &holder)))
    }

    /// What calls have cost, by customer. Errors: `Storage`, `Closed`.
    pub(crate) fn bill(&self, query: BillQuery) -> impl Future<Output = Result<Bill, Error>> + Send + use<> {
        self.ask(move |database| database.ask(|connection| bill::report(connection, &query)))
    }

    /// A provider's report held against the log. Errors: `Storage`, `Closed`.
    pub(crate) fn reconcile(
        &self,
        query: ReconcileQuery,
    ) -> impl Future<Output = Result<Reconciliation, Error>> + Send + use<> {
        self.ask(move |database| database.ask(|connection| reconcile::report(connection, &query)))
    }

    /// Ends when every record that was appended before is written or counted as lost. Errors: `Storage`, `Closed`.
    pub(crate) fn flush(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let begun = self.writer.get().is_some();
        let answer = begun.then(|| self.ask(|_| Ok(())));
        async { if let Some(answer) = answer { answer.await } else { Ok(()) } }
    }

    /// How the log is doing.
    pub(crate) fn health(&self) -> LogHealth {
        self.health.report()
    }

    /// How many logs were lost so far.
    #[cfg(test)]
    pub(crate) fn dropped(&self) -> u64 {
        self.health().dropped
    }

    /// Writes what waits and closes the file until the next call, so that the process may fork. Says whether that was
    /// done within `budget`.
    pub(crate) fn release(&self, budget: Duration) -> bool {
        let Some(writer) = self.writer.get().filter(|writer| writer.is_ours()) else { return true };
        let (done, released) = mpsc::channel();
        writer.send(Command::Ask(Box::new(move |database| {
            database.release();
            let _ = done.send(());
        })));
        released.recv_timeout(budget) != Err(mpsc::RecvTimeoutError::Timeout)
    }

    /// Writes what waits and ends the thread. Says whether that was done within `budget`; if not, the thread goes on
    /// alone for as long as the process lives. Afterwards records are dropped and questions fail with `Closed`.
    pub(crate) fn close(&self, budget: Duration) -> bool {
        self.closed.store(true, SeqCst);
        self.writer.get().filter(|writer| writer.is_ours()).is_none_or(|writer| writer.close(budget))
    }

    pub(super) fn ask<T, Q>(&self, question: Q) -> impl Future<Output = Result<T, Error>> + Send + use<T, Q>
    where
        T: Send + 'static,
        Q: FnOnce(&mut Database) -> Result<T, Error> + Send + 'static,
    {
        let answer = self.writer().map(|writer| {
            let (reply, answer) = oneshot::channel();
            writer.send(Command::Ask(Box::new(move |database| {
                // Nobody waits for an answer whose future was dropped.
                let _ = reply.send(question(database));
            })));
            answer
        });
        async {
            answer?.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Storage, "the log ended before it answered")))
        }
    }

    fn writer(&self) -> Result<&Writer, Error> {
        if self.closed.load(SeqCst) {
            return Err(closed());
        }
        let writer = self.writer.get_or_init(|| Writer::start(Arc::clone(&self.settings), Arc::clone(&self.health)));
        if !writer.is_ours() {
            return Err(Error::new(
                ErrorKind::Closed,
                "the log belongs to the process before the fork; open a new one",
            ));
        }
        Ok(writer)
    }
}

#[cfg(test)]
impl LogStore {
    /// As if this were a child of the process that used the store.
    pub(super) fn pretend_fork(&mut self) {
        self.writer.get_mut().expect("the store was used before").process = 0;
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        if writer.is_ours() {
            writer.close(DROP_BUDGET);
        } else {
            // The parent's channel may be in any state here, and its thread does not exist.
            std::mem::forget(writer);
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the log is closed")
}

fn not_found(id: &str) -> Error {
    Error::new(ErrorKind::LogNotFound, "no such log is kept: it was not collected, or made room for newer ones")
        .with_log_id(id)
}
