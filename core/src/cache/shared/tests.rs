//! What both places outside of the process keep, and how a cache does with them.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::*;
use crate::cache::lease::LEASE_US;
use crate::cache::purge::Filter;
use crate::cache::store::{Asked, Extent, Leased, Now, Outside, Stored};
use crate::cache::{Answers, Call, Entry, Kept};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::exchange::CacheKey;
use crate::store::{Background, Redis};
use crate::testing::{Folder, ManualClock, RedisServer};

const SECOND_US: u64 = 1_000_000;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made")
}

fn now() -> Now {
    Now { monotonic_us: 7 * SECOND_US, wall_us: SystemClock::new().now_us() }
}

fn after(now: Now, us: u64) -> Now {
    Now { monotonic_us: now.monotonic_us + us, wall_us: now.wall_us + us }
}

fn stored(word: u64, bytes: usize, now: Now) -> Stored {
    let body = Kept::Whole(vec![b'x'; bytes].into());
    let entry = Entry { status: StatusCode::OK, headers: HeaderMap::new(), body, model_served: None, cost: Some(3) };
    let asked = Asked { provider: "openai".to_owned(), word: Some(word), ..Asked::default() };
    let ttl = Duration::from_secs(60);
    Stored { entry, asked: Arc::new(asked), at_us: now.wall_us, ttl, keep: ttl }
}

fn file(folder: &Folder) -> File {
    File::new(&folder.path("cache.db"), "default", 1_000_000, 1_000_000)
}

fn server(server: &RedisServer) -> Server {
    let redis = Redis::new(&server.url().into(), Duration::from_secs(5), Arc::default()).expect("a URL");
    Server::new(redis, "default", 1_000_000)
}

fn key(number: u8) -> CacheKey {
    [number; 32]
}

async fn has(store: &impl Outside, number: u8, now: Now) -> bool {
    store.get(key(number), now).await.expect("it answers").is_some()
}

/// Everything that a place must do, whatever it is.
async fn keeps(one: &impl Outside, two: &impl Outside) {
    let now = now();
    for number in 0..3 {
        one.put(key(number), Arc::new(stored(number.into(), 100, now)), now);
    }
    assert!(has(one, 1, now).await, "what was told before is known");
    let found = two.get(key(1), now).await.expect("it answers").expect("the other one has stored it");
    assert_eq!(format!("{found:?}"), format!("{:?}", stored(1, 100, now)));
    assert!(!has(two, 9, now).await);

    let extent = two.extent(now).await.expect("it answers");
    assert!(extent.entries == 3 && extent.bytes > 0, "{extent:?}");
    let words = two.newest(Filter { word: Some(2), ..Filter::default() }, 10, now).await.expect("it answers");
    assert_eq!(words.iter().map(|(asked, _)| asked.word).collect::<Vec<_>>(), [Some(2)]);
    assert_eq!(two.newest(Filter::default(), 2, now).await.expect("it answers").len(), 2);

    let none = Filter { provider: Some("groq".to_owned()), ..Filter::default() };
    assert_eq!(two.purge(none).await.expect("it answers").entries, 0);
    let purged = two.purge(Filter { word: Some(1), ..Filter::default() }).await.expect("it answers");
    assert!(purged.entries == 1 && purged.bytes > 0, "{purged:?}");
    assert!(!has(one, 1, now).await && has(one, 2, now).await);
    assert_eq!(two.purge(Filter::default()).await.expect("it answers").entries, 2);
    assert_eq!(one.extent(now).await, Some(Extent::default()));
}

/// Of all who want to call, one does; the next when that one has ended or died.
async fn leases(one: &impl Outside, two: &impl Outside) {
    let now = now();
    assert!(matches!(one.lease(key(1), 11, now).await, Some(Leased::Ours)));
    assert!(matches!(two.lease(key(1), 22, now).await, Some(Leased::Theirs(11))));
    assert!(matches!(two.lease(key(2), 22, now).await, Some(Leased::Ours)), "another question is nobody's");
    two.give_back(key(1), 22);
    assert!(matches!(two.lease(key(1), 22, now).await, Some(Leased::Theirs(11))), "only who has it gives it back");
    one.give_back(key(1), 11);
    assert_eq!(one.extent(now).await, Some(Extent::default()), "who calls is no answer");
    assert!(matches!(two.lease(key(1), 22, now).await, Some(Leased::Ours)));
    two.put(key(1), Arc::new(stored(1, 10, now)), now);
    two.give_back(key(1), 22);
    assert!(matches!(two.lease(key(1), 22, now).await, Some(Leased::Found(_))));
    assert!(matches!(one.lease(key(1), 11, after(now, 50 * SECOND_US)).await, Some(Leased::Found(_))));
}

#[test]
fn a_file_keeps_for_all() {
    let folder = Folder::new();
    runtime().block_on(async {
        keeps(&file(&folder), &file(&folder)).await;
        leases(&file(&folder), &file(&folder)).await;
    });
}

