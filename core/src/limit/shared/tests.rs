use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::limit::rule::Pace;
use crate::limit::window::Room;
use crate::store::Redis;
use crate::testing::{Folder, RedisServer};

const HOUR_US: u64 = 3_600_000_000;
const NOW_US: u64 = 1_767_269_340_000_000;
const ENDS_US: u64 = 8_000_000_000_000_000;

fn terms(limit: u64, pace: Pace) -> Terms {
    // Of a period it is the moment at which it ends.
    Terms { limit, span_us: if pace == Pace::Period { ENDS_US } else { HOUR_US }, pace }
}

fn file(folder: &Folder, terms: &[Terms]) -> Shared<File> {
    let terms = || terms.iter().copied();
    Shared::new(File::new(&folder.path("limits.db"), terms()), terms())
}

fn server(server: &RedisServer, terms: &[Terms]) -> Shared<Server> {
    let terms = || terms.iter().copied();
    let redis = Redis::new(&server.url().into(), Duration::from_secs(5), Arc::default()).expect("a URL");
    Shared::new(Server::new(redis, "default", terms()), terms())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made")
}

fn ask(rule: usize, key: u8, amount: u64) -> Ask {
    // As a rule's key does, this one tells the rule.
    let mut whose = [key; 16];
    whose[15] = u8::try_from(rule).expect("a handful of rules");
    Ask { rule, key: whose, amount, observed: false, ends_us: None }
}

fn back(ask: &Ask, at_us: u64, used: u64) -> Change {
    Change { rule: ask.rule, key: ask.key, at_us, taken: ask.amount, used }
}

/// Plays random calls and compares every answer with the one that memory gives at the same time.
fn agrees_with_memory<O: Outside>(shared: &Shared<O>, terms: &[Terms], settle: impl Fn(Change, u64)) {
    let memory = Memory::new(terms.iter().copied());
    let (mut random, runtime) = (fastrand::Rng::with_seed(7), runtime());
    let (mut now_us, mut open) = (NOW_US, Vec::new());
    for turn in 0..400 {
        let rules = (0..terms.len()).filter(|_| random.bool());
        let mut asks: Vec<_> =
            rules.collect::<Vec<_>>().into_iter().map(|rule| ask(rule, random.u8(0..3), 1)).collect();
        for ask in &mut asks {
            if terms[ask.rule].pace != Pace::Held {
                ask.amount = random.u64(1..8);
            }
            ask.observed = random.u8(0..20) == 0;
        }
        match runtime.block_on(shared.outside.take(&asks, now_us)).expect("it answers").taken {
            Ok(taken) => {
                now_us = taken.first().map_or(now_us, |taken| taken.at_us);
                assert_eq!(memory.take_now(&asks, now_us).as_ref(), Ok(&taken), "turn {turn}");
                open.extend(asks.iter().map(|ask| (*ask, now_us)));
            }
            Err(full) => {
                let own = memory.take_now(&asks, now_us).expect_err("memory is full too");
                assert_eq!((own.which, own.used), (full.which, full.used), "turn {turn}");
                assert_eq!(std::mem::discriminant(&own.room), std::mem::discriminant(&full.room), "turn {turn}");
            }
        }
        while open.len() > 12 || !open.is_empty() && random.bool() {
            let (ask, at_us) = open.swap_remove(random.usize(..open.len()));
            let used = if terms[ask.rule].pace == Pace::Held { 0 } else { random.u64(0..9) };
            let change = back(&ask, at_us, used);
            memory.settle_now(&[change], now_us);
            settle(change, now_us);
        }
    }
}

fn all_paces() -> [Terms; 5] {
    let held = terms(6, Pace::Held);
    [terms(40, Pace::Fixed), terms(40, Pace::Sliding), terms(40, Pace::Bucket), terms(40, Pace::Period), held]
}

#[test]
fn a_file_counts_as_memory_does() {
    let folder = Folder::new();
    let shared = file(&folder, &all_paces());
    // The next question comes after what was told before it: one thread does both in their order.
    agrees_with_memory(&shared, &all_paces(), |change, now_us| shared.outside.settle(vec![change], now_us));
}

#[test]
fn a_server_counts_as_memory_does() {
    let Some(redis) = RedisServer::start() else { return };
    let shared = server(&redis, &all_paces());
    agrees_with_memory(&shared, &all_paces(), |change, _| runtime().block_on(shared.outside.settled(&[change])));
}

