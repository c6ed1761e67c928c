//! Budgets as many callers meet them at once: whatever they do, no more is spent than there is, to the nano-dollar, and
//! what is left can be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tollhouse::testing::{Folder, ManualClock};
use tollhouse::{Config, Gateway, Request, Sending, Transport, UpstreamRequest, UpstreamResponse};

const START_US: u64 = 1_767_269_340_000_000;

/// A provider that answers at once, never with more than was asked for, and keeps a ledger of its own.
#[derive(Default)]
struct Provider {
    tokens: AtomicU64,
    calls: AtomicU64,
}

impl Transport for Provider {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        let body: Value = serde_json::from_slice(&request.body).expect("the test sends JSON");
        let most = body["max_tokens"].as_u64().expect("the test names it");
        let number = self.calls.fetch_add(1, SeqCst);
        // One in seven fails and costs nothing.
        let fails = number % 7 == 3;
        let tokens = if fails { 0 } else { fastrand::u64(0..=most) };
        self.tokens.fetch_add(tokens, SeqCst);
        let answer = json!({"model": "m", "usage": {"prompt_tokens": 0, "completion_tokens": tokens}}).to_string();
        let status = if fails { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
        let headers =
            HeaderMap::from_iter([(http::header::CONTENT_TYPE, "application/json".parse().expect("a value"))]);
        let body: tollhouse::ByteStream = Box::pin(Once(Some(Bytes::from(answer))));
        Box::pin(async move {
            // Others get their turn between what was taken and what was used.
            tokio::task::yield_now().await;
            Ok(UpstreamResponse { status, headers, body })
        })
    }
}

struct Once(Option<Bytes>);

impl futures_core::Stream for Once {
    type Item = Result<Bytes, tollhouse::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

fn open(config: &Value, provider: &Arc<Provider>) -> Gateway {
    let config = Config::from_json(&config.to_string()).expect("the case is sound");
    let gateway = Gateway::builder(config).clock(Arc::new(ManualClock::at(START_US))).transport(provider.clone());
    gateway.environment(|_| None).build().expect("the case is sound")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made")
}

fn request(max_tokens: u64) -> Request {
    Request::post("/openai/chat/completions", &json!({"model": "m", "messages": [], "max_tokens": max_tokens}))
}

async fn spent(gateway: &Gateway) -> (u64, u64, u64) {
    let report = gateway.budgets().await.expect("it is open");
    let budget = &report.budgets[0];
    (budget.spent_nano_usd, budget.reserved_nano_usd, budget.remaining_nano_usd)
}

/// Thousands of calls from many threads and gateways. Every third caller leaves before the answer.
fn nobody_overspends(gateways: &[Gateway], provider: &Provider, limit: u64) {
    const THREADS: usize = 8;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let gateway = gateways[thread % gateways.len()].clone();
            scope.spawn(move || {
                runtime().block_on(async {
                    for number in 0..500_u64 {
                        let call = gateway.handle(request(fastrand::u64(1..=400)));
                        if number % 3 == 2 {
                            // It leaves where the provider has not answered yet.
                            let mut call = Box::pin(call);
                            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                            let _ = call.as_mut().poll(&mut context);
                        } else {
                            let answer = call.await.expect("it is open");
                            assert!([200, 429, 502].contains(&answer.status.as_u16()), "{}", answer.status);
                        }
                    }
                });
            });
        }
    });
    let own = provider.tokens.load(SeqCst) * 1_000;
    assert!(own <= limit, "the provider was asked for {own} of {limit}");
    runtime().block_on(async {
        let (spent, reserved, remaining) = spent(&gateways[0]).await;
        assert_eq!(reserved, 0, "all calls have ended");
        assert!(own <= spent && spent <= limit, "{own} cost, {spent} counted, {limit} in all");
        assert_eq!(spent + remaining, limit);
        // What is left can be had: the request's own text is 20 tokens.
        if let Some(tokens) = (remaining / 1_000).checked_sub(20).filter(|tokens| *tokens > 0) {
            let answer = gateways[0].handle(request(tokens)).await.expect("it is open");
            assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{remaining} are left");
        }
        let answer = gateways[0].handle(request(limit)).await.expect("it is open");
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    });
}

fn config(path: Option<&std::path::Path>) -> Value {
    json!({
        "prices": {"openai/m": {"input": "1 USD", "output": "1 USD"}},
        "budgets": {"all": {"limit": "0.3 USD", "period": "month"}},
        "limits": {"path": path},
    })
}

#[test]
fn thousands_of_calls_at_once_spend_no_more_than_there_is() {
    let provider = Arc::default();
    let gateway = open(&config(None), &provider);
    nobody_overspends(&[gateway], &provider, 300_000_000);
}

#[test]
fn nor_do_those_of_several_processes() {
    let (folder, provider) = (Folder::new(), Arc::default());
    let path = folder.path("counts.db");
    // Two gateways know of each other by the file alone, as two processes do.
    let gateways = [open(&config(Some(&path)), &provider), open(&config(Some(&path)), &provider)];
    nobody_overspends(&gateways, &provider, 300_000_000);
}

#[test]
fn what_was_spent_outlives_the_process() {
    let (folder, provider) = (Folder::new(), Arc::default());
    let path = folder.path("counts.db");
    let mut config = config(Some(&path));
    config["budgets"]["all"]["by"] = "metadata.team".into();
    let by = |gateway: &Gateway| {
        let report = runtime().block_on(gateway.budgets()).expect("it is open");
        let state = |budget: &tollhouse::BudgetState| (budget.by["metadata.team"].clone(), budget.spent_nano_usd);
        report.budgets.iter().map(state).collect::<Vec<_>>()
    };
    let first = open(&config, &provider);
    runtime().block_on(async {
        let mut call = request(100);
        call.headers.insert("cf-aig-metadata", r#"{"team": "a"}"#.parse().expect("a value"));
        assert_eq!(first.handle(call).await.expect("it is open").status, StatusCode::OK);
    });
    let before = by(&first);
    assert_eq!(before[0].0, json!("a"));
    first.close(std::time::Duration::from_secs(5));
    assert_eq!(by(&open(&config, &provider)), before);
}
