//! The gateway over real HTTP, against the scripted upstream.

use http::HeaderValue;
use serde_json::{Value, json};
use tollhouse::{Config, ErrorKind, Gateway, Request, Response};
use tollhouse_upstream::{Fail, Step, Upstream};

async fn open() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let providers = json!({
        "openai": {"base_url": upstream.url(), "key": "sk-test"},
        "anthropic": {"base_url": upstream.url(), "key": "ak-test"},
        "groq": {"base_url": format!("{}/groq/openai", upstream.url()), "key": "gk-test"},
    });
    let config = json!({"providers": providers, "cache": {"ttl": "1h"}}).to_string();
    let gateway = Gateway::builder(Config::from_json(&config).expect("a good configuration"));
    (upstream, gateway.environment(|_| None).build().expect("a gateway"))
}

fn chat(stream: bool) -> Request {
    let messages = json!([{"role": "user", "content": "tell me a joke"}]);
    Request::post(
        "/openai/v1/chat/completions",
        &json!({"model": "gpt-4o-mini", "stream": stream, "messages": messages}),
    )
}

async fn text(response: Response) -> Result<String, ErrorKind> {
    let body = response.body.bytes(1 << 24).await.map_err(|error| error.kind())?;
    Ok(String::from_utf8(body.to_vec()).expect("the upstream writes UTF-8"))
}

async fn log(gateway: &Gateway, response: &Response) -> Value {
    let id = response.headers["cf-aig-log-id"].to_str().expect("an id is text").to_owned();
    gateway.get_log(&id).await.expect("the call is logged")
}

#[tokio::test]
async fn a_call_its_copy_from_the_cache_and_its_log() {
    let (upstream, gateway) = open().await;
    let first = gateway.handle(chat(false)).await.unwrap();
    let entry = log(&gateway, &first).await;
    assert_eq!((entry["tokens_in"].clone(), entry["tokens_out"].clone()), (json!(4), json!(8)));
    let first = text(first).await.unwrap();
    assert!(first.contains("You said: tell me a joke"));
    let second = gateway.handle(chat(false)).await.unwrap();
    assert_eq!(second.headers["cf-aig-cache-status"], "HIT");
    assert_eq!(text(second).await.unwrap(), first);
    assert_eq!(upstream.ledger().len(), 1);
}

#[tokio::test]
async fn a_packed_answer_is_read_and_told_truly() {
    let (upstream, gateway) = open().await;
    upstream.script([Step { gzip: true, ..Step::default() }, Step { gzip: true, ..Step::default() }]);
    for stream in [false, true] {
        let response = gateway.handle(chat(stream)).await.unwrap();
        assert!(response.headers.get("content-encoding").is_none() && response.headers.get("content-length").is_none());
        assert!(text(response).await.unwrap().contains("joke"));
    }
}

#[tokio::test]
async fn the_first_chunk_does_not_wait_for_the_second() {
    let (upstream, gateway) = open().await;
    // The upstream sends half and then nothing: had the gateway waited for the whole, nothing would come.
    upstream.script([Step { fail: Some(Fail::Stall), ..Step::default() }]);
    let mut response = gateway.handle(chat(true)).await.unwrap();
    let chunk = response.body.next().await.expect("a chunk").unwrap();
    assert!(chunk.starts_with(b"data: {"));
    let id = response.headers["cf-aig-log-id"].to_str().unwrap().to_owned();
    drop(response);
    upstream.settled().await;
    assert!(!upstream.ledger()[0].finished, "letting go of the body ends the upstream's call");
    let entry = gateway.get_log(&id).await.unwrap();
    assert_eq!((entry["cancelled"].clone(), entry["success"].clone()), (json!(true), json!(false)));
}

