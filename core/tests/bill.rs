//! The bill is exact: over tens of thousands of mixed calls it comes to what the provider's own ledger says, to the nano-dollar, whatever
//! it is grouped by.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tollhouse::testing::{Folder, ManualClock};
use tollhouse::{
    AttemptState, Config, Error, ErrorKind, Gateway, Request, Sending, Transport, TransportError, UpstreamRequest,
    UpstreamResponse,
};

/// How many calls are made: `TOLLHOUSE_BILL_CALLS`, or as many as take some seconds.
fn calls() -> u64 {
    std::env::var("TOLLHOUSE_BILL_CALLS")
        .map_or(20_000, |calls| calls.parse().expect("TOLLHOUSE_BILL_CALLS is a number"))
}

/// What a provider notes of one model: good answers, tokens in and out, and everything that reached it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Noted {
    good: u64,
    tokens_in: u64,
    tokens_out: u64,
    reached: u64,
}

/// A provider that answers, fails and breaks as its calls come, and keeps a ledger of its own by model.
#[derive(Default)]
struct Provider(Mutex<(u64, BTreeMap<String, Noted>)>);

impl Transport for Provider {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        let body: Value = serde_json::from_slice(&request.body).expect("the test sends JSON");
        let model = body["model"].as_str().expect("the test names it").to_owned();
        let mut noted = self.0.lock().expect("no test panics");
        noted.0 += 1;
        let number = noted.0;
        let own = noted.1.entry(model.clone()).or_default();
        let (status, usage) = match number % 11 {
            // Nobody listens: it reaches nobody.
            0 => {
                let error = Error::new(ErrorKind::Connect, "nobody listens");
                return Box::pin(async { Err(TransportError { state: AttemptState::NotSent, error }) });
            }
            1 => (StatusCode::INTERNAL_SERVER_ERROR, None),
            2 => (StatusCode::BAD_REQUEST, None),
            _ => (StatusCode::OK, Some((number % 977 + 1, number % 331))),
        };
        own.reached += 1;
        if let Some((tokens_in, tokens_out)) = usage {
            own.good += 1;
            own.tokens_in += tokens_in;
            own.tokens_out += tokens_out;
        }
        let usage = usage.map(|(input, output)| json!({"prompt_tokens": input, "completion_tokens": output}));
        let answer = json!({"model": model, "usage": usage}).to_string();
        let headers =
            HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Box::pin(async move { Ok(UpstreamResponse { status, headers, body: Box::pin(Once(Some(answer.into()))) }) })
    }
}

struct Once(Option<Bytes>);

