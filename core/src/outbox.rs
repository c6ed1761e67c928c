//! What waits to be uploaded: what the log hands out, and what it is told of it.

use serde::Serialize;
use serde_json::{Map, Value};

/// A receiver that a log has records for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sink {
    pub(crate) name: String,
    pub(crate) payloads: bool,
}

/// A record on its way to a receiver.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    /// Its number in the outbox.
    pub(crate) no: i64,
    /// The record as receivers read it. One that is to be forgotten has `id`, `rev` and `deleted` only.
    pub(crate) record: Map<String, Value>,
}

/// What a receiver's sender asks of the log.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The receiver's name in the configuration.
    pub(crate) sink: String,
    /// Who asks, beginning with the process id: of several processes with one log, one sends at a time.
    pub(crate) holder: String,
    /// The wall clock.
    pub(crate) now_us: u64,
    /// How many records may come.
    pub(crate) records: usize,
    /// How many bytes they may have together. The first one comes, however large it is.
    pub(crate) bytes: u64,
    /// How many bytes may wait; what is beyond is shed first.
    pub(crate) max_bytes: u64,
}

/// What the log hands out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handed {
    /// The oldest records that wait.
    pub(crate) batch: Vec<Waiting>,
    /// How the outbox stands.
    pub(crate) standing: Standing,
    /// Whether another process sends just now, so that nothing was handed out.
    pub(crate) busy: bool,
}

/// What became of a record that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The receiver has it.
    Taken,
    /// The receiver will never take it, and says why.
    Dead(String),
}

/// How an outbox stands, exact, and kept with the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Records that wait.
    pub waiting: u64,
    /// What they take, roughly, in bytes.
    pub waiting_bytes: u64,
    /// When the oldest of them was logged: microseconds since 1970 UTC.
    pub oldest_us: Option<u64>,
    /// Records that the receiver has; one that has changed counts again.
    pub taken: u64,
    /// Records that the receiver refused for good.
    pub dead: u64,
    /// Records whose bodies were left out because too much waited.
    pub payloads_shed: u64,
    /// Records that were given up because too much waited.
    pub shed: u64,
    /// Records that the log's own bounds or a deletion took away before they were sent.
    pub lost: u64,
}
