use std::collections::HashMap;

use proptest::prelude::*;
use rusqlite::Connection;

use super::tables::{self, Draw, Entered, Entry, Reserved, SCHEMA};
use super::unwritten::Unwritten;

const DAY_US: i64 = 86_400_000_000;

fn open() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA.script).unwrap();
    connection
}

fn entry(wallet: &str, amount: i64, at_us: i64) -> Entry {
    Entry { wallet: wallet.to_owned(), amount, at_us, ..Entry::default() }
}

fn settle(connection: &mut Connection, hold: Option<i64>, entry: &Entry) {
    tables::settle(connection, &[Draw { hold, entry: entry.clone() }]).unwrap();
}

fn balance(connection: &mut Connection, wallet: &str, now_us: i64) -> i64 {
    tables::holding(connection, wallet, now_us).unwrap().balance
}

/// Every movement, and so all of them together, is zero; and what a wallet's entries say is what it has.
fn is_balanced(connection: &Connection) {
    let wrong = "SELECT count(*) FROM (SELECT sum(amount) AS sum, count(*) AS entries FROM posting GROUP BY tx
        HAVING sum <> 0 OR entries <> 2)";
    assert_eq!(connection.query_row(wrong, [], |row| row.get::<_, i64>(0)), Ok(0));
    let differ = "SELECT count(*) FROM (SELECT substr(account, 8) AS wallet, sum(amount) AS entered FROM posting
        WHERE account LIKE 'wallet:%' GROUP BY account) AS entered
        WHERE entered <> (SELECT coalesce(sum(remains), 0) FROM lot WHERE lot.wallet = entered.wallet)
            - coalesce((SELECT amount FROM owed WHERE owed.wallet = entered.wallet), 0)";
    assert_eq!(connection.query_row(differ, [], |row| row.get::<_, i64>(0)), Ok(0));
}

#[test]
fn what_ends_first_is_drawn_first_and_what_has_ended_is_gone() {
    let mut connection = open();
    let lot = |amount, expires_us| Entry { expires_us, ..entry("a", amount, 0) };
    for lot in [lot(100, None), lot(50, Some(2 * DAY_US)), lot(30, Some(DAY_US))] {
        tables::top_up(&mut connection, &lot).unwrap();
    }
    let Reserved::Held(hold) = tables::reserve(&mut connection, &entry("a", 60, 1)).unwrap() else { panic!("no room") };
    assert_eq!(tables::reserve(&mut connection, &entry("a", 121, 1)), Ok(Reserved::Short(120)));
    settle(&mut connection, Some(hold), &entry("a", 40, 2));
    let holding = tables::holding(&mut connection, "a", 3).unwrap();
    assert_eq!((holding.balance, holding.reserved), (140, 0));
    assert_eq!(holding.ending, [(40, 2 * DAY_US)], "thirty of the first, ten of the second");
    assert_eq!(balance(&mut connection, "a", 2 * DAY_US), 100);
    is_balanced(&connection);
    let sql = "SELECT sum(amount) FROM posting WHERE account = 'expired'";
    assert_eq!(connection.query_row(sql, [], |row| row.get(0)), Ok(40));
}

#[test]
fn what_was_drawn_beyond_the_credit_is_owed_and_paid_first() {
    let mut connection = open();
    tables::top_up(&mut connection, &entry("a", 10, 0)).unwrap();
    settle(&mut connection, None, &entry("a", 25, 1));
    assert_eq!(balance(&mut connection, "a", 2), -15);
    assert_eq!(tables::reserve(&mut connection, &entry("a", 1, 2)), Ok(Reserved::Short(-15)));
    tables::top_up(&mut connection, &entry("a", 20, 3)).unwrap();
    assert_eq!(balance(&mut connection, "a", 4), 5);
    is_balanced(&connection);
}

