//! Many callers of one answer, over scripted and over real HTTP: in one runtime, and each in a runtime of its own.

use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::{Value, json};
use tollhouse::testing::TestGateway;
use tollhouse::{Config, Gateway, Request, Response};
use tollhouse_upstream::{Step, Upstream};

fn open(script: &Value) -> TestGateway {
    TestGateway::open(r#"{"cache": {"ttl": "1h"}}"#, &script.to_string(), None).expect("a good script")
}

fn question(stream: bool) -> Request {
    let body = json!({"model": "gpt-4o-mini", "stream": stream, "messages": [{"role": "user", "content": "hi"}]});
    Request::post("/openai/v1/chat/completions", &body)
}

fn answer() -> Value {
    json!({"model": "gpt-4o-mini", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}})
}

fn stream() -> Value {
    json!([
        {"model": "gpt-4o-mini", "choices": [{"delta": {"content": "Hel"}}]},
        {"choices": [{"delta": {"content": "lo"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}},
        "[DONE]",
    ])
}

fn call(gateway: &Gateway, stream: bool) -> tokio::task::JoinHandle<Response> {
    let (gateway, request) = (gateway.clone(), question(stream));
    tokio::spawn(async move { gateway.handle(request).await.expect("the gateway is open") })
}

async fn log_of(gateway: &Gateway, response: &Response) -> Value {
    gateway.get_log(response.headers["cf-aig-log-id"].to_str().expect("an id is text")).await.expect("it is logged")
}

async fn text(response: Response) -> String {
    let body = response.body.bytes(1 << 20).await.expect("the body is whole");
    String::from_utf8(body.to_vec()).expect("it is text")
}

fn calls(test: &TestGateway) -> usize {
    test.upstream.calls().as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn equal_calls_make_one() {
    let test = open(&json!([{"json": answer(), "delay_ms": 100}]));
    let mut callers: Vec<_> = (0..20).map(|_| call(&test.gateway, false)).collect();
    let (mut paid, mut saved) = (0, 0);
    for caller in callers.drain(..) {
        let response = caller.await.expect("no call panics");
        let log = log_of(&test.gateway, &response).await;
        assert_eq!(log["success"], true);
        if log["cached"] == true {
            assert_eq!((&log["cost"], &log["saved"], &log["tokens_in"]), (&json!(0.0), &json!(0.00045), &Value::Null));
            assert_eq!(
                (&response.headers["cf-aig-cache-status"], &log["attempts"]),
                (&"HIT".parse().unwrap(), &json!([]))
            );
            saved += 1;
        } else {
            assert_eq!((&log["cost"], &log["tokens_in"]), (&json!(0.00045), &json!(1000)));
            assert_eq!(log["attempts"][0]["status"], 200);
            paid += 1;
        }
        assert!(text(response).await.contains("gpt-4o-mini"));
    }
    assert_eq!((calls(&test), paid, saved), (1, 1, 19));
}

#[tokio::test]
async fn a_late_caller_gets_what_has_come_and_then_follows() {
    let test = open(&json!([{"sse": stream(), "chunk_delay_ms": 100}]));
    let mut first = call(&test.gateway, true).await.unwrap();
    let head = first.body.next().await.unwrap().unwrap();
    let late = call(&test.gateway, true).await.unwrap();
    assert_eq!(late.headers["cf-aig-cache-status"], "HIT");
    let (id, late) = (late.headers["cf-aig-log-id"].to_str().unwrap().to_owned(), text(late).await);
    assert_eq!(format!("{}{}", String::from_utf8_lossy(&head), text(first).await), late);
    assert!(late.contains("[DONE]") && calls(&test) == 1);
    let log = test.gateway.get_log(&id).await.unwrap();
    assert_eq!((&log["cached"], &log["stream"], &log["saved"]), (&json!(true), &json!(true), &json!(0.00045)));
    let after = call(&test.gateway, true).await.unwrap();
    assert_eq!((text(after).await, calls(&test)), (late, 1), "and it is in the cache");
}

#[tokio::test]
async fn the_others_go_on_when_the_first_leaves() {
    for chunks in [0, 1] {
        let test = open(&json!([{"sse": stream(), "delay_ms": 50, "chunk_delay_ms": 100}]));
        let mut leaving = Box::pin(test.gateway.handle(question(true)));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(leaving.as_mut().poll(cx).is_pending());
        let staying = call(&test.gateway, true);
        tokio::task::yield_now().await;
        if chunks > 0 {
            let mut response = leaving.await.unwrap();
            assert!(response.body.next().await.is_some());
        } else {
            drop(leaving);
        }
        let staying = staying.await.unwrap();
        let id = staying.headers["cf-aig-log-id"].to_str().unwrap().to_owned();
        assert!(text(staying).await.contains("[DONE]"));
        assert_eq!(calls(&test), 1);
        // Who stays pays: nothing is lost from the bill, and nothing stands there twice.
        let log = test.gateway.get_log(&id).await.unwrap();
        assert_eq!((&log["cached"], &log["cost"], &log["success"]), (&json!(false), &json!(0.00045), &json!(true)));
        assert_eq!(log["attempts"][0]["status"], 200);
        let usage = test.gateway.usage(&json!({})).await.unwrap();
        assert_eq!(serde_json::to_value(usage).unwrap()["total"]["cost"], 0.00045);
        let gone = test.gateway.logs(&json!({"order_by_direction": "asc"})).await.unwrap().logs.remove(0);
        assert_eq!((&gone["success"], &gone["cost"]), (&json!(false), &Value::Null));
    }
}

#[tokio::test]
async fn the_call_ends_when_nobody_is_left() {
    let test = open(&json!([{"sse": stream(), "chunk_delay_ms": 100}, {"sse": stream()}]));
    let (mut one, two) = (call(&test.gateway, true).await.unwrap(), call(&test.gateway, true).await.unwrap());
    assert!(one.body.next().await.is_some());
    drop((one, two));
    assert_eq!(test.upstream.calls()[0]["finished"], false);
    assert!(text(call(&test.gateway, true).await.unwrap()).await.contains("[DONE]"));
    assert_eq!(calls(&test), 2);
}

#[tokio::test]
async fn a_failed_call_is_made_once_more_for_the_others() {
    let test = open(&json!([{"status": 500, "json": {}, "delay_ms": 50}, {"json": answer(), "delay_ms": 50}]));
    let callers: Vec<_> = (0..5).map(|_| call(&test.gateway, false)).collect();
    let mut statuses = Vec::new();
    for caller in callers {
        statuses.push(caller.await.unwrap().status.as_u16());
    }
    assert_eq!((statuses, calls(&test)), (vec![500, 200, 200, 200, 200], 2));
}

#[tokio::test]
async fn what_fails_twice_fails_for_all() {
    let test = open(&json!([{"status": 500, "json": {}, "delay_ms": 50}, {"status": 503, "json": {}, "delay_ms": 50}]));
    let callers: Vec<_> = (0..5).map(|_| call(&test.gateway, false)).collect();
    let mut statuses = Vec::new();
    for caller in callers {
        statuses.push(caller.await.unwrap().status.as_u16());
    }
    assert_eq!((statuses, calls(&test)), (vec![500, 503, 503, 503, 503], 2));
}

#[tokio::test]
async fn what_may_not_be_kept_is_not_shared() {
    let sound = json!({"chunks": ["ID3"], "headers": {"content-type": "audio/mpeg"}, "delay_ms": 50});
    let test = open(&json!([sound, sound, sound]));
    let callers: Vec<_> = (0..3).map(|_| call(&test.gateway, false)).collect();
    for caller in callers {
        assert_eq!(text(caller.await.unwrap()).await, "ID3");
    }
    assert_eq!(calls(&test), 3);
}

/// Callers that block have a runtime each, which stands still when they do not wait.
#[test]
fn callers_in_runtimes_of_their_own_share_a_call() {
    let servers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let upstream = servers.block_on(Upstream::start());
    upstream.script([Step { delay_ms: Some(300), chunk_delay_ms: Some(30), ..Step::default() }]);
    let config = json!({"cache": {"ttl": "1h"}, "providers": {"openai": {"base_url": upstream.url(), "key": "sk"}}});
    let gateway = Gateway::builder(Config::from_json(&config.to_string()).unwrap()).environment(|_| None);
    let gateway = gateway.build().unwrap();
    let barrier = Arc::new(Barrier::new(8));
    let caller = |number: u64| {
        let (gateway, barrier) = (gateway.clone(), barrier.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            barrier.wait();
            if number == 0 {
                // Begins first if it can, and leaves while the others wait.
                let leaving = runtime.block_on(async {
                    tokio::time::timeout(Duration::from_millis(100), gateway.handle(question(true))).await
                });
                assert!(leaving.is_err(), "the answer takes longer");
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
            Some(runtime.block_on(async { text(gateway.handle(question(true)).await.unwrap()).await }))
        })
    };
    let callers: Vec<_> = (0..8).map(caller).collect();
    let texts: Vec<String> = callers.into_iter().filter_map(|caller| caller.join().unwrap()).collect();
    assert_eq!(texts.len(), 7);
    assert!(texts.iter().all(|text| text == &texts[0] && text.contains("[DONE]")));
    assert_eq!(upstream.ledger().len(), 1);
}

/// A poll with a waker that does nothing must not cost the others their turn.
#[tokio::test]
async fn a_caller_who_only_peeks_holds_nobody_up() {
    let test = open(&json!([{"sse": stream(), "delay_ms": 50}]));
    let mut peeking = Box::pin(test.gateway.handle(question(true)));
    assert!(matches!(peeking.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    let other = call(&test.gateway, true);
    assert!(text(other.await.unwrap()).await.contains("[DONE]"));
    assert!(text(peeking.await.unwrap()).await.contains("[DONE]"));
    assert_eq!(calls(&test), 1);
}
