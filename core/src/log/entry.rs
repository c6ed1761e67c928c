//! A log as people and programs read it: JSON with the field names of the reference, and ours beside them.
//! Reference: `AiGatewayLog` in `@cloudflare/workers-types`.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::payload::Payload;
use super::time;
use crate::usage::NanoUsd;

/// One log with the first `head_bytes` bytes of its bodies, or `None` if there is none.
pub(super) fn read(connection: &Connection, id: &str, head_bytes: usize) -> rusqlite::Result<Option<Value>> {
    let mut statement = connection.prepare_cached(
        "SELECT log.*, substr(request, 1, ?2) AS request_start, length(request) AS request_kept,
                       substr(response, 1, ?2) AS response_start, length(response) AS response_kept
         FROM log LEFT JOIN payload USING (seq) WHERE id = ?1",
    )?;
    let head_bytes = i64::try_from(head_bytes).unwrap_or(i64::MAX);
    let with_heads = |row: &Row<'_>| {
        let mut entry = entry(row)?;
        for body in ["request", "response"] {
            let start: Option<Vec<u8>> = row.get(format!("{body}_start").as_str())?;
            let kept: Option<i64> = row.get(format!("{body}_kept").as_str())?;
            let complete = start.as_ref().is_some_and(|start| i64::try_from(start.len()).ok() == kept);
            entry.insert(format!("{body}_head"), start.map(|start| text(&start, complete)).into());
            entry.insert(format!("{body}_head_complete"), complete.into());
        }
        Ok(Value::Object(entry))
    };
    statement.query_row((id, head_bytes), with_heads).optional()
}

/// One body, or `None` if there is no such log or its body was not kept.
pub(super) fn read_payload(connection: &Connection, id: &str, part: Payload) -> rusqlite::Result<Option<Vec<u8>>> {
    let column = match part {
        Payload::Request => "request",
        Payload::Response => "response",
    };
    let body = format!("SELECT {column} FROM log JOIN payload USING (seq) WHERE id = ?1");
    connection.prepare_cached(&body)?.query_row([id], |row| row.get(0)).optional().map(Option::flatten)
}

/// A row of `SELECT * FROM log` without its bodies.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let plain = |name| row.get_ref(name).map(plain);
    let flag = |name| row.get::<_, bool>(name);
    let document =
        |name| row.get::<_, String>(name).map(|text| serde_json::from_str::<Value>(&text).unwrap_or_default());
    let milliseconds = |name| row.get::<_, Option<i64>>(name).map(|us| us.map(milliseconds));
    let nano_usd = |name| row.get::<_, Option<NanoUsd>>(name);
    let created_at_us: i64 = row.get("created_at_us")?;
    let entry = json!({
        "id": plain("id")?,
        "event_id": plain("event_id")?,
        "gateway": plain("gateway")?,
        "created_at": time::to_rfc3339(created_at_us.try_into().unwrap_or(0)),
        "provider": plain("provider")?,
        "model": plain("model")?,
        "model_served": plain("model_served")?,
        // The reference tells a model's kind from a request's; both follow from the path, so here they are one.
        "model_type": plain("request_type")?,
        "path": plain("path")?,
        "request_type": plain("request_type")?,
        "stream": flag("stream")?,
        "status_code": plain("status_code")?,
        "success": flag("success")?,
        "cached": flag("cached")?,
        "cancelled": flag("cancelled")?,
        "truncated": flag("truncated")?,
        "error": plain("error")?,
        "step": plain("step")?,
        "attempts": document("attempts")?,
        "trail": document("trail")?,
        "duration": milliseconds("duration_us")?,
        "first_byte_ms": milliseconds("first_byte_us")?,
        "tokens_in": plain("tokens_in")?,
        "tokens_out": plain("tokens_out")?,
        "usage": {
            "source": plain("usage_source")?,
            "tokens_in": plain("tokens_in")?,
            "tokens_out": plain("tokens_out")?,
            "cache_read": plain("cache_read")?,
            "cache_write": plain("cache_write")?,
            "reasoning": plain("reasoning")?,
            "audio": plain("audio")?,
        },
        "cost": nano_usd("cost_nano_usd")?.map(usd),
        "cost_nano_usd": nano_usd("cost_nano_usd")?,
        "custom_cost": flag("custom_cost")?,
        "priced_by": plain("priced_by")?,
        "saved": nano_usd("saved_nano_usd")?.map(usd),
        "saved_nano_usd": nano_usd("saved_nano_usd")?,
        "metadata": document("metadata")?,
        "feedback": plain("feedback")?,
        "score": plain("score")?,
        "user_agent": plain("user_agent")?,
        "request_content_type": plain("request_content_type")?,
        "response_content_type": plain("response_content_type")?,
        "request_size": plain("request_size")?,
        "response_size": plain("response_size")?,
    });
    match entry {
        Value::Object(mut entry) => {
            if let (Some(Value::Object(usage)), Value::Object(details)) =
                (entry.get_mut("usage"), document("usage_details")?)
            {
                usage.extend(details);
            }
            Ok(entry)
        }
        _ => unreachable!("the literal above is an object"),
    }
}

/// A column as it is.
pub(super) fn plain(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
    }
}

/// Dollars, as near as a floating-point number can be; the exact amount stands beside it.
#[expect(clippy::cast_precision_loss, reason = "exact up to nine million dollars, and rounded beyond")]
pub(super) fn usd(nano: NanoUsd) -> f64 {
    nano as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285 years")]
fn milliseconds(us: i64) -> f64 {
    us as f64 / 1e3
}

/// Bytes as text. Where a body was cut, a character that the cut went through is left out.
fn text(bytes: &[u8], complete: bool) -> String {
    let cut_character = match std::str::from_utf8(bytes) {
        Err(error) if !complete && error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        _ => 0,
    };
    String::from_utf8_lossy(&bytes[..bytes.len() - cut_character]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_character_is_left_out_and_a_broken_one_shown() {
        assert_eq!(text("aé".as_bytes(), true), "aé");
        assert_eq!(text(&"aé".as_bytes()[..2], false), "a");
        assert_eq!(text(&"aé".as_bytes()[..2], true), "a\u{fffd}");
        assert_eq!(text(b"\xff{}", false), "\u{fffd}{}");
    }

    #[test]
    fn dollars_are_as_near_as_can_be() {
        assert_eq!(usd(123_000).to_string(), "0.000123");
        assert_eq!(usd(0).to_string(), "0");
    }
}