#[test]
fn the_same_request_is_paid_for_once() {
    let mut connection = open();
    tables::top_up(&mut connection, &entry("a", 100, 0)).unwrap();
    let call = |amount, at_us| Entry { key: Some("call:1".to_owned()), ..entry("a", amount, at_us) };
    // Two at once: both hold, and the first one pays.
    let holds = [1, 2].map(|at_us| tables::reserve(&mut connection, &call(30, at_us)).unwrap());
    for hold in holds {
        let Reserved::Held(hold) = hold else { panic!("no room") };
        settle(&mut connection, Some(hold), &call(20, 3));
    }
    assert_eq!(balance(&mut connection, "a", 4), 80);
    assert_eq!(tables::reserve(&mut connection, &call(1_000, 5)), Ok(Reserved::Paid), "it needs no credit");
    settle(&mut connection, None, &call(20, 6));
    assert_eq!(balance(&mut connection, "a", 7), 80);
    // After a day it is another one.
    assert!(matches!(tables::reserve(&mut connection, &call(30, 2 * DAY_US)), Ok(Reserved::Held(_))));
    let top_up = Entry { key: Some("invoice 7".to_owned()), ..entry("a", 5, 8) };
    let first = tables::top_up(&mut connection, &top_up).unwrap();
    let again = tables::top_up(&mut connection, &Entry { at_us: 400 * DAY_US, amount: 6, ..top_up }).unwrap();
    assert_eq!(again, Entered { replayed: true, ..first });
    is_balanced(&connection);
}

#[test]
fn no_more_is_given_back_than_was_drawn() {
    let mut connection = open();
    tables::top_up(&mut connection, &entry("a", 100, 0)).unwrap();
    let of = |log: &str, amount| Entry { log_id: Some(log.to_owned()), ..entry("a", amount, 1) };
    for (log, amount) in [("one", 30), ("two", 20)] {
        settle(&mut connection, None, &of(log, amount));
    }
    assert_eq!(tables::refund(&mut connection, &of("one", 31)), Ok(Err(30)));
    assert!(tables::refund(&mut connection, &of("one", 25)).unwrap().is_ok());
    assert_eq!(tables::refund(&mut connection, &of("one", 6)), Ok(Err(5)));
    assert_eq!(tables::refund(&mut connection, &entry("a", 26, 2)), Ok(Err(25)));
    assert!(tables::refund(&mut connection, &entry("a", 25, 2)).unwrap().is_ok());
    assert_eq!(balance(&mut connection, "a", 3), 100);
    is_balanced(&connection);
}

