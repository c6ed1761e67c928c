//! Providers that answer in this process, and keys that somebody brings when they are needed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tollhouse::testing::{ManualClock, Scripted, Step};
use tollhouse::{
    Asking, AttemptState, Body, Config, Error, ErrorKind, Gateway, Key, KeySource, Request, Response, Secret, Sending,
    Transport, TransportError, UpstreamRequest, UpstreamResponse,
};

/// A model on the device: it says where it was called, or fails.
struct Device(Option<ErrorKind>);

impl Transport for Device {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        Box::pin(async move {
            if let Some(kind) = self.0 {
                let error = Error::new(kind, "the model is not downloaded");
                return Err(TransportError { state: AttemptState::NotSent, error });
            }
            let text = json!({"choices": [{"message": {"content": request.url}}]}).to_string();
            let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, "application/json".parse().unwrap())]);
            Ok(UpstreamResponse { status: StatusCode::OK, headers, body: Box::pin(Body::full(text)) })
        })
    }
}

fn scripted(clock: &ManualClock, script: Value) -> Scripted {
    let steps: Vec<Step> = serde_json::from_value(script).expect("a script");
    Scripted::new(Arc::new(clock.clone()), steps)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made").block_on(future)
}

fn text(response: Response) -> String {
    String::from_utf8(wait(response.body.bytes(1 << 20)).expect("a whole answer").to_vec()).expect("text")
}

fn entries() -> Value {
    let entry = |provider| json!({"provider": provider, "endpoint": "chat/completions", "query": {"messages": []}});
    json!([entry("openai"), entry("custom-device")])
}

#[test]
fn a_hosted_provider_is_a_target_like_any_other() {
    let config = Config::from_json(r#"{"cache": {"ttl": "1h"}}"#).unwrap();
    let gateway = Gateway::builder(config).provider("device", Arc::new(Device(None))).build().unwrap();
    let answer = wait(gateway.chat("custom-device/small", &json!("hi"), &json!({}))).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cf-aig-cache-status"], "MISS");
    assert!(text(answer).contains("host://device/chat/completions"));
    let again = wait(gateway.chat("custom-device/small", &json!("hi"), &json!({}))).unwrap();
    assert_eq!(again.headers["cf-aig-cache-status"], "HIT");
    let logs = wait(gateway.logs(&json!({}))).unwrap();
    assert_eq!(serde_json::to_value(&logs).unwrap()["logs"][0]["provider"], "custom-device");
}

#[test]
fn it_answers_when_the_network_does_not() {
    let clock = ManualClock::at(1_767_269_340_000_000);
    let upstream = scripted(&clock, json!([{"fail": "connect"}]));
    let gateway = Gateway::builder(Config::default())
        .environment(|_| None)
        .transport(Arc::new(upstream.clone()))
        .provider("device", Arc::new(Device(None)))
        .build()
        .unwrap();
    let answer = wait(gateway.run(&entries(), &json!({}))).unwrap();
    assert_eq!((answer.status.as_u16(), &answer.headers["cf-aig-step"]), (200, &"1".parse().unwrap()));
    assert_eq!(upstream.calls().as_array().unwrap().len(), 1, "the hosted provider is not called over the transport");
}

#[test]
fn its_failure_is_an_answer() {
    let gateway = Gateway::builder(Config::default())
        .provider("device", Arc::new(Device(Some(ErrorKind::Connect))))
        .build()
        .unwrap();
    let answer = wait(gateway.chat("custom-device/small", &json!("hi"), &json!({}))).unwrap();
    assert_eq!(answer.status, 502);
    assert_eq!(answer.failure.as_ref().map(Error::kind), Some(ErrorKind::Connect));
    assert!(text(answer).contains("the model is not downloaded"));
}

#[test]
fn a_known_provider_can_be_hosted_too() {
    let gateway = Gateway::builder(Config::default()).provider("openai", Arc::new(Device(None))).build().unwrap();
    let answer = wait(gateway.handle(Request::post("/openai/chat/completions", &json!({"messages": []})))).unwrap();
    assert!(text(answer).contains("https://api.openai.com/v1/chat/completions"));
}

#[test]
fn a_name_that_cannot_stand_in_a_path_is_refused() {
    for name in ["", "My Device", "a/b"] {
        let error = Gateway::builder(Config::default()).provider(name, Arc::new(Device(None))).build().unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(format!("providers.{name}").as_str())));
    }
    let config = Config::from_json(r#"{"providers": {"custom-device": {"base_url": "http://h"}}}"#).unwrap();
    let error = Gateway::builder(config).provider("device", Arc::new(Device(None))).build().unwrap_err();
    assert!(error.to_string().contains("the same provider"), "{error}");
}

/// Gives `key-1`, `key-2` … and remembers for whom.
#[derive(Default)]
struct Broker {
    asked: Mutex<Vec<String>>,
    lifetime: Option<Duration>,
    number: AtomicUsize,
}

impl KeySource for Broker {
    fn key<'a>(&'a self, provider: &'a str) -> Asking<'a> {
        self.asked.lock().unwrap().push(provider.to_owned());
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let lifetime = self.lifetime;
        Box::pin(async move {
            tokio::task::yield_now().await;
            match provider {
                "groq" => Ok(None),
                "perplexity-ai" => std::future::pending().await,
                "mistral" => Err(Error::new(ErrorKind::Broken, "signed out")),
                "deepseek" => Ok(Some(Key { secret: Secret::new("two\nlines"), lifetime })),
                _ => Ok(Some(Key { secret: Secret::new(format!("key-{number}")), lifetime })),
            }
        })
    }
}

