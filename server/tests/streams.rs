//! Streams: chunk by chunk, and never an end that the provider did not send.

mod common;

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use common::Call;
use futures_core::Stream;
use serde_json::json;
use tokio::sync::mpsc;
use tollhouse::{Error, ErrorKind, Sending, Transport, UpstreamRequest, UpstreamResponse};
use tollhouse_server::Loopback;

type Chunk = Result<Bytes, Error>;

/// A provider whose one answer is what the test sends, when the test sends it.
struct Gate(Mutex<Option<Chunks>>);

struct Chunks(mpsc::UnboundedReceiver<Chunk>);

impl Transport for Gate {
    fn send(&self, _: UpstreamRequest) -> Sending<'_> {
        let chunks = self.0.lock().unwrap().take().expect("these tests call once");
        let headers = [("content-type", "text/event-stream")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let answer = UpstreamResponse {
            status: axum::http::StatusCode::OK,
            headers: headers.into_iter().collect(),
            body: Box::pin(chunks),
        };
        Box::pin(async { Ok(answer) })
    }
}

impl Stream for Chunks {
    type Item = Chunk;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Chunk>> {
        self.0.poll_recv(cx)
    }
}

/// A call whose answer has begun, and the end by which the test sends its chunks.
fn begin() -> (Loopback, Call, mpsc::UnboundedSender<Chunk>) {
    let (chunks, receiver) = mpsc::unbounded_channel();
    let gate = Gate(Mutex::new(Some(Chunks(receiver))));
    let loopback = Loopback::new(common::gateway(&json!({}), Arc::new(gate)));
    let url = format!("{}/chat/completions", loopback.get_url(Some("openai")).unwrap());
    let call = Call::post(&url, &json!({"model": "gpt-4o-mini", "stream": true}));
    assert_eq!((call.status, call.header("content-type")), (200, Some("text/event-stream")));
    (loopback, call, chunks)
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

#[test]
fn a_chunk_arrives_before_the_next_is_sent() {
    let (_loopback, mut call, chunks) = begin();
    for data in ["{\"choices\":[]}", "{\"choices\":[{\"index\":0}]}", "[DONE]"] {
        chunks.send(Ok(event(data).into())).unwrap();
        assert_eq!(call.chunk().unwrap(), Some(event(data)));
    }
    drop(chunks);
    assert_eq!(call.chunk().unwrap(), None);
}

#[test]
fn an_answer_that_breaks_off_has_no_end() {
    let (_loopback, mut call, chunks) = begin();
    chunks.send(Ok(event("{\"choices\":[]}").into())).unwrap();
    assert_eq!(call.chunk().unwrap(), Some(event("{\"choices\":[]}")));
    chunks.send(Err(Error::new(ErrorKind::Broken, "the connection broke"))).unwrap();
    assert!(call.chunk().is_err());
}

#[test]
fn a_caller_that_goes_away_cancels_the_call() {
    let (_loopback, mut call, chunks) = begin();
    chunks.send(Ok(event("{\"choices\":[]}").into())).unwrap();
    call.chunk().unwrap();
    drop(call);
    assert!(is_dropped(&chunks), "the answer is still being read");
}

#[test]
fn a_server_that_stops_cancels_its_calls() {
    let (loopback, mut call, chunks) = begin();
    loopback.stop();
    assert!(is_dropped(&chunks), "the answer is still being read");
    assert!(call.chunk().is_err());
}

/// Waits until nobody reads the provider's answer any more; the time is only for a test that has failed.
fn is_dropped(chunks: &mpsc::UnboundedSender<Chunk>) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), chunks.closed()).await.is_ok() })
}