#[test]
fn what_is_entered_stays() {
    let mut connection = open();
    tables::top_up(&mut connection, &entry("a", 100, 0)).unwrap();
    for change in ["UPDATE posting SET amount = 1", "DELETE FROM posting"] {
        let error = connection.execute(change, []).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[test]
fn a_hold_whose_process_died_comes_free() {
    let mut connection = open();
    tables::top_up(&mut connection, &entry("a", 10, 0)).unwrap();
    assert!(matches!(tables::reserve(&mut connection, &entry("a", 10, 0)), Ok(Reserved::Held(_))));
    assert_eq!(tables::reserve(&mut connection, &entry("a", 10, 1)), Ok(Reserved::Short(0)));
    assert!(matches!(tables::reserve(&mut connection, &entry("a", 10, 15 * 60_000_000)), Ok(Reserved::Held(_))));
}

#[test]
fn what_cannot_be_written_is_kept_and_written_once() {
    let folder = crate::testing::Folder::new();
    let path = folder.path("credits.db");
    let (mut connection, other) = (Connection::open(&path).unwrap(), Connection::open(&path).unwrap());
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    connection.execute_batch(SCHEMA.script).unwrap();
    tables::top_up(&mut connection, &entry("a", 100, 0)).unwrap();
    let unwritten = Unwritten::default();
    let draw = |amount| Draw { hold: None, entry: entry("a", amount, 1) };
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for amount in [30, 20] {
        unwritten.add(draw(amount));
        assert!(unwritten.write(&mut connection).is_err(), "another process writes");
    }
    other.execute_batch("ROLLBACK").unwrap();
    unwritten.write(&mut connection).unwrap();
    unwritten.write(&mut connection).unwrap();
    assert_eq!(balance(&mut connection, "a", 2), 50);
    is_balanced(&connection);
}

#[derive(Clone, Debug)]
enum Act {
    TopUp { wallet: u8, amount: i64, days: Option<i64>, key: u8 },
    Reserve { wallet: u8, amount: i64, key: u8 },
    Settle { which: usize, amount: i64 },
    Refund { wallet: u8, amount: i64 },
    Wait { days: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    let (wallet, amount) = (0..3_u8, 1..1_000_i64);
    prop_oneof![
        (wallet.clone(), amount.clone(), proptest::option::of(1..5_i64), 0..40_u8)
            .prop_map(|(wallet, amount, days, key)| Act::TopUp { wallet, amount, days, key }),
        (wallet.clone(), amount.clone(), 0..40_u8).prop_map(|(wallet, amount, key)| Act::Reserve {
            wallet,
            amount,
            key
        }),
        (0..8_usize, 0..1_000_i64).prop_map(|(which, amount)| Act::Settle { which, amount }),
        (wallet, amount).prop_map(|(wallet, amount)| Act::Refund { wallet, amount }),
        (0..2_i64).prop_map(|days| Act::Wait { days }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done in whatever order: the sums balance, nothing is drawn twice under a key, and no wallet holds more
    /// than it has.
    #[test]
    fn the_ledger_always_balances(acts in proptest::collection::vec(act(), 1..120)) {
        let mut connection = open();
        let (mut now_us, mut holds, mut paid) = (0, Vec::new(), HashMap::new());
        for act in acts {
            now_us += 1;
            match act {
                Act::TopUp { wallet, amount, days, key } => {
                    let expires_us = days.map(|days| now_us + days * DAY_US);
                    let key = (key < 10).then(|| format!("top {key}"));
                    let entry = Entry { key, expires_us, ..entry(&wallet.to_string(), amount, now_us) };
                    tables::top_up(&mut connection, &entry).unwrap();
                }
                Act::Reserve { wallet, amount, key } => {
                    let key = (key < 10).then(|| format!("call:{key}"));
                    let entry = Entry { key, ..entry(&wallet.to_string(), amount, now_us) };
                    let before = tables::holding(&mut connection, &entry.wallet, now_us).unwrap();
                    match tables::reserve(&mut connection, &entry).unwrap() {
                        Reserved::Held(hold) => {
                            prop_assert!(before.reserved + amount <= before.balance);
                            holds.push((Some(hold), entry));
                        }
                        Reserved::Paid => holds.push((None, entry)),
                        Reserved::Short(available) => prop_assert_eq!(available, before.balance - before.reserved),
                    }
                }
                Act::Settle { which, amount } if !holds.is_empty() => {
                    let (hold, entry) = holds.swap_remove(which % holds.len());
                    let entry = Entry { amount: amount.min(entry.amount), at_us: now_us, ..entry };
                    let before = balance(&mut connection, &entry.wallet, now_us);
                    settle(&mut connection, hold, &entry);
                    let drawn = before - balance(&mut connection, &entry.wallet, now_us);
                    prop_assert!(drawn == entry.amount || drawn == 0 && entry.key.is_some());
                    if let Some(key) = entry.key.filter(|_| drawn > 0) {
                        let earlier = paid.insert((entry.wallet, key), now_us);
                        prop_assert!(earlier.is_none_or(|at_us| now_us - at_us >= DAY_US), "drawn twice");
                    }
                }
                Act::Refund { wallet, amount } => {
                    let _ = tables::refund(&mut connection, &entry(&wallet.to_string(), amount, now_us)).unwrap();
                }
                Act::Settle { .. } => {}
                Act::Wait { days } => now_us += days * DAY_US,
            }
            is_balanced(&connection);
        }
    }
}