#[test]
fn a_server_keeps_for_all() {
    let Some(redis) = RedisServer::start() else { return };
    runtime().block_on(async {
        keeps(&server(&redis), &server(&redis)).await;
        leases(&server(&redis), &server(&redis)).await;
    });
}

#[test]
fn gateways_of_other_names_share_nothing() {
    let folder = Folder::new();
    let other = File::new(&folder.path("cache.db"), "other", 1_000_000, 1_000_000);
    let one = file(&folder);
    runtime().block_on(async {
        let now = now();
        one.put(key(1), Arc::new(stored(1, 10, now)), now);
        assert_eq!(other.purge(Filter::default()).await.map(|purged| purged.entries), Some(0));
        assert_eq!(other.extent(now).await, Some(Extent::default()));
        assert!(has(&one, 1, now).await);
    });
}

#[test]
fn a_file_goes_by_the_wall_clock() {
    let folder = Folder::new();
    let store = file(&folder);
    runtime().block_on(async {
        let now = now();
        store.put(key(1), Arc::new(stored(1, 10, now)), now);
        assert!(has(&store, 1, after(now, 59 * SECOND_US)).await);
        assert!(!has(&store, 1, after(now, 60 * SECOND_US)).await);
        let before = Now { wall_us: now.wall_us - 3_600 * SECOND_US, ..now };
        assert!(!has(&store, 1, before).await, "the clock went back: who knows how old it is");
        // One who died holds nothing for ever, and neither does one whose clock was wrong.
        assert!(matches!(store.lease(key(2), 11, now).await, Some(Leased::Ours)));
        assert!(matches!(store.lease(key(2), 22, after(now, LEASE_US - 1)).await, Some(Leased::Theirs(11))));
        store.renew(key(2), 11, after(now, LEASE_US - 1));
        assert!(matches!(store.lease(key(2), 22, after(now, LEASE_US)).await, Some(Leased::Theirs(11))));
        assert!(matches!(store.lease(key(2), 22, before).await, Some(Leased::Ours)));
    });
}

#[test]
fn a_file_stays_within_its_bytes() {
    let folder = Folder::new();
    let store = File::new(&folder.path("cache.db"), "default", 20_000, 1_000_000);
    runtime().block_on(async {
        let now = now();
        let mut random = fastrand::Rng::with_seed(5);
        for number in 0..100 {
            let mut one = stored(number.into(), 0, now);
            // Chance cannot be compressed.
            one.entry.body = Kept::Whole((0..1_000).map(|_| random.u8(..)).collect());
            let later = after(now, u64::from(number));
            store.put(key(number), Arc::new(one), later);
        }
        let extent = store.extent(now).await.expect("it answers");
        assert!(extent.bytes <= 20_000 && extent.entries > 5, "{extent:?}");
        assert!(!has(&store, 0, now).await && has(&store, 99, now).await, "the oldest make room");
        let mut large = stored(1, 0, now);
        large.entry.body = Kept::Whole((0..30_000).map(|_| random.u8(..)).collect());
        store.put(key(200), Arc::new(large), now);
        assert!(!has(&store, 200, now).await && has(&store, 99, now).await, "it takes nobody's place in vain");
    });
}

#[test]
fn what_cannot_be_read_is_a_miss_and_goes() {
    let folder = Folder::new();
    let store = file(&folder);
    runtime().block_on(async {
        let now = now();
        store.put(key(1), Arc::new(stored(1, 10, now)), now);
        assert!(has(&store, 1, now).await);
        let file = rusqlite::Connection::open(folder.path("cache.db")).expect("it is a database");
        file.execute("UPDATE bodies SET body = x'01ff'", []).expect("nobody writes just now");
        assert!(!has(&store, 1, now).await);
        assert_eq!(store.extent(now).await, Some(Extent::default()));
    });
}

fn answers(settings: &serde_json::Value) -> Answers {
    let config = Config::from_json(&json!({ "cache": settings }).to_string()).expect("it can work");
    Answers::new(&config, &Arc::<Background>::default())
}

#[test]
fn memory_stands_in_front_and_hears_of_a_purge() {
    let folder = Folder::new();
    let settings = json!({"path": folder.path("cache.db"), "memory_ttl": "10s"});
    let (one, two) = (answers(&settings), answers(&settings));
    runtime().block_on(async {
        let now = now();
        one.put(key(1), stored(1, 10, now), now);
        assert!(two.peek(&key(1), now).is_none());
        assert_eq!(one.stats(now).await.stores[1].entries, Some(1), "what was told before has been done");
        assert!(one.get(&key(1), now).await.is_some());
        assert!(two.get(&key(1), now).await.is_some());
        assert!(two.peek(&key(1), now).is_some(), "what was read is at hand");
        one.purge(Filter::default()).await.expect("it answers");
        assert!(one.get(&key(1), now).await.is_none());
        assert!(two.get(&key(1), after(now, 9 * SECOND_US)).await.is_some(), "it does not ask every time");
        assert!(two.get(&key(1), after(now, 10 * SECOND_US)).await.is_none());
        assert!(two.peek(&key(1), now).is_none());
        let stats = two.stats(now).await;
        assert_eq!((stats.hits, stats.misses), (2, 1));
        let stores: Vec<_> = stats.stores.iter().map(|store| (store.store, store.hits, store.misses)).collect();
        assert_eq!(stores, [("memory", 1, 2), ("file", 1, 1)]);
    });
}

