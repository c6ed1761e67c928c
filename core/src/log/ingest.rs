//! Logs that come from elsewhere: read from a wire's lines, and written once each, however often they come.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::append::{self, integer};
use crate::record::{Attempt, Record, Trail};
use crate::usage::{NanoUsd, Usage};

/// Longer than any id that a gateway gives.
const LONGEST_ID: usize = 128;

/// A log as it comes. What a later version adds is passed over.
#[allow(clippy::struct_excessive_bools, reason = "a row of facts, not a state machine")]
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Incoming {
    id: String,
    rev: u32,
    deleted: bool,
    gateway: Option<String>,
    event_id: Option<String>,
    created_at_us: u64,
    duration_us: u64,
    first_byte_us: Option<u64>,
    provider: String,
    model: String,
    model_served: Option<String>,
    path: String,
    request_type: Option<String>,
    stream: bool,
    status_code: Option<u16>,
    success: bool,
    cached: bool,
    cancelled: bool,
    truncated: bool,
    error: Option<String>,
    step: u32,
    attempts: Vec<Attempt>,
    trail: Trail,
    usage: Usage,
    cost_nano_usd: Option<NanoUsd>,
    custom_cost: bool,
    priced_by: Option<String>,
    saved_nano_usd: Option<NanoUsd>,
    metadata: Map<String, Value>,
    feedback: Option<i64>,
    score: Option<f64>,
    user: Option<String>,
    key_digest: Option<String>,
    user_agent: Option<String>,
    request_content_type: Option<String>,
    response_content_type: Option<String>,
    request_size: u64,
    response_size: u64,
    request_body: Option<Body>,
    response_body: Option<Body>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Body {
    Text(String),
    Bytes { base64: String },
}

impl Incoming {
    /// A record as a wire's line holds it, or its id, as far as it can be read, and what is wrong with it.
    pub(super) fn read(line: &Value) -> Result<Self, (String, String)> {
        let id = line["id"].as_str().unwrap_or_default().to_owned();
        let refuse = |reason: String| (id.clone(), reason);
        let incoming = Self::deserialize(line).map_err(|error| refuse(error.to_string()))?;
        if incoming.id.is_empty()
            || incoming.id.len() > LONGEST_ID
            || !incoming.id.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(refuse(format!("id: expected 1 to {LONGEST_ID} visible characters of ASCII")));
        }
        if !incoming.deleted && incoming.created_at_us == 0 {
            return Err(refuse("created_at_us: is missing: microseconds since 1970 UTC".to_owned()));
        }
        Ok(incoming)
    }

    fn record(self) -> Result<Record, base64::DecodeError> {
        let body = |body: Option<Body>| body.map(Body::bytes).transpose();
        Ok(Record {
            event_id: self.event_id.unwrap_or_else(|| self.id.clone()),
            log_id: self.id,
            created_at_us: self.created_at_us,
            duration_us: self.duration_us,
            first_byte_us: self.first_byte_us,
            provider: self.provider,
            model: self.model,
            model_served: self.model_served,
            path: self.path,
            request_type: self.request_type,
            stream: self.stream,
            status_code: self.status_code,
            success: self.success,
            cached: self.cached,
            cancelled: self.cancelled,
            truncated: self.truncated,
            error: self.error,
            step: self.step,
            attempts: self.attempts,
            trail: self.trail,
            usage: self.usage,
            cost: self.cost_nano_usd,
            priced_by: self.priced_by,
            custom_cost: self.custom_cost,
            saved: self.saved_nano_usd,
            metadata: self.metadata,
            user: self.user,
            key_digest: self.key_digest,
            user_agent: self.user_agent,
            request_content_type: self.request_content_type,
            response_content_type: self.response_content_type,
            request_size: self.request_size,
            response_size: self.response_size,
            request_body: body(self.request_body)?,
            response_body: body(self.response_body)?,
        })
    }
}

impl Body {
    fn bytes(self) -> Result<bytes::Bytes, base64::DecodeError> {
        use base64::Engine as _;
        match self {
            Self::Text(text) => Ok(text.into()),
            Self::Bytes { base64 } => base64::engine::general_purpose::STANDARD.decode(base64).map(Into::into),
        }
    }
}

/// Writes all of `batch` in one transaction, and gives the id and the trouble of each record that cannot be kept. Of one
/// record the highest `rev` stays, whatever the order in which they come, and one that is to be forgotten never comes back.
pub(super) fn ingest(
    connection: &mut Connection,
    batch: Vec<Incoming>,
    max_records: u64,
) -> rusqlite::Result<Vec<(String, String)>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rejected = Vec::new();
    for incoming in batch {
        if let Some(rejection) = take(&transaction, incoming)? {
            rejected.push(rejection);
        }
    }
    append::delete_oldest(&transaction, max_records)?;
    transaction.commit()?;
    Ok(rejected)
}

fn take(transaction: &Transaction<'_>, incoming: Incoming) -> rusqlite::Result<Option<(String, String)>> {
    let (id, rev) = (incoming.id.clone(), incoming.rev);
    let rev_in = |table: &str| {
        let select = format!("SELECT rev FROM {table} WHERE id = ?1");
        transaction.prepare_cached(&select)?.query_row([&id], |row| row.get::<_, u32>(0)).optional()
    };
    if rev_in("forgotten")?.is_some() {
        return Ok(None);
    }
    if incoming.deleted {
        transaction.execute("INSERT INTO forgotten (id, rev) VALUES (?1, ?2)", params![id, rev])?;
        transaction.execute("DELETE FROM log WHERE id = ?1", [&id])?;
        return Ok(None);
    }
    match rev_in("log")? {
        Some(kept) if kept >= rev => {}
        Some(_) => update(transaction, &incoming)?,
        None => {
            let (feedback, score, gateway) = (incoming.feedback, incoming.score, incoming.gateway.clone());
            let Ok(record) = incoming.record() else {
                return Ok(Some((id, "a body is not base64".to_owned())));
            };
            append::insert(transaction, &record, gateway.as_deref())?;
            if rev > 0 {
                transaction
                    .prepare_cached("UPDATE log SET rev = ?2, feedback = ?3, score = ?4 WHERE id = ?1")?
                    .execute(params![id, rev, feedback, score])?;
            }
        }
    }
    Ok(None)
}

/// What a call was does not change any more; what is known of it does.
fn update(transaction: &Transaction<'_>, incoming: &Incoming) -> rusqlite::Result<()> {
    let usage = &incoming.usage;
    transaction
        .prepare_cached(
            "UPDATE log SET rev = ?2, feedback = ?3, score = ?4, metadata = ?5, cost_nano_usd = ?6, custom_cost = ?7,
                priced_by = ?8, saved_nano_usd = ?9, tokens_in = ?10, tokens_out = ?11, usage_source = ?12 WHERE id = ?1",
        )?
        .execute(params![
            incoming.id,
            incoming.rev,
            incoming.feedback,
            incoming.score,
            append::json_text(&incoming.metadata),
            incoming.cost_nano_usd,
            incoming.custom_cost,
            incoming.priced_by,
            incoming.saved_nano_usd,
            usage.tokens_in.map(integer),
            usage.tokens_out.map(integer),
            append::source_name(usage.source),
        ])
        .map(drop)
}