struct Brokered {
    gateway: Gateway,
    clock: ManualClock,
    upstream: Scripted,
    broker: Arc<Broker>,
}

fn brokered(lifetime: Option<Duration>, script: Value) -> Brokered {
    let clock = ManualClock::at(1_767_269_340_000_000);
    let upstream = scripted(&clock, script);
    let broker = Arc::new(Broker { lifetime, ..Broker::default() });
    let config = Config::from_json(r#"{"providers": {"cohere": {"key": "stored"}}}"#).unwrap();
    let gateway = Gateway::builder(config)
        .environment(|_| None)
        .clock(Arc::new(clock.clone()))
        .transport(Arc::new(upstream.clone()))
        .provider("device", Arc::new(Device(None)))
        .keys(broker.clone())
        .build()
        .unwrap();
    Brokered { gateway, clock, upstream, broker }
}

impl Brokered {
    fn get(&self, target: &str) -> Response {
        wait(self.gateway.handle(Request::new(http::Method::GET, target))).unwrap()
    }

    fn sent(&self, header: &str) -> Vec<Value> {
        self.upstream.calls().as_array().unwrap().iter().map(|call| call["headers"][header].clone()).collect()
    }
}

fn good(count: usize) -> Value {
    vec![json!({"json": {}}); count].into()
}

#[test]
fn a_key_is_asked_for_where_there_is_none() {
    let test = brokered(None, good(4));
    test.get("/openai/models");
    test.get("/cohere/models");
    test.get("/groq/models");
    wait(test.gateway.chat("anthropic/claude-haiku-4-5", &json!("hi"), &json!({}))).unwrap();
    wait(test.gateway.chat("custom-device/small", &json!("hi"), &json!({}))).unwrap();
    assert_eq!(*test.broker.asked.lock().unwrap(), ["openai", "groq", "anthropic"]);
    assert_eq!(test.sent("authorization"), [json!("Bearer key-1"), json!("Bearer stored"), Value::Null, Value::Null]);
    assert_eq!(test.sent("x-api-key")[3], "key-3");
}

#[test]
fn an_address_that_a_caller_made_up_gets_no_key() {
    let test = brokered(None, good(1));
    test.get("https://elsewhere.example/v1/models");
    assert!(test.broker.asked.lock().unwrap().is_empty());
    assert_eq!(test.sent("authorization"), [Value::Null]);
}

#[test]
fn a_key_is_kept_for_its_lifetime() {
    let test = brokered(Some(Duration::from_mins(1)), good(3));
    test.get("/openai/models");
    test.clock.advance(Duration::from_secs(49));
    test.get("/openai/models");
    test.clock.advance(Duration::from_secs(1));
    test.get("/openai/models");
    assert_eq!(test.sent("authorization"), ["Bearer key-1", "Bearer key-1", "Bearer key-2"]);
}

#[test]
fn calls_that_come_together_ask_once() {
    let test = brokered(Some(Duration::from_mins(1)), good(8));
    wait(async {
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let gateway = test.gateway.clone();
                async move { gateway.handle(Request::new(http::Method::GET, "/openai/models")).await }
            })
            .map(tokio::spawn)
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().status, 200);
        }
    });
    assert_eq!(test.broker.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_source_that_does_not_answer_is_not_waited_for() {
    let test = brokered(None, good(1));
    let answer = test.get("/perplexity-ai/models");
    assert_eq!(answer.status, 502);
    assert!(text(answer).contains("did not answer within 30 s"));
}

#[test]
fn keys_that_cannot_be_kept_are_asked_for_side_by_side() {
    let test = brokered(Some(Duration::from_secs(5)), good(3));
    for _ in 0..3 {
        test.get("/openai/models");
    }
    assert_eq!(test.sent("authorization"), ["Bearer key-1", "Bearer key-2", "Bearer key-3"]);
}

#[test]
fn a_key_that_was_refused_is_not_used_again() {
    let test = brokered(Some(Duration::from_mins(1)), json!([{"status": 401, "json": {}}, {"json": {}}]));
    assert_eq!(test.get("/openai/models").status, 401);
    assert_eq!(test.get("/openai/models").status, 200);
    assert_eq!(test.sent("authorization"), ["Bearer key-1", "Bearer key-2"]);
}

#[test]
fn a_source_that_fails_sends_nothing_and_says_why() {
    let test = brokered(None, good(1));
    for (provider, reason) in [("mistral", "signed out"), ("deepseek", "a header cannot carry")] {
        let answer = test.get(&format!("/{provider}/models"));
        assert_eq!(answer.status, 502);
        assert_eq!(answer.failure.as_ref().map(Error::kind), Some(ErrorKind::Connect));
        let told = text(answer);
        assert!(told.contains(reason) && told.contains("Nothing was sent") && !told.contains("two"), "{told}");
    }
    assert_eq!(test.upstream.calls(), json!([]));
    let answer = wait(test.gateway.run(
        &json!([{"provider": "mistral", "endpoint": "models", "query": {}}, {"provider": "openai", "endpoint": "models", "query": {}}]),
        &json!({}),
    ));
    assert_eq!(answer.unwrap().headers["cf-aig-step"], "1", "a fallback goes on");
}
