//! Records on their way into the database.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::health::Health;
use super::settings::LogSettings;
use crate::config::WhenFull;
use crate::record::{AttemptState, Record};
use crate::usage::UsageSource;

/// Beyond this much the newest records are dropped and counted: a disk that hangs must not eat the caller's memory.
const MAX_WAITING_BYTES: u64 = 64_000_000;

/// What a record takes besides its texts and bodies, roughly.
const RECORD_OVERHEAD_BYTES: usize = 512;

/// A record that waits for the thread. If it is dropped before it is settled, it counts as lost.
#[derive(Debug)]
pub(super) struct Pending {
    record: Box<Record>,
    pub(super) bytes: u64,
    settled: bool,
    health: Arc<Health>,
}

impl Pending {
    /// `None` if the record is too large to be logged, or too many wait already; it is counted either way.
    pub(super) fn admit(record: Record, settings: &LogSettings, health: &Arc<Health>) -> Option<Self> {
        if payload_bytes(&record) > settings.max_record_bytes {
            health.refused.fetch_add(1, Relaxed);
            return None;
        }
        let bytes = weight(&record);
        let waiting = health.waiting_bytes.fetch_add(bytes, Relaxed);
        let pending = Self { record: Box::new(record), bytes, settled: false, health: Arc::clone(health) };
        (waiting + bytes <= MAX_WAITING_BYTES).then_some(pending)
    }

    /// Says that the record's fate is counted.
    pub(super) fn settle(mut self) {
        self.settled = true;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.health.waiting_bytes.fetch_sub(self.bytes, Relaxed);
        if !self.settled {
            self.health.dropped.fetch_add(1, Relaxed);
        }
    }
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Appended {
    pub(super) written: u64,
    pub(super) refused: u64,
}

/// Writes all of `batch` in one transaction, or none of it, and keeps the bound on the number of logs.
///
/// A record whose id is there already counts as written, so a batch may be tried again.
pub(super) fn append(
    connection: &mut Connection,
    batch: &[Pending],
    settings: &LogSettings,
) -> rusqlite::Result<Appended> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let room = match settings.when_full {
        WhenFull::DeleteOldest => usize::MAX,
        WhenFull::StopInserting => room(&transaction, settings.max_records)?,
    };
    let (fitting, refused) = batch.split_at(batch.len().min(room));
    for pending in fitting {
        insert(&transaction, &pending.record, settings.gateway.as_deref())?;
    }
    if settings.when_full == WhenFull::DeleteOldest {
        delete_oldest(&transaction, settings.max_records)?;
    }
    if let Some(last_us) = refused.iter().map(|pending| pending.record.created_at_us).max() {
        let missing = "UPDATE tally SET missing_until_us = max(missing_until_us, ?1)";
        transaction.execute(missing, [integer(last_us) + 1])?;
    }
    transaction.commit()?;
    Ok(Appended { written: fitting.len() as u64, refused: refused.len() as u64 })
}

fn room(transaction: &Transaction<'_>, max_records: u64) -> rusqlite::Result<usize> {
    let records: i64 = transaction.query_row("SELECT records FROM tally", [], |row| row.get(0))?;
    Ok(usize::try_from(integer(max_records) - records).unwrap_or(0))
}

pub(super) fn delete_oldest(transaction: &Transaction<'_>, max_records: u64) -> rusqlite::Result<()> {
    let records: i64 = transaction.query_row("SELECT records FROM tally", [], |row| row.get(0))?;
    let surplus = records - integer(max_records);
    if surplus > 0 {
        let oldest = "DELETE FROM log WHERE seq IN (SELECT seq FROM log ORDER BY created_at_us, seq LIMIT ?1)";
        transaction.prepare_cached(oldest)?.execute([surplus])?;
    }
    Ok(())
}

pub(super) fn insert(transaction: &Transaction<'_>, record: &Record, gateway: Option<&str>) -> rusqlite::Result<()> {
    let sent = record.attempts.iter().filter(|attempt| attempt.state != AttemptState::NotSent).count();
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO log (
            id, event_id, created_at_us, duration_us, first_byte_us, provider, model, model_served, path, request_type,
            stream, status_code, success, cached, cancelled, truncated, error, step, attempts, usage_source, tokens_in,
            tokens_out, cache_read, cache_write, reasoning, audio, cost_nano_usd, custom_cost, saved_nano_usd, metadata,
            user_agent, request_content_type, response_content_type, request_size, response_size,
            trail, usage_details, priced_by, user, key_digest, sent, gateway
        ) VALUES (
            ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
            ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42
        ) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            record.log_id,
            record.event_id,
            integer(record.created_at_us),
            integer(record.duration_us),
            record.first_byte_us.map(integer),
            record.provider,
            record.model,
            record.model_served,
            record.path,
            record.request_type,
            record.stream,
            record.status_code,
            record.success,
            record.cached,
            record.cancelled,
            record.truncated,
            record.error,
            record.step,
            json_text(&record.attempts),
            source_name(record.usage.source),
            record.usage.tokens_in.map(integer),
            record.usage.tokens_out.map(integer),
            record.usage.cache_read.map(integer),
            record.usage.cache_write.map(integer),
            record.usage.reasoning.map(integer),
            record.usage.audio.map(integer),
            record.cost,
            record.custom_cost,
            record.saved,
            json_text(&record.metadata),
            record.user_agent,
            record.request_content_type,
            record.response_content_type,
            integer(record.request_size),
            integer(record.response_size),
            json_text(&record.trail),
            json_text(record.usage.details()),
            record.priced_by,
            record.user,
            record.key_digest,
            integer(sent as u64),
            gateway,
        ])?;
    if inserted == 1 && (record.request_body.is_some() || record.response_body.is_some()) {
        transaction.prepare_cached("INSERT INTO payload (seq, request, response) VALUES (?1, ?2, ?3)")?.execute(
            params![transaction.last_insert_rowid(), record.request_body.as_deref(), record.response_body.as_deref()],
        )?;
    }
    Ok(())
}

/// `SQLite` counts to 2^63 - 1; no size or time in microseconds gets there.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("the fields of a record have no keys but texts, so all of it is JSON")
}

pub(super) fn source_name(source: UsageSource) -> &'static str {
    match source {
        UsageSource::Reported => "reported",
        UsageSource::Estimated => "estimated",
        UsageSource::Unknown => "unknown",
    }
}

fn payload_bytes(record: &Record) -> u64 {
    let bytes = |body: &Option<bytes::Bytes>| body.as_ref().map_or(0, |body| body.len() as u64);
    bytes(&record.request_body) + bytes(&record.response_body)
}

fn weight(record: &Record) -> u64 {
    let texts = [&record.log_id, &record.event_id, &record.provider, &record.model, &record.path];
    let options = [
        &record.model_served,
        &record.request_type,
        &record.error,
        &record.user_agent,
        &record.request_content_type,
        &record.response_content_type,
    ];
    let texts = texts.iter().map(|text| text.len()).sum::<usize>()
        + options.iter().filter_map(|text| text.as_deref()).map(str::len).sum::<usize>();
    let metadata: usize =
        record.metadata.iter().map(|(key, value)| key.len() + value.as_str().map_or(8, str::len)).sum();
    let attempts = (record.attempts.len() + record.trail.skipped.len()) * RECORD_OVERHEAD_BYTES;
    payload_bytes(record) + (RECORD_OVERHEAD_BYTES + texts + metadata + attempts) as u64
}
