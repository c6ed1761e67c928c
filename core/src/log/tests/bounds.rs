//! How much is kept, how much may wait, and what is left of a store that was closed.

use std::sync::mpsc;

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::config::WhenFull;
use crate::error::ErrorKind;
use crate::log::LogHealth;
use crate::log::Payload;

#[test]
fn the_oldest_make_room() {
    let store = LogStore::new(LogSettings { max_records: 2, ..LogSettings::in_memory() });
    // Calls end in another order than they begin.
    for (id, minute) in [("b", 2), ("d", 4), ("a", 1), ("c", 3)] {
        store.append(record(id, minute));
        wait(store.flush()).expect("the store is open");
    }
    assert_eq!(ids(&store, &json!({})), ["d", "c"]);
    assert_eq!(store.health(), LogHealth { written: 4, ..LogHealth::default() });
}

#[test]
fn a_full_log_may_stop_instead() {
    let settings = LogSettings { max_records: 2, when_full: WhenFull::StopInserting, ..LogSettings::in_memory() };
    let store = LogStore::new(settings);
    for (minute, id) in (0..).zip(["a", "b", "c"]) {
        store.append(record(id, minute));
    }
    assert_eq!(ids(&store, &json!({})), ["b", "a"]);
    assert_eq!(store.health(), LogHealth { written: 2, refused: 1, ..LogHealth::default() });

    wait(store.delete(LogQuery::from_json(&json!({"id": "a"}), 0).expect("well formed"))).expect("the store is open");
    store.append(record("d", 4));
    assert_eq!(ids(&store, &json!({})), ["d", "b"]);
}

#[test]
fn a_call_with_too_large_bodies_is_not_logged() {
    let store = LogStore::new(LogSettings { max_record_bytes: 10, ..LogSettings::in_memory() });
    let with_bodies = |id, request, response| Record {
        request_body: Some(Bytes::from_static(request)),
        response_body: Some(Bytes::from_static(response)),
        ..record(id, 0)
    };
    store.append(with_bodies("fits", b"12345", b"67890"));
    store.append(with_bodies("large", b"12345", b"678901"));
    assert_eq!(ids(&store, &json!({})), ["fits"]);
    assert_eq!(store.health(), LogHealth { written: 1, refused: 1, ..LogHealth::default() });
}

#[test]
fn a_record_that_comes_twice_is_kept_once() {
    let store = in_memory([record("a", 0), record("a", 1)]);
    assert_eq!(ids(&store, &json!({})), ["a"]);
}

#[test]
fn too_many_waiting_records_are_dropped_and_counted() {
    let directory = TempDir::new();
    let store = in_file(&directory.file("log.db"));
    let (open_gate, gate) = mpsc::channel::<()>();
    let blocked = store.ask(move |_| Ok(gate.recv()));
    let body = Bytes::from(vec![b'x'; 1_000_000]);
    for minute in 0..70 {
        store.append(Record { response_body: Some(body.clone()), ..record(&minute.to_string(), minute) });
    }
    assert_eq!(store.dropped(), 7, "64 MB hold 63 records of a little over 1 MB");
    open_gate.send(()).expect("the thread waits for it");
    wait(blocked).expect("the store is open").expect("the gate was opened");
    assert_eq!(page(&store, &json!({})).total_count, 63);
    assert_eq!(store.health(), LogHealth { written: 63, dropped: 7, ..LogHealth::default() });
    store.append(record("later", 99));
    assert!(wait(store.get("later")).is_ok(), "there is room again");
}

#[test]
fn in_memory_bodies_give_way_before_logs() {
    let body = Bytes::from(vec![b'x'; 1_000_000]);
    let store = in_memory(
        (0..40).map(|minute| Record { response_body: Some(body.clone()), ..record(&minute.to_string(), minute) }),
    );
    assert_eq!(page(&store, &json!({})).total_count, 40);
    assert_eq!(wait(store.payload("39", Payload::Response)).expect("the newest body is there"), body);
    let error = wait(store.payload("0", Payload::Response)).expect_err("the oldest body gave way");
    assert_eq!(error.kind(), ErrorKind::LogNotFound);
    assert_eq!(store.health(), LogHealth { written: 40, ..LogHealth::default() });
}

#[test]
fn a_closed_store_has_written_everything_and_takes_no_more() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let store = in_file(&path);
    (0..100).for_each(|minute| store.append(record(&minute.to_string(), minute)));
    assert!(store.close(LONG));
    assert!(store.close(LONG), "closing twice is closing once");
    assert!(!path.with_extension("db-wal").exists(), "the file is whole by itself");

    store.append(record("late", 0));
    assert_eq!(store.health(), LogHealth { written: 100, dropped: 1, ..LogHealth::default() });
    assert_eq!(wait(store.get("0")).expect_err("it is closed").kind(), ErrorKind::Closed);
    assert_eq!(page(&in_file(&path), &json!({})).total_count, 100);
}

#[test]
fn a_store_that_is_never_used_leaves_no_trace() {
    let directory = TempDir::new();
    let store = in_file(&directory.file("log.db"));
    wait(store.flush()).expect("there is nothing to write");
    assert!(store.release(LONG));
    assert!(store.close(LONG));
    drop(store);
    assert_eq!(fs::read_dir(&directory.0).expect("it is a directory").count(), 0);
}

#[test]
fn a_question_is_put_even_if_nobody_waits_for_its_answer() {
    let store = in_memory([record("a", 0)]);
    let patch = crate::log::LogPatch::from_json(&json!({"feedback": 1})).expect("a good patch");
    drop(store.patch("a", patch));
    assert_eq!(wait(store.get("a")).expect("it is there")["feedback"], 1);
}
