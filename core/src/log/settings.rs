//! What the log room is told.

use std::path::PathBuf;

use crate::config::WhenFull;
use crate::outbox::Sink;

/// As many as the reference keeps on its free plan (Cloudflare AI Gateway, "Limits").
const RECORDS_IN_FILE: u64 = 100_000;

/// Memory is the caller's: a tenth of a file's.
pub(super) const RECORDS_IN_MEMORY: u64 = 10_000;

/// Where logs go and how much of them is kept.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    /// The `SQLite` file; `None` keeps the log in memory, where it ends with the store.
    pub(crate) path: Option<PathBuf>,
    /// How many logs are kept.
    pub(crate) max_records: u64,
    /// What happens at `max_records`.
    pub(crate) when_full: WhenFull,
    /// A call whose two bodies together have more bytes than this is not logged.
    pub(crate) max_record_bytes: u64,
    /// How many bytes of a body `request_head` and `response_head` show.
    pub(crate) head_bytes: usize,
    /// Whether every commit is synced to the disk.
    pub(crate) durable: bool,
    /// Whose calls these are.
    pub(crate) gateway: Option<String>,
    /// Who gets them too.
    pub(crate) sinks: Vec<Sink>,
}

impl LogSettings {
    /// A log in memory: the newest 10,000 calls, and their bodies as long as all of it stays within 16 MiB.
    pub(crate) fn in_memory() -> Self {
        Self {
            path: None,
            max_records: RECORDS_IN_MEMORY,
            when_full: WhenFull::DeleteOldest,
            // Cloudflare AI Gateway, "Limits": 10 MB a log.
            max_record_bytes: 10_000_000,
            head_bytes: 10_000,
            durable: false,
            gateway: None,
            sinks: Vec::new(),
        }
    }

    /// A log in the file `path`: the newest 100,000 calls with their bodies.
    pub(crate) fn in_file(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), max_records: RECORDS_IN_FILE, ..Self::in_memory() }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self::in_memory()
    }
}