impl futures_core::Stream for Once {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

fn open(folder: &Folder, provider: &Arc<Provider>) -> Gateway {
    let price = |input: &str, output: &str| json!({"input": input, "output": output});
    let config = json!({
        "logs": {"path": folder.path("log.db"), "max_records": 2 * calls(), "payloads": false},
        "cache": {"ttl": "1h"},
        "retries": {"max_attempts": 2, "delay": "0", "budget_percent": 0},
        "prices": {"openai/a": price("0.1234567 USD", "0.7 USD"), "openai/b": price("3 USD", "15.0000001 USD")},
    });
    let config = Config::from_json(&config.to_string()).expect("the case is sound");
    let gateway = Gateway::builder(config).clock(Arc::new(ManualClock::at(1_767_269_340_000_000)));
    gateway.transport(provider.clone()).environment(|_| None).build().expect("the case is sound")
}

/// Nano-dollars of a call, by the definition of the prices: per million tokens, rounded once, half up.
fn cost(model: &str, tokens_in: i64, tokens_out: i64) -> i128 {
    let (input, output) = if model == "a" { (123_456_700, 700_000_000) } else { (3_000_000_000, 15_000_000_100) };
    (i128::from(tokens_in) * input + i128::from(tokens_out) * output + 500_000) / 1_000_000
}

fn call(number: u64) -> Request {
    let entry = |model: &str| json!({"provider": "openai", "endpoint": "chat/completions", "query": {"model": model, "messages": [], "n": number % (calls() / 2)}});
    let (first, second) = if number.is_multiple_of(3) { ("a", "b") } else { ("b", "a") };
    let mut request = Request::post("/", &json!([entry(first), entry(second)]));
    let metadata = json!({"customer": format!("c{}", number % 7)}).to_string();
    request.headers.insert("cf-aig-metadata", metadata.parse().expect("a value"));
    if number.is_multiple_of(5) {
        request.headers.insert("cf-aig-skip-cache", HeaderValue::from_static("true"));
    }
    request
}

fn sum(lines: &[tollhouse::BillLine], of: impl Fn(&tollhouse::BillLine) -> Option<u64>) -> u64 {
    lines.iter().filter_map(of).sum()
}

#[test]
fn mixed_calls_come_to_what_the_provider_has_noted() {
    let (folder, provider) = (Folder::new(), Arc::new(Provider::default()));
    let gateway = open(&folder, &provider);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    let calls = calls();
    let (mut hits, mut costs) = (0_u64, 0_i128);
    runtime.block_on(async {
        for number in 0..calls {
            if number % 13 == 12 {
                // It leaves at once; the provider may have been asked.
                let mut call = Box::pin(gateway.handle(call(number)));
                let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                continue;
            }
            let answer = gateway.handle(call(number)).await.expect("it is open");
            hits += u64::from(answer.headers.get("cf-aig-cache-status").is_some_and(|status| status == "HIT"));
        }
        gateway.flush().await.expect("it is open");
    });
    let noted = provider.0.lock().expect("no test panics").1.clone();
    let report = |query: Value| runtime.block_on(gateway.bill(&query)).expect("the query is sound");
    let plain = report(json!({}));
    assert!(plain.complete, "nothing was deleted");
    let total = &plain.total.usage;
    assert!(total.requests == calls && total.cached >= hits, "{} requests, {} cached", total.requests, total.cached);
    assert!(hits > calls / 10 && total.errors > 100, "{hits} hits, {} errors: the mix is poor", total.errors);
    for by in [json!([]), json!(["metadata.customer"]), json!(["model"]), json!(["provider", "metadata.customer"])] {
        let bill = report(json!({"by": by, "lines": ["model"]}));
        let lines: Vec<_> = bill.customers.iter().flat_map(|customer| customer.lines.clone()).collect();
        assert_eq!(sum(&lines, |line| Some(line.usage.requests)), calls, "{by}");
        assert_eq!(
            sum(&lines, |line| line.usage.tokens_in),
            noted.values().map(|own| own.tokens_in).sum::<u64>(),
            "{by}"
        );
        assert_eq!(
            sum(&lines, |line| line.usage.tokens_out),
            noted.values().map(|own| own.tokens_out).sum::<u64>(),
            "{by}"
        );
        assert_eq!(
            sum(&lines, |line| Some(line.usage.attempts)),
            noted.values().map(|own| own.reached).sum::<u64>(),
            "{by}"
        );
        let cost: i64 = lines.iter().filter_map(|line| line.usage.cost_nano_usd).sum();
        assert_eq!(Some(cost), bill.total.usage.cost_nano_usd, "{by}");
        assert_eq!(bill.total.charge_nano_usd, Some(cost));
        assert_eq!(bill.total.usage, *total, "{by}");
    }
    // The same from its rows, each by the definition of its price.
    let database = rusqlite::Connection::open(folder.path("log.db")).expect("the log is there");
    let mut rows =
        database.prepare("SELECT model, tokens_in, tokens_out, cost_nano_usd, saved_nano_usd FROM log").expect("a log");
    let mut rows = rows.query([]).expect("a log");
    let mut saved = 0;
    while let Some(row) = rows.next().expect("a log") {
        let (model, input, output): (String, Option<i64>, Option<i64>) =
            (row.get(0).expect("a text"), row.get(1).expect("a number"), row.get(2).expect("a number"));
        let own: Option<i64> = row.get(3).expect("a number");
        saved += row.get::<_, Option<i64>>(4).expect("a number").unwrap_or(0);
        if let (Some(input), Some(output)) = (input, output) {
            assert_eq!(own.map(i128::from), Some(cost(&model, input, output)));
            costs += cost(&model, input, output);
        }
    }
    assert_eq!(plain.total.usage.cost_nano_usd.map(i128::from), Some(costs));
    assert_eq!(plain.total.usage.saved_nano_usd, Some(saved));
}

#[test]
fn a_bill_is_a_document_too() {
    let (folder, provider) = (Folder::new(), Arc::new(Provider::default()));
    let gateway = open(&folder, &provider);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    runtime.block_on(async {
        for (number, customer) in ["=HYPERLINK(\"x\")", "<b>bold</b> & co", "plain, with a comma"].iter().enumerate() {
            let mut request = call(number as u64 + 1);
            let metadata = json!({"customer": customer}).to_string();
            request.headers.insert("cf-aig-metadata", metadata.parse().expect("a value"));
            gateway.handle(request).await.expect("it is open");
        }
        let text = async |format: &str| {
            let query = json!({"by": "metadata.customer", "format": format, "markup_percent": 20});
            gateway.bill(&query).await.expect("the query is sound").text.expect("a format was asked for")
        };
        let csv = text("csv").await;
        assert!(csv.starts_with("metadata.customer,provider,model,requests,attempts,"), "{csv}");
        assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\",openai,"), "a formula stays text: {csv}");
        assert!(csv.contains("\"plain, with a comma\",openai,"), "{csv}");
        assert!(csv.lines().all(|line| !line.is_empty()) && csv.ends_with("\r\n"));
        let html = text("html").await;
        assert!(html.contains("&lt;b&gt;bold&lt;/b&gt; &amp; co") && !html.contains("<b>bold"), "{html}");
        assert_eq!(html.matches("<section>").count(), 3, "a page for each");
    });
}

#[test]
fn a_bill_says_when_logs_of_its_period_are_gone() {
    let (folder, provider) = (Folder::new(), Arc::new(Provider::default()));
    let gateway = open(&folder, &provider);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made");
    runtime.block_on(async {
        gateway.handle(call(1)).await.expect("it is open");
        assert!(gateway.bill(&json!({})).await.expect("a bill").complete);
        gateway.delete_logs(&json!({})).await.expect("it is open");
        assert!(!gateway.bill(&json!({})).await.expect("a bill").complete);
        let later = json!({"since": "2026-06-01", "until": "2026-07-01"});
        assert!(gateway.bill(&later).await.expect("a bill").complete, "they were older");
    });
}