#[test]
fn one_process_calls_for_all() {
    let folder = Folder::new();
    let settings = json!({"path": folder.path("cache.db")});
    let (one, two) = (answers(&settings), answers(&settings));
    let clock = SystemClock::new();
    let moment = || Now { monotonic_us: clock.monotonic_us(), wall_us: clock.now_us() };
    runtime().block_on(async {
        let Call::Ours(Some(lease)) = one.call(key(1), &clock, moment).await else { panic!("nobody else asks") };
        let follower = two.call(key(1), &clock, moment);
        let leader = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            one.put(key(1), stored(1, 10, moment()), moment());
            drop(lease);
        };
        let (called, ()) = tokio::join!(follower, leader);
        assert!(matches!(called, Call::Answered(_)));

        // A leader that gives up lets the next one try.
        let Call::Ours(lease) = one.call(key(2), &clock, moment).await else { panic!("nobody else asks") };
        let (called, ()) = tokio::join!(two.call(key(2), &clock, moment), async { drop(lease) });
        assert!(matches!(called, Call::Ours(Some(_))));
    });
}

#[test]
fn who_dies_is_followed_by_the_next() {
    let folder = Folder::new();
    let settings = json!({"path": folder.path("cache.db")});
    let (one, two) = (answers(&settings), answers(&settings));
    let clock = ManualClock::at(now().wall_us);
    let moment = || Now { monotonic_us: clock.monotonic_us(), wall_us: clock.now_us() };
    runtime().block_on(async {
        let Call::Ours(Some(lease)) = one.call(key(1), &clock, moment).await else { panic!("nobody else asks") };
        // A process that was killed gives nothing back.
        std::mem::forget(lease);
        let waits = two.call(key(1), &clock, moment);
        let time = async {
            for _ in 0..1_000 {
                clock.advance(Duration::from_millis(50));
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        };
        let called = tokio::select! { called = waits => Some(called), () = time => None };
        assert!(matches!(called, Some(Call::Ours(Some(_)))));
        assert!(clock.monotonic_us() >= LEASE_US, "but not before its time is over");
    });
}

#[test]
fn a_server_that_is_killed_under_load_fails_no_call() {
    let Some(mut redis) = RedisServer::start() else { return };
    let settings = json!({"redis": redis.url(), "redis_timeout": "250ms", "memory_ttl": "0"});
    let caches: Vec<_> = (0..4).map(|_| Arc::new(answers(&settings))).collect();
    let (asked, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let workers: Vec<_> = caches
        .iter()
        .map(|cache| {
            let (cache, asked, stop) = (cache.clone(), asked.clone(), stop.clone());
            std::thread::spawn(move || {
                let clock = SystemClock::new();
                let moment = || Now { monotonic_us: clock.monotonic_us(), wall_us: clock.now_us() };
                let (mut slowest, mut lost) = (Duration::ZERO, 0);
                runtime().block_on(async {
                    cache.put(key(1), stored(1, 10, moment()), moment());
                    let mut number = 0;
                    while !stop.load(Relaxed) {
                        let started = std::time::Instant::now();
                        // What this process has stored is there, with the server or without, but for one that came back
                        // empty.
                        if cache.get(&key(1), moment()).await.is_none() {
                            lost += 1;
                            cache.put(key(1), stored(1, 10, moment()), moment());
                        }
                        number = number % 200 + 2;
                        if cache.get(&key(number), moment()).await.is_none() {
                            cache.put(key(number), stored(2, 500, moment()), moment());
                        }
                        slowest = slowest.max(started.elapsed());
                        asked.fetch_add(1, Relaxed);
                    }
                });
                (slowest, lost)
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
    let health = || caches.iter().filter_map(|cache| cache.health());
    until(&|| asked.load(Relaxed) >= 200);
    redis.stop();
    until(&|| health().all(|health| health.degraded.is_some() && health.failures > 100));
    let before = asked.load(Relaxed);
    until(&|| asked.load(Relaxed) >= before + 1_000);
    redis.restart();
    until(&|| health().all(|health| health.degraded.is_none()));
    let before = asked.load(Relaxed);
    until(&|| asked.load(Relaxed) >= before + 200);
    stop.store(true, Relaxed);
    for worker in workers {
        let (slowest, lost) = worker.join().expect("no call fails");
        assert!(lost <= 2, "{lost} times nothing was found");
        assert!(slowest < Duration::from_secs(5), "a call took {slowest:?}");
    }
    runtime().block_on(async {
        let stats = caches[0].stats(now()).await;
        let shared = stats.stores.iter().find(|store| store.store == "redis").expect("it is configured");
        assert!(shared.entries.is_some_and(|entries| entries > 1) && shared.errors > 100, "{stats:?}");
    });
}