#[tokio::test]
async fn a_call_that_is_let_go_of_before_its_answer_is_logged() {
    let (upstream, gateway) = open().await;
    upstream.script([Step { delay_ms: Some(3_600_000), ..Step::default() }]);
    {
        let call = gateway.handle(chat(false));
        tokio::select! {
            _ = call => panic!("the upstream does not answer"),
            _ = upstream.arrived(1) => {}
        }
    }
    upstream.settled().await;
    let page = gateway.logs(&json!({})).await.unwrap();
    assert_eq!(page.logs[0]["cancelled"], true);
    assert_eq!(page.logs[0]["status_code"], Value::Null);
}

/// A stream that is cut anywhere is an error, never a clean end; only the cut after its end marker is harmless.
#[tokio::test]
async fn a_stream_cut_at_any_byte_is_an_error() {
    let (upstream, gateway) = open().await;
    for (target, end) in [("openai", "\"finish_reason\":\"stop\"}"), ("compat", "data: [DONE]")] {
        let request = || {
            let mut request = chat(true);
            if target == "compat" {
                let body = json!({"model": "anthropic/claude-haiku-4-5", "stream": true, "max_tokens": 9, "messages": [{"role": "user", "content": "a b"}]});
                request = Request::post("/compat/chat/completions", &body);
            }
            // The whole one is in the cache from the first call on.
            request.headers.insert("cf-aig-skip-cache", HeaderValue::from_static("true"));
            request
        };
        let whole = text(gateway.handle(request()).await.unwrap()).await.unwrap();
        let length = whole.len() * 2;
        let mut errors = 0;
        for cut in (1..length).step_by(7) {
            upstream.script([Step { cut_after_bytes: Some(cut), fail: Some(Fail::Truncate), ..Step::default() }]);
            let mut response = gateway.handle(request()).await.unwrap();
            let (mut seen, mut broken) = (Vec::new(), false);
            while let Some(chunk) = response.body.next().await {
                match chunk {
                    Ok(chunk) => seen.extend_from_slice(&chunk),
                    Err(error) => broken = error.kind() == ErrorKind::Broken,
                }
            }
            // The event counts when it is whole, so with the blank line behind it.
            let seen_text = String::from_utf8_lossy(&seen);
            let complete = seen_text.split_once(end).is_some_and(|(_, rest)| rest.contains("\n\n"));
            assert_ne!(broken, complete, "{target} cut at {cut}: {seen_text}");
            errors += usize::from(broken);
            if complete {
                break;
            }
        }
        assert!(errors > 10, "{target}: only {errors} cuts");
        upstream.reset();
    }
}

#[tokio::test]
async fn nobody_listens() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = json!({"providers": {"openai": {"base_url": format!("http://{closed}")}}}).to_string();
    let gateway = Gateway::builder(Config::from_json(&config).unwrap()).environment(|_| None).build().unwrap();
    let response = gateway.handle(chat(false)).await.unwrap();
    assert_eq!(response.status, 502);
    assert_eq!(response.failure.as_ref().map(tollhouse::Error::kind), Some(ErrorKind::Connect));
    assert_eq!(log(&gateway, &response).await["attempts"][0]["state"], "not_sent");
}

#[tokio::test]
async fn a_connection_that_breaks_before_an_answer_may_have_been_processed() {
    let (upstream, gateway) = open().await;
    upstream.script([Step { fail: Some(Fail::Reset), ..Step::default() }]);
    let response = gateway.handle(chat(false)).await.unwrap();
    assert_eq!(response.failure.as_ref().map(tollhouse::Error::kind), Some(ErrorKind::Broken));
    assert_eq!(log(&gateway, &response).await["attempts"][0]["state"], "maybe_processed");
    assert_eq!(upstream.ledger().len(), 1, "what may have been processed is not sent again unless that was asked for");
}

#[tokio::test]
async fn redirects_are_passed_on_and_carry_no_key_away() {
    let (upstream, gateway) = open().await;
    let headers = [("location".into(), format!("{}/elsewhere", upstream.url()))].into();
    upstream.script([Step { status: Some(307), headers, body: Some(json!("")), ..Step::default() }]);
    let response = gateway.handle(chat(false)).await.unwrap();
    assert_eq!(response.status, 307);
    assert_eq!(upstream.ledger().len(), 1);
}

