use std::sync::atomic::{AtomicU64, Ordering};

use super::rule::{Pace, Terms};
use super::store::Change;
use super::window::Room;
use super::*;
use crate::clock::SystemClock;
use crate::held::LimitKey;

const HOUR_US: u64 = 3_600_000_000;
const NOW_US: u64 = 1_767_269_340_000_000;

fn memory(limits: &[(u64, Pace)]) -> Memory {
    Memory::new(limits.iter().map(|(limit, pace)| Terms { limit: *limit, span_us: HOUR_US, pace: *pace }))
}

fn ask(rule: usize, key: u8, amount: u64) -> Ask {
    Ask { rule, key: [key; 16], amount, observed: false, ends_us: None }
}

#[test]
fn a_call_counts_in_all_rules_or_in_none() {
    let memory = memory(&[(10, Pace::Fixed), (2, Pace::Sliding), (5, Pace::Bucket)]);
    let asks = [ask(0, 1, 1), ask(1, 1, 1), ask(2, 1, 2)];
    assert!(memory.take_now(&asks, NOW_US).is_ok() && memory.take_now(&asks, NOW_US).is_ok());
    let full = memory.take_now(&asks, NOW_US).unwrap_err();
    assert_eq!((full.which, full.room, full.used), (1, Room::After(HOUR_US), 2));
    // What the second rule refused is in neither of the others.
    assert_eq!(memory.take_now(&[ask(0, 1, 8), ask(2, 1, 1)], NOW_US).map(|taken| taken[0].used), Ok(10));
    assert!(memory.take_now(&[ask(0, 2, 1), ask(1, 2, 1)], NOW_US).is_ok(), "keys do not meet");
}

#[test]
fn what_only_observes_holds_nobody_back() {
    let memory = memory(&[(1, Pace::Fixed)]);
    let observed = Ask { observed: true, ..ask(0, 1, 1) };
    let over = |asks: &[Ask]| memory.take_now(asks, NOW_US).unwrap()[0].over;
    assert!(!over(&[observed]) && over(&[observed]) && over(&[observed]));
}

/// Thousands of calls from many threads, each taking the worst case, using less, and giving the rest back: at no moment is
/// more taken than the limit, and in the end all that is left can be had.
#[test]
fn no_thread_gets_past_any_limit() {
    const TOKENS: u64 = 100_000;
    let memory = memory(&[(4_000, Pace::Sliding), (TOKENS, Pace::Fixed), (7, Pace::Held)]);
    let (spent, at_once, calls) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for seed in 0..8 {
            let (memory, spent, at_once, calls) = (&memory, &spent, &at_once, &calls);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for _ in 0..1_500 {
                    let worst = random.u64(1..200);
                    let asks = [ask(0, 1, 1), ask(1, 1, worst), ask(2, 1, 1)];
                    if memory.take_now(&asks, NOW_US).is_err() {
                        continue;
                    }
                    calls.fetch_add(1, Ordering::SeqCst);
                    assert!(at_once.fetch_add(1, Ordering::SeqCst) < 7);
                    let used = random.u64(0..=worst);
                    assert!(spent.fetch_add(used, Ordering::SeqCst) + used <= TOKENS);
                    at_once.fetch_sub(1, Ordering::SeqCst);
                    let change = |ask: &Ask, used| Change {
                        rule: ask.rule,
                        key: ask.key,
                        at_us: NOW_US,
                        taken: ask.amount,
                        used,
                    };
                    memory.settle_now(&[change(&asks[1], used), change(&asks[2], 0)], NOW_US);
                }
            });
        }
    });
    let (spent, calls) = (spent.into_inner(), calls.into_inner());
    assert!(calls <= 4_000 && spent <= TOKENS && calls > 100, "{calls} calls, {spent} tokens");
    assert!(memory.take_now(&[ask(1, 1, TOKENS - spent), ask(2, 1, 7)], NOW_US).is_ok());
    assert!(memory.take_now(&[ask(1, 1, 1)], NOW_US).is_err());
}

#[test]
fn a_key_is_small_and_is_let_go_of() {
    // A hash table is at its worst when it has just doubled: 7 of 16 places are taken, and each has one byte of its own.
    let worst = (size_of::<(LimitKey, window::Window)>() + 1) * 16 / 7;
    assert!(worst <= 100, "{worst} bytes a key");
    let memory = memory(&[(5, Pace::Sliding)]);
    let key = |number: u64| {
        let mut key = LimitKey::default();
        key[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        key
    };
    for number in 0..200_000 {
        // Each key is used once, and a thousand of them an hour.
        let now_us = NOW_US + number * HOUR_US / 1_000;
        assert!(memory.take_now(&[Ask { key: key(number), ..ask(0, 0, 1) }], now_us).is_ok());
    }
    assert!(memory.keys() < 8_000, "{} keys are kept", memory.keys());
}

#[test]
fn gateways_do_not_meet() {
    let limits = |id: &str| {
        let config =
            Config::from_json(&format!(r#"{{"id": "{id}", "limits": {{"requests": {{"limit": 1, "per": "1m"}}}}}}"#));
        Limits::new(&config.unwrap(), Arc::new(SystemClock::new()))
    };
    let key = |limits: &Limits| limits.rules[0].shared();
    assert_ne!(key(&limits("a")), key(&limits("b")));
    assert_eq!(key(&limits("a")), key(&limits("a")));
    assert!(Limits::new(&Config::default(), Arc::new(SystemClock::new())).is_empty());
}
