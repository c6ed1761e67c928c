//! A log of other gateways' calls: what a receiver of uploads keeps.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::ingest::{Incoming, ingest};
use super::settings::LogSettings;
use super::store::LogStore;
use crate::error::Error;

/// Keeps the logs that gateways upload, in a `SQLite` file of the same form as their own: reports and the dashboard read it
/// like any other.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("tollhouse-collector-{}", std::process::id()));
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let collector = tollhouse::Collector::new(folder.join("fleet.db"), None);
/// let lines = br#"{"id": "019b", "created_at_us": 1767269340000000, "provider": "openai", "success": true}"#;
/// for _ in 0..2 {
///     let receipt = runtime.block_on(collector.take(lines))?;
///     assert_eq!((receipt.accepted, receipt.rejected.len()), (1, 0));
/// }
/// # collector.close(std::time::Duration::from_secs(5));
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), tollhouse::Error>(())
/// ```
pub struct Collector {
    store: LogStore,
    max_records: u64,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// How many records are on disk; one that was there already counts too.
    pub accepted: usize,
    /// Those that cannot be kept.
    pub rejected: Vec<Rejected>,
    /// How long the sender is asked to wait before the next batch, in milliseconds.
    pub hold_ms: u64,
}

/// A record that cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Its id, as far as it has one.
    pub id: String,
    /// Why, as a stable word: `shape`.
    pub code: &'static str,
    /// Why, in words.
    pub msg: String,
}

impl Collector {
    /// A collector that keeps its records in the file `path`, at most `max_records` of them. Nothing is opened before the
    /// first batch.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, max_records: Option<u64>) -> Self {
        // A fleet's log is bounded by who runs it.
        let max_records = max_records.unwrap_or(u64::MAX);
        let settings = LogSettings { max_records, durable: true, ..LogSettings::in_file(path) };
        Self { store: LogStore::new(settings), max_records }
    }

    /// Takes a batch of lines, each a record. When it ends, what it accepted is on disk, synced.
    ///
    /// # Errors
    /// `InvalidRequest` if a line is no JSON; `Storage` if the file cannot be written: nothing of the batch counts then.
    pub async fn take(&self, lines: &[u8]) -> Result<Receipt, Error> {
        let lines: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(lines).into_iter().collect();
        let lines = lines.map_err(|error| Error::invalid("body", format!("not a JSON object a line: {error}")))?;
        let count = lines.len();
        let (mut batch, mut rejected) = (Vec::with_capacity(count), Vec::new());
        for line in &lines {
            match Incoming::read(line) {
                Ok(incoming) => batch.push(incoming),
                Err(rejection) => rejected.push(rejection),
            }
        }
        let max_records = self.max_records;
        let written =
            self.store.ask(move |database| database.ask_file(|connection| ingest(connection, batch, max_records)));
        rejected.extend(written.await?);
        let rejected: Vec<Rejected> =
            rejected.into_iter().map(|(id, msg)| Rejected { id, code: "shape", msg }).collect();
        Ok(Receipt { accepted: count - rejected.len(), rejected, hold_ms: 0 })
    }

    /// Closes the file. Says whether that was done within `budget`.
    pub fn close(&self, budget: Duration) -> bool {
        self.store.close(budget)
    }
}
