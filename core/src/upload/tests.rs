//! A sender, without a wire and without time.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::*;
use crate::config::UploadConfig;
use crate::outbox::{Fate, Waiting};

fn sender(records: u32) -> Sender {
    let config = UploadConfig {
        to: "https://collect.example/in".to_owned(),
        key: Some("sk-canary".into()),
        batch_records: records,
        ..UploadConfig::default()
    };
    Sender::new(Settings::of(&config))
}

fn waiting(no: i64) -> Waiting {
    let record = Map::from_iter([("id".to_owned(), Value::from(format!("log-{no}")))]);
    Waiting { no, record }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is one of the two outcomes")]
fn reply(status: u16, body: &Value) -> Outcome {
    Ok(Reply { status, headers: HeaderMap::new(), body: Bytes::from(body.to_string()) })
}

/// A receiver that does not take the record of number `bad`, and the queue in front of it. Gives what was taken, in order,
/// what was given up, and in how many requests.
fn drain(records: i64, bad: &[i64], status: u16) -> (Vec<i64>, Vec<i64>, usize) {
    let mut sender = sender(64);
    let mut queue: Vec<i64> = (1..=records).collect();
    let (mut taken, mut dead, mut requests) = (Vec::new(), Vec::new(), 0);
    while !queue.is_empty() {
        let batch: Vec<Waiting> = queue.iter().take(sender.room().0).map(|no| waiting(*no)).collect();
        let refused = batch.iter().any(|waiting| bad.contains(&waiting.no));
        let outcome = if refused { reply(status, &json!("no")) } else { reply(200, &json!({})) };
        assert!(sender.wait(0).is_zero(), "a refused record holds nobody up");
        for (no, fate) in sender.told((0, 0), 0.5, &batch, &outcome) {
            queue.retain(|waiting| *waiting != no);
            if fate == Fate::Taken { taken.push(no) } else { dead.push(no) }
        }
        requests += 1;
        assert!(requests < 200, "it ends");
    }
    (taken, dead, requests)
}

#[test]
fn a_bad_record_is_found_by_halving_and_the_others_are_taken_in_order() {
    for bad in [1, 17, 64, 100] {
        let (taken, dead, requests) = drain(100, &[bad], 400);
        assert_eq!(dead, [bad]);
        assert_eq!(taken, (1..=100).filter(|no| *no != bad).collect::<Vec<_>>());
        assert!(requests <= 2 + 2 * 7, "{requests} requests for one bad record of a hundred");
    }
}

#[test]
fn a_batch_that_is_too_large_goes_in_halves_and_grows_again() {
    let mut sender = sender(64);
    let batch: Vec<Waiting> = (1..=64).map(waiting).collect();
    assert!(sender.told((0, 0), 0.5, &batch, &reply(413, &json!(""))).is_empty());
    assert_eq!(sender.room().0, 32);
    for _ in 0..2 {
        assert_eq!(sender.told((0, 0), 0.5, &batch[..32], &reply(200, &json!({}))).len(), 32);
    }
    assert_eq!(sender.room().0, 32, "what was too large once is not tried at once");
    sender.told((0, 0), 0.5, &batch[..32], &reply(200, &json!({})));
    assert_eq!(sender.room().0, 36);
}

#[test]
fn a_receiver_that_refuses_every_record_costs_one_in_fifteen_minutes() {
    let mut sender = sender(1);
    for no in 1..=3 {
        sender.told((0, 0), 0.5, &[waiting(no)], &reply(400, &json!("wrong")));
        assert!(sender.wait(0).is_zero(), "three may be bad");
    }
    for no in 4..=5 {
        let fates = sender.told((0, 0), 0.5, &[waiting(no)], &reply(400, &json!("wrong address")));
        assert!(matches!(&fates[..], [(_, Fate::Dead(_))]), "bad ones that stand together do not block the others");
        assert_eq!(sender.wait(0).as_secs(), 900);
    }
    assert!(sender.trouble().expect("it is told").contains("wrong address"));
    sender.told((0, 0), 0.5, &[waiting(6)], &reply(200, &json!({})));
    assert_eq!((sender.wait(0).as_secs(), sender.trouble()), (0, None));
}

#[test]
fn what_is_told_of_a_receiver_holds_no_key() {
    let mut sender = sender(1);
    for status in [400, 401, 503] {
        let fates = sender.told((0, 0), 0.5, &[waiting(1)], &reply(status, &json!("bad key sk-canary")));
        let shown = format!("{fates:?} {:?} {sender:?}", sender.trouble());
        assert!(shown.contains("bad key") && !shown.contains("canary"), "{shown}");
    }
}

#[test]
fn an_outage_costs_nothing_but_time_and_there_is_no_last_try() {
    let mut sender = sender(8);
    let (batch, mut now_us) = ([waiting(1)], 0);
    for _ in 0..1_000 {
        assert!(sender.told((now_us, now_us), 1.0, &batch, &Err("no connection".to_owned())).is_empty());
        now_us += u64::try_from(sender.wait(now_us).as_micros()).expect("it is short");
    }
    assert!(now_us > 80 * 3_600_000_000, "more than three days");
    assert_eq!(sender.told((now_us, now_us), 1.0, &batch, &reply(200, &json!({}))), [(1, Fate::Taken)]);
    assert_eq!((sender.wait(now_us).as_secs(), sender.trouble()), (0, None));
    assert!(sender.told((now_us, now_us), 1.0, &batch, &reply(503, &json!({}))).is_empty());
    assert_eq!(sender.wait(now_us).as_secs(), 1, "the waits begin anew");
}

#[test]
fn a_refused_key_pauses_and_loses_nothing() {
    for status in [301, 401, 403, 404] {
        let mut sender = sender(8);
        assert!(sender.told((0, 0), 0.5, &[waiting(1)], &reply(status, &json!("no"))).is_empty());
        assert_eq!(sender.wait(0).as_secs(), 900);
        assert!(sender.trouble().expect("it is told").contains(&status.to_string()));
    }
}

#[test]
fn what_a_receiver_rejects_by_name_is_given_up_alone() {
    let mut sender = sender(8);
    let batch = [waiting(1), waiting(2)];
    let body =
        json!({"accepted": 1, "rejected": [{"id": "log-2", "code": "shape", "msg": "no\nname"}], "hold_ms": 2_000});
    let fates = sender.told((0, 0), 0.5, &batch, &reply(200, &body));
    assert_eq!(fates, [(1, Fate::Taken), (2, Fate::Dead("shape noname".to_owned()))]);
    assert_eq!(sender.wait(0).as_secs(), 2);
}

#[test]
fn a_batch_is_compressed_lines_under_a_key_of_its_own() {
    use std::io::Read;
    let package = sender(8).pack("batch-1", &[waiting(1), waiting(2)]);
    let mut lines = String::new();
    flate2::read::GzDecoder::new(&*package.body).read_to_string(&mut lines).expect("it is gzip");
    assert_eq!(lines, "{\"id\":\"log-1\"}\n{\"id\":\"log-2\"}\n");
    assert_eq!(package.headers["idempotency-key"], "batch-1");
    assert_eq!(package.headers["authorization"], "Bearer sk-canary");
    assert!(package.headers["authorization"].is_sensitive());
}
