//! What the rooms of the road cost a call, without a network. `cargo bench --profile ci` in this folder.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tollhouse::testing::{Rooms, TestGateway};
use tollhouse::{Format, Record, Request};

/// The log is bounded, or a bench would fill the memory.
const CONFIG: &str = r#"{
    "cache": {"ttl": "1h"},
    "limits": {"requests": {"limit": 1000000000, "per": "1h", "by": "user"}},
    "logs": {"max_records": 1000}
}"#;

const ANSWER: &str = include_str!("../../../tests/fixtures/openai/chat.json");

fn cache_hit(criterion: &mut Criterion) {
    let runtime = runtime();
    let test = TestGateway::open(CONFIG, &format!(r#"[{{"json": {ANSWER}}}]"#), None).expect("the script is sound");
    let ask = |request| async { test.gateway.handle(request).await.expect("the gateway is open") };
    assert_eq!(runtime.block_on(ask(question())).status, 200);
    criterion.bench_function("cache hit", |bencher| {
        bencher.iter_batched(
            question,
            |request| {
                let answer = runtime.block_on(ask(request));
                assert_eq!(answer.headers["cf-aig-cache-status"], "HIT");
                answer
            },
            BatchSize::SmallInput,
        );
    });
}

fn resolve(criterion: &mut Criterion) {
    let rooms = rooms();
    criterion.bench_function("resolve", |bencher| {
        bencher.iter_batched(question, |request| assert_eq!(rooms.resolve(request), 1), BatchSize::SmallInput);
    });
}

fn limit(criterion: &mut Criterion) {
    let rooms = rooms();
    let mut group = criterion.benchmark_group("limit");
    for keys in [10, 1_000_000] {
        let names: Vec<_> = (0..keys).map(|number| format!("tenant-{number}")).collect();
        assert!(names.iter().all(|name| rooms.admit(name)));
        let mut turn = names.iter().cycle();
        group.bench_function(format!("{keys} keys"), |bencher| {
            bencher.iter(|| rooms.admit(black_box(turn.next().expect("a cycle has no end"))));
        });
    }
}

fn route(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("route");
    for targets in [2, 100, 1_000] {
        let models: Vec<_> = (0..targets).map(|number| format!("openai/model-{number}")).collect();
        for strategy in ["ordered", "weighted", "least_busy", "lowest_latency", "lowest_cost", "sticky"] {
            let route = json!({"try": models, "strategy": strategy, "sticky_by": "metadata.user"});
            let rooms = Rooms::open(&json!({"routes": {"r": route}}).to_string()).expect("the route is sound");
            group.bench_function(format!("{strategy}, {targets} targets"), |bencher| {
                bencher.iter(|| assert!(rooms.choose(black_box("r"))));
            });
        }
    }
}

fn log_append(criterion: &mut Criterion) {
    /// Fewer than the log lets wait, so that none is turned away.
    const AT_ONCE: u16 = 1_000;
    let (rooms, runtime) = (rooms(), runtime());
    criterion.bench_function("log append, on the call's path", |bencher| {
        bencher.iter_custom(|count| {
            let mut taken = Duration::ZERO;
            for start in (0..count).step_by(AT_ONCE.into()) {
                let records: Vec<_> = (start..count.min(start + u64::from(AT_ONCE))).map(record).collect();
                let started = Instant::now();
                for record in records {
                    rooms.append(record);
                }
                taken += started.elapsed();
                runtime.block_on(rooms.flush()).expect("the log is in memory");
            }
            taken
        });
    });
}

fn meter(criterion: &mut Criterion) {
    const EVENTS: usize = 1_000;
    let rooms = rooms();
    let head =
        r#""id":"chatcmpl-1","object":"chat.completion.chunk","created":1767225600,"model":"gpt-4o-mini-2024-07-18""#;
    let delta =
        r#""choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null"#;
    let usage = r#""choices":[],"usage":{"prompt_tokens":8,"completion_tokens":1000,"total_tokens":1008}"#;
    let event = format!("data: {{{head},{delta}}}\n\n");
    let last = format!("data: {{{head},{usage}}}\n\ndata: [DONE]\n\n");
    let mut group = criterion.benchmark_group("meter");
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("1000 events", |bencher| {
        bencher.iter(|| {
            let chunks = std::iter::repeat_n(event.as_bytes(), EVENTS).chain([last.as_bytes()]);
            assert_eq!(rooms.meter(Format::Openai, black_box(chunks)), Some(1_000));
        });
    });
}

/// A movement in a ledger that has some, in memory and in a file, where it is synced.
fn ledger(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    let folder = tollhouse::testing::Folder::new();
    let mut group = criterion.benchmark_group("ledger");
    for (place, path) in [("in memory", None), ("in a file", Some(folder.path("credits.db")))] {
        let config = json!({"credits": {"path": path, "wallets": {"all": {}}}}).to_string();
        let test = TestGateway::open(&config, "[]", None).expect("the configuration is sound");
        group.bench_function(format!("top up, {place}"), |bencher| {
            let options = json!({});
            bencher.iter(|| runtime.block_on(test.gateway.top_up("all", "0.01 USD", &options)).expect("it is there"));
        });
        group.bench_function(format!("balance, {place}"), |bencher| {
            bencher.iter(|| runtime.block_on(test.gateway.balance("all")).expect("it is there"));
        });
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without a network asks nothing of the system")
}

fn rooms() -> Rooms {
    Rooms::open(CONFIG).expect("the configuration is sound")
}

fn question() -> Request {
    let text = "What has a toll house in common with a gateway between a program and the models that it calls?";
    let mut request = Request::post(
        "/openai/chat/completions",
        &json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text.repeat(5)}]}),
    );
    request.headers.insert("authorization", "Bearer sk-made-up".parse().expect("plain text is a header value"));
    request
}

fn record(number: u64) -> Record {
    Record {
        log_id: format!("0198c0de-0000-7000-8000-{number:012x}"),
        provider: "openai".to_owned(),
        model: "gpt-4o-mini".to_owned(),
        path: "chat/completions".to_owned(),
        success: true,
        status_code: Some(200),
        request_body: Some(vec![b'q'; 600].into()),
        response_body: Some(vec![b'a'; 1_000].into()),
        ..Record::default()
    }
}

criterion_group!(all, cache_hit, resolve, limit, route, log_append, meter, ledger);
criterion_main!(all);
