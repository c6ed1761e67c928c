//! What is remembered of each call: one row per call in `SQLite`, written by one background thread.
//!
//! The log never fails a call and never makes one wait. It can be asked at once: a question sees every record that was
//! appended before it.

mod append;
mod apply;
mod bill;
mod bill_text;
mod collector;
mod columns;
mod database;
mod entry;
mod filter;
mod health;
mod ingest;
mod latency;
mod line;
mod memory;
mod outbox;
mod patch;
mod payload;
mod query;
mod queue;
mod reconcile;
mod recost;
mod schema;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod usage;
mod writer;

pub use bill::{Bill, BillLine, BillQuery, Customer};
pub use collector::{Collector, Receipt, Rejected};
pub use health::LogHealth;
pub use patch::{Change, LogPatch};
pub use payload::Payload;
pub use query::{LogPage, LogQuery};
pub(crate) use reconcile::ReconcileQuery;
pub use reconcile::{Reconciled, Reconciliation, Side};
pub(crate) use recost::Past;
pub use recost::{RecostQuery, Recosted};
pub(crate) use settings::LogSettings;
pub(crate) use store::LogStore;
pub use usage::{UsageQuery, UsageReport, UsageRow};