/// What one process has counted and named, another one is told, in either place.
fn shares_what_is_used<O: Outside>(one: &Shared<O>, two: &Shared<O>) {
    runtime().block_on(async {
        let ask = Ask { ends_us: Some(ENDS_US), ..ask(0, 1, 4) };
        let now_us = SystemClock::new().now_us();
        assert!(one.take(&[ask], now_us).await.is_ok());
        one.name(ask.key, r#"{"budget":"b"}"#.to_owned(), ENDS_US);
        one.name([9; 16], "over".to_owned(), now_us - 1);
        assert_eq!(two.used(&[(0, ask.key), (0, [7; 16])], now_us).await, [4, 0]);
        let mut tries = 0;
        while two.named(now_us).await != [(ask.key, r#"{"budget":"b"}"#.to_owned())] {
            tries += 1;
            assert!(tries < 1_000, "{:?}", two.named(now_us).await);
        }
        let full = two.take(&[Ask { amount: 37, ..ask }], now_us).await.expect_err("four of forty are taken");
        assert!(matches!(full.room, Room::After(us) if us > ENDS_US - now_us - HOUR_US), "{full:?}");
    });
}

#[test]
fn a_period_is_shared_in_a_file() {
    let (folder, all) = (Folder::new(), [terms(40, Pace::Period)]);
    shares_what_is_used(&file(&folder, &all), &file(&folder, &all));
}

#[test]
fn a_period_is_shared_on_a_server() {
    let (Some(redis), all) = (RedisServer::start(), [terms(40, Pace::Period)]) else { return };
    shares_what_is_used(&server(&redis, &all), &server(&redis, &all));
}

#[test]
fn what_one_process_takes_another_cannot() {
    let folder = Folder::new();
    let all = [terms(3, Pace::Sliding), terms(1, Pace::Held)];
    let (one, two) = (file(&folder, &all), file(&folder, &all));
    runtime().block_on(async {
        let asks = [ask(0, 1, 1), ask(1, 1, 1)];
        assert!(one.take(&asks, NOW_US).await.is_ok());
        let full = two.take(&asks, NOW_US).await.expect_err("the place is taken");
        assert_eq!((full.which, full.room), (1, Room::WhenGivenBack));
        // A process that died gives nothing back: its place comes free by itself.
        assert!(two.take(&asks, NOW_US + PLACE_US).await.is_ok());
        one.settle(vec![back(&asks[1], NOW_US, 0)], NOW_US + PLACE_US);
        let full =
            one.take(&asks, NOW_US + PLACE_US).await.expect_err("it gave back its own place, which was none any more");
        assert_eq!(full.which, 1);
    });
}

/// Asks, leaves after some looks, and asks again until the place that was never used is free.
fn asks_and_leaves<O: Outside>(store: &Shared<O>) {
    runtime().block_on(async {
        let asks = [ask(0, 1, 1), ask(1, 1, 1)];
        for looks in 0..20 {
            let mut asking = store.take(&asks, NOW_US);
            for _ in 0..looks {
                let look = std::future::poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx)));
                if let Poll::Ready(taken) = look.await {
                    // The store was quicker. What it has it gives back.
                    store.settle(Ask::undone(&asks, &taken.expect("the place is free")), NOW_US);
                    break;
                }
            }
            drop(asking);
            let mut tries = 0;
            let taken = loop {
                match store.take(&asks, NOW_US).await {
                    Ok(taken) => break taken,
                    Err(full) => assert!(tries < 1_000, "{full:?} after {looks} looks"),
                }
                tries += 1;
            };
            store.settle(Ask::undone(&asks, &taken), NOW_US);
        }
    });
    assert_eq!(store.health().map(|health| health.failures), Some(0), "it was always there");
}

#[test]
fn who_leaves_while_it_asks_has_taken_nothing() {
    let all = [terms(1, Pace::Fixed), terms(1, Pace::Held)];
    let folder = Folder::new();
    asks_and_leaves(&file(&folder, &all));
    let Some(redis) = RedisServer::start() else { return };
    asks_and_leaves(&server(&redis, &all));
}

#[test]
fn a_file_that_cannot_be_used_leaves_each_process_its_share() {
    let folder = Folder::new();
    let all = [terms(10, Pace::Fixed)];
    let (one, two) = (file(&folder, &all), file(&folder, &all));
    runtime().block_on(async {
        for store in [&one, &two, &one] {
            assert!(store.take(&[ask(0, 1, 1)], NOW_US).await.is_ok());
        }
        // Both know of each other now, so the share is five, of which one has used two.
        one.outside.close(Duration::from_secs(5));
        let mut more = 0;
        while one.take(&[ask(0, 1, 1)], NOW_US).await.is_ok() {
            more += 1;
        }
        assert_eq!(more, 3);
        assert!(one.health().is_some_and(|health| health.failures == 4));
    });
}

#[test]
fn a_server_that_is_killed_under_load_costs_no_call_and_little_excess() {
    const LIMIT: u64 = 300;
    let Some(mut redis) = RedisServer::start() else { return };
    let all = [terms(LIMIT, Pace::Sliding)];
    let stores: Vec<_> = (0..4).map(|_| Arc::new(server(&redis, &all))).collect();
    let (admitted, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let workers: Vec<_> = stores
        .iter()
        .map(|store| {
            let (store, admitted, stop) = (store.clone(), admitted.clone(), stop.clone());
            std::thread::spawn(move || {
                runtime().block_on(async {
                    while !stop.load(Relaxed) {
                        // Every call is answered, whether the server is there or not.
                        let taken = store.take(&[ask(0, 1, 1)], SystemClock::new().now_us()).await;
                        admitted.fetch_add(u64::from(taken.is_ok()), Relaxed);
                    }
                });
            })
        })
        .collect();
    let until = |reached: &dyn Fn() -> bool| {
        let started = std::time::Instant::now();
        while !reached() {
            assert!(started.elapsed() < Duration::from_secs(60), "nothing goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let failures = || stores.iter().filter_map(|store| store.health()).map(|health| health.failures).sum::<u64>();
    until(&|| admitted.load(Relaxed) >= LIMIT);
    assert_eq!((admitted.load(Relaxed), failures()), (LIMIT, 0), "together they take the limit and no more");
    redis.stop();
    until(&|| failures() > 1_000);
    redis.restart();
    until(&|| stores.iter().all(|store| store.health().is_some_and(|health| health.degraded.is_none())));
    until(&|| admitted.load(Relaxed) >= 2 * LIMIT);
    stop.store(true, Relaxed);
    for worker in workers {
        worker.join().expect("no worker panics");
    }
    // The server forgot everything, so it gave one more limit; without it, nobody took more than a share.
    assert!(admitted.load(Relaxed) <= 3 * LIMIT, "{} were admitted", admitted.load(Relaxed));
}
