//! A provider that answers by script, without a network.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::{Clock, Sleep};
use crate::error::{Error, ErrorKind};
use crate::eventstream;
use crate::record::AttemptState;
use crate::transport::{Sending, Transport, TransportError, UpstreamRequest, UpstreamResponse};

/// One answer of the script. Exactly one of `json`, `text`, `sse`, `frames` and `chunks` makes the body; without any it is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The status; 200 without it.
    pub status: Option<u16>,
    /// Headers; `content-type` follows the kind of body if it is not named.
    pub headers: BTreeMap<String, String>,
    /// A JSON body.
    pub json: Option<Value>,
    /// A body as it is.
    pub text: Option<String>,
    /// Events: a text or object becomes a `data:` line; `{"event": …, "data": …}` a named event. Each is one chunk.
    pub sse: Option<Vec<Value>>,
    /// AWS's binary events: each `{"event": …, "data": …}` is one message and one chunk. An event whose name ends in
    /// `Exception` is one.
    pub frames: Option<Vec<Value>>,
    /// Chunks as they are.
    pub chunks: Option<Vec<String>>,
    /// Before the head of the answer, in milliseconds.
    pub delay_ms: u64,
    /// Before each chunk, in milliseconds.
    pub chunk_delay_ms: u64,
    /// `connect`: nobody listens. `reset`: the connection breaks before an answer. `cut`: it breaks after the body given.
    pub fail: Option<String>,
}

/// A transport that answers by script and remembers what it was asked.
#[derive(Clone)]
pub struct Scripted {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    steps: VecDeque<Step>,
    calls: Vec<Call>,
}

struct Call {
    request: UpstreamRequest,
    finished: bool,
}

impl Scripted {
    /// A provider that gives `steps` in order, one to each call.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, steps: Vec<Step>) -> Self {
        Self { clock, state: Arc::new(Mutex::new(State { steps: steps.into(), calls: Vec::new() })) }
    }

    /// What was asked so far: `[{method, url, headers, body, json, finished}]`; `finished` tells whether the answer was
    /// read to its end.
    #[must_use]
    pub fn calls(&self) -> Value {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = state.calls.iter().map(|call| {
            let headers: BTreeMap<_, _> = call
                .request
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
                .collect();
            json!({
                "method": call.request.method.as_str(),
                "url": call.request.url,
                "headers": headers,
                "body": String::from_utf8_lossy(&call.request.body),
                "json": serde_json::from_slice::<Value>(&call.request.body).ok(),
                "finished": call.finished,
            })
        });
        Value::Array(calls.collect())
    }

    fn begin(&self, request: UpstreamRequest) -> (usize, Option<Step>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls.push(Call { request, finished: false });
        (state.calls.len() - 1, state.steps.pop_front())
    }

    fn finish(&self, call: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).calls[call].finished = true;
    }
}

impl Transport for Scripted {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        Box::pin(async move {
            let (call, step) = self.begin(request);
            let Some(step) = step else {
                return Err(failed(AttemptState::NotSent, ErrorKind::Connect, "the script has no more answers"));
            };
            if step.delay_ms > 0 {
                self.clock.sleep(Duration::from_millis(step.delay_ms)).await;
            }
            match step.fail.as_deref() {
                Some("connect") => return Err(failed(AttemptState::NotSent, ErrorKind::Connect, "connection refused")),
                Some("reset") => {
                    return Err(failed(AttemptState::MaybeProcessed, ErrorKind::Broken, "connection reset"));
                }
                _ => {}
            }
            let status = StatusCode::from_u16(step.status.unwrap_or(200)).unwrap_or(StatusCode::OK);
            let (kind, chunks) = body(&step);
            let mut headers = head(&step.headers);
            if let Some(kind) = kind {
                headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
            }
            let chunks = Paced {
                script: self.clone(),
                call,
                chunks: chunks.into(),
                delay: Duration::from_millis(step.chunk_delay_ms),
                timer: None,
                cut: step.fail.as_deref() == Some("cut"),
            };
            Ok(UpstreamResponse { status, headers, body: Box::pin(chunks) })
        })
    }
}

fn failed(state: AttemptState, kind: ErrorKind, message: &str) -> TransportError {
    TransportError { state, error: Error::new(kind, message) }
}

fn head(headers: &BTreeMap<String, String>) -> HeaderMap {
    let pair = |(name, value): (&String, &String)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    };
    headers.iter().filter_map(pair).collect()
}

fn body(step: &Step) -> (Option<&'static str>, Vec<Bytes>) {
    if let Some(json) = &step.json {
        return (Some("application/json"), vec![json.to_string().into()]);
    }
    if let Some(text) = &step.text {
        return (Some("text/plain"), vec![text.clone().into()]);
    }
    if let Some(events) = &step.sse {
        return (Some("text/event-stream"), events.iter().map(event).collect());
    }
    if let Some(frames) = &step.frames {
        return (Some("application/vnd.amazon.eventstream"), frames.iter().map(frame).collect());
    }
    (None, step.chunks.iter().flatten().map(|chunk| Bytes::from(chunk.clone())).collect())
}

fn event(event: &Value) -> Bytes {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (event.get("event"), event.get("data")) {
        (Some(name), Some(data)) => format!("event: {}\ndata: {}\n\n", text(name), text(data)).into(),
        _ => format!("data: {}\n\n", text(event)).into(),
    }
}

fn frame(frame: &Value) -> Bytes {
    let name = frame["event"].as_str().unwrap_or_default();
    eventstream::message(name, frame["data"].to_string().as_bytes()).into()
}

struct Paced {
    script: Scripted,
    call: usize,
    chunks: VecDeque<Bytes>,
    delay: Duration,
    timer: Option<Sleep>,
    cut: bool,
}

impl Stream for Paced {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.chunks.is_empty() {
            if std::mem::take(&mut self.cut) {
                return Poll::Ready(Some(Err(Error::new(ErrorKind::Broken, "the connection broke"))));
            }
            self.script.finish(self.call);
            return Poll::Ready(None);
        }
        if !self.delay.is_zero() {
            let (clock, delay) = (self.script.clock.clone(), self.delay);
            let timer = self.timer.get_or_insert_with(|| clock.sleep(delay));
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
        }
        Poll::Ready(self.chunks.pop_front().map(Ok))
    }
}
