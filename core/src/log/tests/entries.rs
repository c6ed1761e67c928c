//! What a log looks like from outside, and how it changes.

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::error::{Error, ErrorKind};
use crate::log::Payload;
use crate::log::patch::LogPatch;
use crate::record::{Attempt, AttemptState};
use crate::usage::{Usage, UsageSource};

fn full_record() -> Record {
    Record {
        event_id: String::from("order-7"),
        created_at_us: NOON_US + 123_456,
        duration_us: 1_234_567,
        first_byte_us: Some(250_000),
        model_served: Some(String::from("gpt-4o-mini-2024-07-18")),
        request_type: Some(String::from("chat")),
        stream: true,
        step: 1,
        attempts: vec![Attempt {
            step: 0,
            number: 1,
            provider: String::from("anthropic"),
            model: String::from("claude"),
            state: AttemptState::NotSent,
            status: None,
            reason: Some(String::from("connect")),
            failure: None,
            waited_us: 0,
            began_us: 0,
            hedge: false,
            duration_us: 1_000,
        }],
        usage: Usage {
            source: UsageSource::Reported,
            tokens_in: Some(120),
            tokens_out: Some(30),
            cache_read: Some(100),
            ..Usage::default()
        },
        cost: Some(36_000),
        custom_cost: true,
        priced_by: Some(String::from("cf-aig-custom-cost")),
        metadata: json!({"user": "zoë", "n": 12, "beta": true}).as_object().expect("an object").clone(),
        user_agent: Some(String::from("OpenAI/Python")),
        request_content_type: Some(String::from("application/json")),
        response_content_type: Some(String::from("text/event-stream")),
        request_size: 11,
        response_size: 10,
        request_body: Some(Bytes::from_static(br#"{"stream":1"#)),
        response_body: Some(Bytes::from_static("data: é\n".as_bytes())),
        ..record("a", 0)
    }
}

fn expected_entry() -> Value {
    json!({
        "id": "a",
        "event_id": "order-7",
            "gateway": null,
        "created_at": "2026-11-22T12:00:00.123Z",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "model_served": "gpt-4o-mini-2024-07-18",
        "model_type": "chat",
        "path": "chat/completions",
        "request_type": "chat",
        "stream": true,
        "status_code": 200,
        "success": true,
        "cached": false,
        "cancelled": false,
        "truncated": false,
        "error": null,
        "step": 1,
        "attempts": [{
            "step": 0, "number": 1, "provider": "anthropic", "model": "claude", "state": "not_sent", "status": null,
            "reason": "connect", "failure": null, "duration_us": 1000, "waited_us": 0, "began_us": 0,
        }],
        "trail": {},
        "duration": 1234.567,
        "first_byte_ms": 250.0,
        "tokens_in": 120,
        "tokens_out": 30,
        "usage": {
            "source": "reported", "tokens_in": 120, "tokens_out": 30, "cache_read": 100, "cache_write": null,
            "reasoning": null, "audio": null,
        },
        "cost": 0.000_036,
        "cost_nano_usd": 36_000,
        "custom_cost": true,
        "priced_by": "cf-aig-custom-cost",
        "saved": null,
        "saved_nano_usd": null,
        "metadata": {"user": "zoë", "n": 12, "beta": true},
        "feedback": null,
        "score": null,
        "user_agent": "OpenAI/Python",
        "request_content_type": "application/json",
        "response_content_type": "text/event-stream",
        "request_size": 11,
        "response_size": 10,
    })
}

fn patched(store: &LogStore, id: &str, patch: &Value) -> Result<(), Error> {
    wait(store.patch(id, LogPatch::from_json(patch)?))
}

#[test]
fn a_log_is_found_at_once_with_all_its_fields() {
    let settings = LogSettings { head_bytes: 7, ..LogSettings::in_memory() };
    let store = LogStore::new(settings);
    store.append(full_record());
    let mut expected = expected_entry();
    assert_eq!(page(&store, &json!({})).logs, [expected.clone()], "lists leave the bodies out");

    expected["request_head"] = json!(r#"{"strea"#);
    expected["request_head_complete"] = json!(false);
    // The seventh byte is the first half of a character.
    expected["response_head"] = json!("data: ");
    expected["response_head_complete"] = json!(false);
    assert_eq!(wait(store.get("a")).expect("it was just written"), expected);
}

#[test]
fn what_is_unknown_is_null() {
    let store = in_memory([Record { status_code: None, success: false, ..record("a", 0) }]);
    let log = wait(store.get("a")).expect("it was just written");
    for field in ["status_code", "tokens_in", "tokens_out", "cost", "cost_nano_usd", "first_byte_ms", "request_head"] {
        assert_eq!(log.get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!(log["request_head_complete"], false);
    assert_eq!(log["usage"]["source"], "unknown");
}

#[test]
fn whole_bodies_are_kept_byte_by_byte() {
    let body = Bytes::from_static(b"\x00\xff\r\n'; DROP TABLE log; --");
    let store = in_memory([Record { request_body: Some(body.clone()), ..record("a", 0) }]);
    assert_eq!(wait(store.payload("a", Payload::Request)).expect("it was kept"), body);
    let log = wait(store.get("a")).expect("it was just written");
    assert_eq!(log["request_head_complete"], true);

    let error = wait(store.payload("a", Payload::Response)).expect_err("there was none");
    assert_eq!(error.kind(), ErrorKind::LogNotFound);
}

#[test]
fn an_unknown_id_is_an_error_of_its_own() {
    let store = in_memory([record("a", 0)]);
    let error = wait(store.get("01JCXYZ")).expect_err("no such log");
    assert_eq!((error.kind(), error.log_id()), (ErrorKind::LogNotFound, Some("01JCXYZ")));
    let error = patched(&store, "b", &json!({"feedback": 1})).expect_err("no such log");
    assert_eq!(error.kind(), ErrorKind::LogNotFound);
}

#[test]
fn patches_are_seen_alone_and_together() {
    let store = in_memory([full_record()]);
    let seen = || {
        let log = wait(store.get("a")).expect("it was just written");
        json!([log["feedback"], log["score"], log["metadata"]])
    };
    patched(&store, "a", &json!({"feedback": 1})).expect("a good patch");
    assert_eq!(seen(), json!([1, null, {"user": "zoë", "n": 12, "beta": true}]));
    patched(&store, "a", &json!({"score": 99.5})).expect("a good patch");
    assert_eq!(seen(), json!([1, 99.5, {"user": "zoë", "n": 12, "beta": true}]));
    let six = json!({"cf.x": 0, "a": "12345678901234567890", "b": 1, "c": true, "d": null, "e": "", "f": 6});
    patched(&store, "a", &json!({"feedback": -1, "metadata": six})).expect("a good patch");
    assert_eq!(seen(), json!([-1, 99.5, {"a": "12345678901234567890", "b": 1, "c": true, "d": null, "e": ""}]));
    patched(&store, "a", &json!({"feedback": null, "score": null, "metadata": null})).expect("a good patch");
    assert_eq!(seen(), json!([null, null, {}]));
}
