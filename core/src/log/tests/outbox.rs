//! What waits for receivers, and what comes from other gateways: exact, whatever happens between.

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::log::collector::Collector;
use crate::log::patch::LogPatch;
use crate::outbox::{Fate, Handed, Order, Sink, Standing};

const SINK: &str = "fleet";

fn settings(payloads: bool) -> LogSettings {
    let sinks = vec![Sink { name: SINK.to_owned(), payloads }];
    LogSettings { sinks, gateway: Some("g".to_owned()), ..LogSettings::in_memory() }
}

fn order() -> Order {
    let (sink, holder) = (SINK.to_owned(), "one".to_owned());
    Order { sink, holder, now_us: NOON_US, records: 100, bytes: 1 << 20, max_bytes: 1 << 30 }
}

fn handed(store: &LogStore, order: Order) -> Handed {
    wait(store.hand_out(order)).expect("the store is open")
}

fn settle(store: &LogStore, fates: Vec<(i64, Fate)>) -> Standing {
    wait(store.settle(SINK, fates, NOON_US)).expect("the store is open")
}

fn sent(handed: &Handed) -> Vec<&str> {
    handed.batch.iter().map(|waiting| waiting.record["id"].as_str().expect("every record has an id")).collect()
}

/// Every record that ever waited is counted once.
fn all(standing: &Standing) -> u64 {
    standing.waiting + standing.taken + standing.dead + standing.shed + standing.lost
}

fn with_body(id: &str, minute: u64, success: bool) -> Record {
    Record { success, request_body: Some(Bytes::from(vec![b'x'; 10_000])), ..record(id, minute) }
}

#[test]
fn what_is_not_settled_comes_again_and_what_is_does_not() {
    let store = LogStore::new(settings(false));
    (0..3).for_each(|minute| store.append(record(&minute.to_string(), minute)));
    let first = handed(&store, order());
    assert_eq!(sent(&first), ["0", "1", "2"]);
    assert_eq!(sent(&handed(&store, order())), ["0", "1", "2"], "nobody has said that they are there");
    let fates = vec![(first.batch[0].no, Fate::Taken), (first.batch[1].no, Fate::Dead("400".to_owned()))];
    let standing = settle(&store, fates.clone());
    assert_eq!((standing.waiting, standing.taken, standing.dead), (1, 1, 1));
    assert_eq!(settle(&store, fates), standing, "told twice, counted once");
    assert_eq!(sent(&handed(&store, order())), ["2"]);
}

#[test]
fn a_change_sends_the_record_again_with_a_higher_rev() {
    let store = LogStore::new(settings(false));
    store.append(record("a", 0));
    let patch = LogPatch::from_json(&json!({"feedback": 1})).expect("a patch");
    wait(store.patch("a", patch.clone())).expect("it is there");
    let once = handed(&store, order());
    assert_eq!((sent(&once), &once.batch[0].record["rev"]), (vec!["a"], &json!(1)), "the last state is enough");
    settle(&store, vec![(once.batch[0].no, Fate::Taken)]);
    wait(store.patch("a", patch)).expect("it is there");
    assert_eq!(handed(&store, order()).batch[0].record["rev"], 2);
}

#[test]
fn bodies_go_only_where_they_may() {
    for payloads in [false, true] {
        let store = LogStore::new(settings(payloads));
        store.append(with_body("a", 0, true));
        let record = &handed(&store, order()).batch[0].record;
        assert_eq!(record.contains_key("request_body"), payloads);
    }
}

#[test]
fn too_much_is_shed_in_order_and_counted() {
    let store = LogStore::new(settings(true));
    for minute in 0..10 {
        store.append(with_body(&minute.to_string(), minute, minute % 2 == 0));
    }
    let bounded = |max_bytes: u64| handed(&store, Order { max_bytes, ..order() });
    let whole = bounded(1 << 30).standing;
    let shed = bounded(whole.waiting_bytes - 15_000);
    assert_eq!((shed.standing.payloads_shed, shed.standing.shed), (2, 0), "the bodies of the oldest two");
    assert!(!shed.batch[1].record.contains_key("request_body") && shed.batch[2].record.contains_key("request_body"));
    let shed = bounded(7 * 1_100);
    assert_eq!((shed.standing.payloads_shed, shed.standing.waiting), (10, 10 - shed.standing.shed));
    assert!(
        sent(&shed).contains(&"1") && !sent(&shed).contains(&"0"),
        "calls that succeeded go before those that did not"
    );
    let shed = bounded(2_500);
    assert!(sent(&shed).iter().all(|id| ["7", "9"].contains(id)), "the newest failures go last: {:?}", sent(&shed));
    assert_eq!(all(&shed.standing), 10);
    assert!(shed.standing.waiting_bytes <= 2_500);
}

