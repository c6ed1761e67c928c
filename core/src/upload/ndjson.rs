//! The wire that a receiver of thirty lines can read: one JSON object a line. Documented in `docs/reference/upload.md`.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use crate::outbox::{Fate, Waiting};

/// The content type of a batch.
pub(super) const CONTENT_TYPE: &str = "application/x-ndjson";

/// Above it a refusal's reason is cut: it is kept with each record.
const LONGEST_REASON: usize = 500;

/// The lines of a batch.
pub(super) fn lines(batch: &[Waiting]) -> Bytes {
    let mut lines = Vec::new();
    for waiting in batch {
        serde_json::to_writer(&mut lines, &waiting.record).expect("a record is JSON, and memory takes it");
        lines.push(b'\n');
    }
    lines.into()
}

/// Compressed.
pub(super) fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory takes what is written").into()
}

/// What a receiver says of a batch that it took. An empty answer says that it has all of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Receipt {
    rejected: Vec<Rejected>,
    hold_ms: u64,
}

#[derive(Deserialize)]
struct Rejected {
    id: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    msg: String,
}

/// What became of each record of `batch`, and how long the receiver asks to be left alone, in milliseconds. An answer of
/// another shape takes nothing back: its status said that the batch is there.
pub(super) fn receipt(batch: &[Waiting], body: &[u8]) -> (Vec<(i64, Fate)>, u64) {
    let receipt: Receipt = serde_json::from_slice(body).unwrap_or_default();
    let fate = |waiting: &Waiting| {
        let id = waiting.record.get("id").and_then(serde_json::Value::as_str).unwrap_or_default();
        match receipt.rejected.iter().find(|rejected| rejected.id == id) {
            Some(rejected) => Fate::Dead(reason(&format!("{} {}", rejected.code, rejected.msg))),
            None => Fate::Taken,
        }
    };
    (batch.iter().map(|waiting| (waiting.no, fate(waiting))).collect(), receipt.hold_ms)
}

/// The beginning of what a receiver says.
pub(super) fn reason(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_REASON).collect()
}