#[tokio::test]
async fn a_fallback_over_real_sockets() {
    let (upstream, gateway) = open().await;
    let query = json!({"model": "fail-503", "messages": [{"role": "user", "content": "hi"}]});
    let entries = json!([
        {"provider": "openai", "endpoint": "chat/completions", "headers": {}, "query": query},
        {"provider": "groq", "endpoint": "chat/completions", "headers": {}, "query": {"model": "llama", "messages": [{"role": "user", "content": "hi"}]}},
    ]);
    let response = gateway.run(&entries, &Value::Null).await.unwrap();
    assert_eq!((response.status.as_u16(), response.headers["cf-aig-step"].to_str().unwrap()), (200, "1"));
    assert!(text(response).await.unwrap().contains("[groq llama]"));
    assert_eq!(upstream.ledger().len(), 2);
}

#[test]
fn one_gateway_serves_several_runtimes() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let (_upstream, gateway) = first.block_on(open());
    // The pooled connection of the first runtime is driven by nobody while the second one calls.
    for runtime in [&first, &second, &first] {
        let mut request = chat(false);
        request.headers.insert("cf-aig-skip-cache", "true".parse().unwrap());
        assert_eq!(runtime.block_on(gateway.handle(request)).unwrap().status, 200);
    }
}

#[tokio::test]
async fn many_streams_at_once() {
    let (upstream, gateway) = open().await;
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let gateway = gateway.clone();
            tokio::spawn(async move { text(gateway.handle(chat(true)).await.unwrap()).await.unwrap() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap().ends_with("data: [DONE]\n\n"));
    }
    upstream.settled().await;
    assert_eq!(gateway.logs(&json!({"success": true})).await.unwrap().total_count, 64);
}

#[tokio::test]
async fn a_closed_gateway_refuses() {
    let (_upstream, gateway) = open().await;
    gateway.close(std::time::Duration::from_secs(5));
    gateway.close(std::time::Duration::from_secs(5));
    assert_eq!(gateway.handle(chat(false)).await.err().map(|error| error.kind()), Some(ErrorKind::Closed));
}

/// A key is pushed through every path that may print it.
#[tokio::test]
async fn no_key_comes_out() {
    const CANARY: &str = "sk-CANARY-7f3a9";
    let (upstream, gateway) = open().await;
    let mut shown = vec![format!("{gateway:?}{:?}", gateway.config())];
    for model in ["gpt-4o-mini", "fail-401", "fail-500"] {
        let mut request = Request::post("/openai/v1/chat/completions", &json!({"model": model, "messages": []}));
        request.headers.insert("authorization", format!("Bearer {CANARY}").parse().unwrap());
        let response = gateway.handle(request).await.unwrap();
        shown.push(log(&gateway, &response).await.to_string());
        shown.push(format!("{:?}", response.headers));
    }
    let entry = json!({"provider": "openai", "endpoint": "chat/completions", "headers": {"authorization": format!("Bearer {CANARY}\n")}});
    shown.push(text(gateway.run(&entry, &Value::Null).await.unwrap()).await.unwrap());
    let mut lost = Request::post(format!("http://127.0.0.1:1/v1/x?key={CANARY}"), &json!({}));
    lost.headers.insert("authorization", CANARY.parse().unwrap());
    let response = gateway.handle(lost).await.unwrap();
    shown.push(log(&gateway, &response).await.to_string());
    shown.push(format!("{:?}", response.failure));
    shown.push(text(response).await.unwrap());
    shown.push(gateway.logs(&json!({})).await.unwrap().logs.iter().map(ToString::to_string).collect::<String>());
    let shown = shown.concat();
    assert!(!shown.contains(CANARY), "{shown}");
    assert_eq!(upstream.ledger()[0].headers["authorization"], format!("Bearer {CANARY}"), "but the provider has it");
}