#[test]
fn what_the_log_itself_gives_up_is_counted_as_lost() {
    let store = LogStore::new(LogSettings { max_records: 4, ..settings(false) });
    (0..10).for_each(|minute| store.append(record(&minute.to_string(), minute)));
    let standing = handed(&store, order()).standing;
    assert_eq!((standing.waiting, standing.lost, all(&standing)), (4, 6, 10));
}

#[test]
fn one_process_sends_at_a_time_and_a_new_one_takes_over() {
    let store = LogStore::new(settings(false));
    store.append(record("a", 0));
    assert!(!handed(&store, order()).busy);
    let other = |later_us: u64| Order { holder: "two".to_owned(), now_us: NOON_US + later_us, ..order() };
    let turned_away = handed(&store, other(9_000_000));
    assert!(turned_away.busy && turned_away.batch.is_empty());
    assert_eq!(sent(&handed(&store, other(11_000_000))), ["a"], "the first one has not been heard of");
    wait(store.leave(SINK, "two")).expect("the store is open");
    assert_eq!(sent(&handed(&store, order())), ["a"]);
}

#[test]
fn a_new_receiver_gets_what_is_kept() {
    let directory = TempDir::new();
    let store = in_file(&directory.file("log.db"));
    store.append(with_body("before", 0, true));
    close(&store);
    let path = Some(directory.file("log.db"));
    let store = LogStore::new(LogSettings { path, ..settings(true) });
    store.append(record("after", 1));
    let handed = handed(&store, order());
    assert_eq!(sent(&handed), ["before", "after"]);
    assert_eq!(handed.batch[0].record["request_body"].as_str().map(str::len), Some(10_000));
}

#[test]
fn a_collector_keeps_each_record_once_and_its_highest_rev() {
    let directory = TempDir::new();
    let store = LogStore::new(settings(true));
    let body = Some(Bytes::from_static(b"\xff\x00sound"));
    let usage = crate::usage::Usage { tokens_in: Some(7), ..Default::default() };
    store.append(Record { response_body: body.clone(), cost: Some(123), usage, duration_us: 1_234, ..record("a", 0) });
    let line = |store: &LogStore| serde_json::to_vec(&handed(store, order()).batch[0].record).expect("it is JSON");
    let first = line(&store);
    wait(store.patch("a", LogPatch::from_json(&json!({"score": 5})).expect("a patch"))).expect("it is there");
    let second = line(&store);
    let collector = Collector::new(directory.file("fleet.db"), None);
    for lines in [&second, &first, &second] {
        assert_eq!(wait(collector.take(lines)).expect("it can be written").accepted, 1);
    }
    assert!(collector.close(LONG));
    let fleet = in_file(&directory.file("fleet.db"));
    let theirs = wait(fleet.get("a")).expect("it was collected");
    assert_eq!(theirs, wait(store.get("a")).expect("it is ours"), "word for word");
    assert_eq!((&theirs["score"], &theirs["cost_nano_usd"]), (&json!(5.0), &json!(123)));
    assert_eq!(wait(fleet.payload("a", crate::log::Payload::Response)).ok(), body);
    assert_eq!(ids(&fleet, &json!({"where": "gateway:g"})), ["a"]);
}

#[test]
fn what_is_forgotten_does_not_come_back() {
    let directory = TempDir::new();
    let collector = Collector::new(directory.file("fleet.db"), None);
    let line = br#"{"id": "a", "created_at_us": 1767269340000000}"#;
    for lines in [&line[..], br#"{"id": "a", "rev": 1, "deleted": true}"#, line] {
        assert_eq!(wait(collector.take(lines)).expect("it can be written").accepted, 1);
    }
    assert!(collector.close(LONG));
    assert!(ids(&in_file(&directory.file("fleet.db")), &json!({})).is_empty());
}

#[test]
fn a_collector_says_what_it_cannot_keep_and_promises_nothing_without_its_file() {
    let directory = TempDir::new();
    let collector = Collector::new(directory.file("fleet.db"), None);
    let lines =
        b"{\"id\": \"a\"}\n{\"id\": \"\", \"created_at_us\": 1}\n{\"id\": \"c\", \"created_at_us\": \"x\"}\n5\n";
    let receipt = wait(collector.take(lines)).expect("a bad record is no bad batch");
    let told: Vec<&str> = receipt.rejected.iter().map(|rejected| rejected.id.as_str()).collect();
    assert_eq!((receipt.accepted, told), (0, vec!["a", "", "c", ""]));
    let error = wait(collector.take(b"{")).expect_err("that is no JSON");
    assert_eq!(error.kind(), crate::error::ErrorKind::InvalidRequest);
    let nowhere = Collector::new(directory.0.clone(), None);
    let error = wait(nowhere.take(br#"{"id": "a", "created_at_us": 1}"#)).expect_err("a directory is no file");
    assert_eq!(error.kind(), crate::error::ErrorKind::Storage);
}
