//! Limits as many callers meet them at once: nobody gets past one, whoever waits has their turn, and whoever leaves gives
//! back what they held.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use tollhouse::testing::{Folder, TestGateway};
use tollhouse::{Request, Response};

fn open(config: &Value, script: &Value) -> Arc<TestGateway> {
    Arc::new(TestGateway::open(&config.to_string(), &script.to_string(), None).expect("the case is sound"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made")
}

fn request(name: &str, priority: u8) -> Request {
    let body = json!({"model": "gpt-4o-mini", "messages": [], "max_tokens": 100, "stream": true, "user": name});
    let mut request = Request::post("/openai/chat/completions", &body);
    request.headers.insert("x-tollhouse-priority", u16::from(priority).into());
    request
}

async fn ask(test: &TestGateway, name: &str, priority: u8) -> Response {
    test.gateway.handle(request(name, priority)).await.expect("the gateway is open")
}

fn stream() -> Value {
    json!({"sse": [{"choices": [{"index": 0, "delta": {"content": "a"}}]}, "[DONE]"]})
}

/// Looks at a call once, so that the clock stands still.
fn poll<T>(call: &mut Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn asked(test: &TestGateway) -> Vec<String> {
    let calls = test.upstream.calls();
    calls.as_array().unwrap().iter().map(|call| call["json"]["user"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_place_is_free_when_the_body_has_ended_or_was_let_go() {
    let test = open(&json!({"limits": {"concurrency": {"limit": 1}}}), &json!([stream(), stream(), stream()]));
    runtime().block_on(async {
        let mut first = ask(&test, "a", 5).await;
        let refused = ask(&test, "b", 5).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers["retry-after"], HeaderValue::from_static("1"));
        while first.body.next().await.is_some() {}
        let second = ask(&test, "c", 5).await;
        assert_eq!(second.status, StatusCode::OK, "the first body has ended, though it is still there");
        drop(second);
        assert_eq!(ask(&test, "d", 5).await.status, StatusCode::OK);
        drop(first);
    });
    assert_eq!(asked(&test), ["a", "c", "d"]);
}

#[test]
fn a_call_that_is_let_go_in_flight_gives_its_place_back() {
    let slow = json!({"delay_ms": 1_000_000, "json": {}});
    let test = open(&json!({"limits": {"concurrency": {"limit": 1}}}), &json!([slow, stream()]));
    let mut call = Box::pin(ask(&test, "a", 5));
    assert!(poll(&mut call).is_pending());
    assert_eq!(asked(&test), ["a"], "it is in flight");
    drop(call);
    assert_eq!(runtime().block_on(ask(&test, "b", 5)).status, StatusCode::OK);
}

#[test]
fn a_hedged_call_that_is_let_go_gives_both_places_back_and_tells_of_both() {
    let slow = json!({"delay_ms": 1_000_000, "json": {}});
    let config = json!({"limits": {"concurrency": {"limit": 2}}, "hedging": {"after": "1s", "to": "same"}});
    let test = open(&config, &json!([slow, slow, stream(), stream()]));
    let mut call = Box::pin(ask(&test, "a", 5));
    while asked(&test).len() < 2 {
        assert!(poll(&mut call).is_pending());
    }
    drop(call);
    runtime().block_on(async {
        let logs = serde_json::to_value(test.gateway.logs(&json!({})).await.expect("it is open")).expect("JSON");
        let attempts = logs["logs"][0]["attempts"].as_array().expect("both were tried").clone();
        assert_eq!(attempts.len(), 2, "{attempts:?}");
        assert!(attempts.iter().all(|attempt| attempt["state"] == "maybe_processed"), "{attempts:?}");
        assert!(attempts.iter().any(|attempt| attempt["hedge"] == true), "{attempts:?}");
        let both = [ask(&test, "b", 5).await, ask(&test, "c", 5).await];
        assert!(both.iter().all(|answer| answer.status == StatusCode::OK), "both places are free");
    });
}

#[test]
fn a_hedged_call_that_is_let_go_leaves_the_next_target_too() {
    let slow = json!({"delay_ms": 1_000_000, "json": {}});
    let config = json!({"limits": {"concurrency": {"limit": 2}}, "hedging": {"after": "1s"}});
    let test = open(&config, &json!([slow, slow, stream(), stream()]));
    let entry = |provider: &str| {
        json!({
            "provider": provider, "endpoint": "chat/completions",
            "query": {"model": "m", "messages": [], "max_tokens": 1, "user": provider},
        })
    };
    let mut call = Box::pin(test.gateway.handle(Request::post("/", &json!([entry("openai"), entry("groq")]))));
    while asked(&test).len() < 2 {
        assert!(poll(&mut call).is_pending());
    }
    drop(call);
    assert_eq!(asked(&test), ["openai", "groq"]);
    runtime().block_on(async {
        let both = [ask(&test, "b", 5).await, ask(&test, "c", 5).await];
        assert!(both.iter().all(|answer| answer.status == StatusCode::OK), "both places are free");
    });
}

#[test]
fn the_higher_priority_goes_first_and_the_earlier_among_equals() {
    let rule = json!({"limit": 1, "when_full": "wait", "max_wait": "1h"});
    let test = open(&json!({"limits": {"concurrency": rule}}), &json!(vec![stream(); 6]));
    let held = runtime().block_on(ask(&test, "held", 5));
    let names = [("low", 1), ("first", 5), ("gone", 9), ("second", 5), ("high", 8)];
    let mut calls: Vec<_> = names.map(|(name, priority)| Box::pin(ask(&test, name, priority))).into();
    assert!(calls.iter_mut().all(|call| poll(call).is_pending()));
    // Whoever leaves the line is not waited for.
    drop(calls.remove(2));
    assert_eq!(asked(&test), ["held"]);
    drop(held);
    while !calls.is_empty() {
        calls.retain_mut(|call| poll(call).is_pending());
    }
    assert_eq!(asked(&test), ["held", "high", "first", "second", "low"]);
}

#[test]
fn who_comes_later_does_not_overtake() {
    // Two of ten are free, and the one that waits needs three.
    let rule = json!({"count": "tokens_out", "limit": 1000, "per": "10m", "when_full": "wait", "max_wait": "1h"});
    let answer = |tokens: u64| json!({"json": {"usage": {"prompt_tokens": 1, "completion_tokens": tokens}}});
    let test = open(&json!({"limits": {"rules": {"out": rule}}}), &json!([answer(800), answer(300), answer(100)]));
    let ask = |name: &'static str, max_tokens: u64| {
        let test = test.clone();
        async move {
            let body = json!({"model": "gpt-4o-mini", "messages": [], "max_tokens": max_tokens, "user": name});
            test.gateway.handle(Request::post("/openai/chat/completions", &body)).await.expect("it is open").status
        }
    };
    runtime().block_on(async {
        assert_eq!(ask("a", 800).await, StatusCode::OK);
        let waits = tokio::spawn(ask("waits", 300));
        tokio::task::yield_now().await;
        let later = tokio::spawn(ask("later", 100));
        assert_eq!((waits.await.unwrap(), later.await.unwrap()), (StatusCode::OK, StatusCode::OK));
    });
    assert_eq!(asked(&test), ["a", "waits", "later"]);
}

#[test]
fn thousands_of_calls_at_once_stay_below_every_limit() {
    const CALLS: u64 = 3_000;
    const TOKENS: u64 = 60_000;
    // Every call may use 100 output tokens and uses some part of them.
    let answers: Vec<_> = (0..CALLS)
        .map(|number| json!({"json": {"usage": {"prompt_tokens": 0, "completion_tokens": number * 37 % 101}}}))
        .collect();
    let config = json!({
        "limits": {
            "rules": {"out": {"count": "tokens_out", "limit": TOKENS, "per": "1h", "technique": "sliding"}},
            "concurrency": {"limit": 16},
            "requests": {"limit": 2_000, "per": "1h"},
        },
        "logs": {"enabled": true},
    });
    let test = open(&config, &json!(answers));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("threads can be started");
    runtime.block_on(async {
        let tasks: Vec<_> = (0..CALLS)
            .map(|_| {
                let test = test.clone();
                tokio::spawn(async move { ask(&test, "u", 5).await.status })
            })
            .collect();
        let mut good = 0;
        for task in tasks {
            good += u64::from(task.await.expect("no call panics") == StatusCode::OK);
        }
        let usage = test.gateway.usage(&json!({})).await.expect("the log is in memory");
        let usage = serde_json::to_value(usage).expect("a report is JSON");
        let used = usage["total"]["tokens_out"].as_u64().expect("tokens are counted");
        assert!(used <= TOKENS, "{used} tokens were used");
        assert!(good <= 2_000 && good > 500, "{good} calls passed");
        assert_eq!(test.upstream.calls().as_array().unwrap().len() as u64, good);
    });
}

/// Names the file that the processes of one test share.
const SHARED: &str = "TOLLHOUSE_TEST_LIMITS";
const ALL: u64 = 200;
const EACH: u64 = 120;

/// What each of the processes does; without the file's name there is nothing to do.
#[test]
fn one_of_four_processes() {
    let Ok(path) = std::env::var(SHARED) else { return };
    let config = json!({"limits": {"requests": {"limit": ALL, "per": "1h", "technique": "sliding"}, "path": path}});
    let test = open(&config, &json!(vec![stream(); usize::try_from(EACH).unwrap()]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    let mut good = 0;
    for _ in 0..EACH {
        good += u64::from(runtime.block_on(ask(&test, "u", 5)).status == StatusCode::OK);
    }
    let failures = test.gateway.health().expect("it is open").limits.expect("the file is shared").failures;
    println!("passed {good} failures {failures}");
    test.gateway.close(std::time::Duration::from_secs(10));
}

#[test]
fn four_processes_share_one_limit_in_a_file() {
    let folder = Folder::new();
    let program = std::env::current_exe().expect("a test knows its own program");
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = std::process::Command::new(&program);
            command.args(["--exact", "one_of_four_processes", "--nocapture"]).env(SHARED, folder.path("limits.db"));
            command.stdout(std::process::Stdio::piped()).spawn().expect("a process can be started")
        })
        .collect();
    let (mut good, mut failures) = (0, 0);
    for child in children {
        let output = child.wait_with_output().expect("a process ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        let number = |word: &str| -> u64 {
            let mut words = text.split_whitespace().skip_while(|found| *found != word);
            words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {word} in {text}"))
        };
        good += number("passed");
        failures += number("failures");
    }
    if failures == 0 {
        assert_eq!(good, ALL, "all of the limit and no more");
    }
    // Where a machine is so slow that the file did not answer, a process goes on with its own share.
    assert!(good <= 2 * ALL, "{good} calls passed, {failures} times the file did not answer");
}
