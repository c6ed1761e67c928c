//! A provider's answer, read as far as the road needs: whole where it is small, as a stream where it is one.

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::hold;
use super::prepare::Reading;
use crate::account::{Meter, read_answer};
use crate::config::Broken;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::exchange::Exchange;
use crate::headers::{self, REFRAMED, response as name};
use crate::message::ByteStream;
use crate::provider::StreamDecoder;
use crate::record::AttemptState;
use crate::route::UnderWay;
use crate::stage::Stage;
use crate::transport::{TransportError, UpstreamResponse};
use crate::usage::Usage;

/// An answer up to this size is read whole before it is passed on, unless it is a stream.
const MAX_WHOLE_BYTES: usize = 25 * 1000 * 1000;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    /// When its head came (monotonic).
    pub(crate) head_us: u64,
}

pub(crate) enum Content {
    Whole { body: Bytes, usage: Option<Usage>, model_served: Option<String> },
    Stream { body: ByteStream, meter: Option<Box<Meter>>, decoder: Option<Box<dyn StreamDecoder>> },
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        self.status.as_u16() < 400
    }

    /// The same, and the call counts as under way until its body was read.
    pub(super) fn accompanied(mut self, under_way: Option<UnderWay>) -> Self {
        if let (Content::Stream { body, .. }, Some(under_way)) = (&mut self.content, under_way) {
            under_way.during(body);
        }
        self
    }

    /// Our own tries were the caller's wish, so its SDK is asked not to multiply them.
    pub(super) fn final_failure(mut self, tries_were_asked: bool) -> Self {
        if tries_were_asked {
            self.headers.insert(name::SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        self
    }
}

pub(super) async fn read(
    engine: &Engine,
    exchange: &Exchange,
    step: usize,
    reading: &Reading,
    response: UpstreamResponse,
) -> Result<Answer, TransportError> {
    let target = &exchange.targets[step];
    let UpstreamResponse { status, mut headers, body } = response;
    let head_us = engine.clock.monotonic_us();
    let created_s = exchange.created_at_us / 1_000_000;
    let format = target.format();
    let kind = headers::media_type(&headers);
    // An error is small, whatever its headers say, and no protocol marks its end.
    let is_good = status.as_u16() < 400;
    let is_events = is_good && kind.as_deref() == Some("text/event-stream") && target.method != Method::HEAD;
    let is_stream = is_events || is_good && !is_small(&headers, kind.as_deref());
    for name in &REFRAMED {
        headers.remove(name);
    }
    add_changes(&mut headers, reading);

    if is_stream {
        let streams = &engine.config.streams;
        let body = match streams.broken {
            Broken::Restart if is_events => hold::back(body, format, target.marks_end(), streams.hold_tokens).await,
            _ => Ok(body),
        };
        let body = body.map_err(|error| TransportError { state: AttemptState::Started, error })?;
        let meter =
            (is_events && engine.stages.on(Stage::Meter)).then(|| Box::new(Meter::new(format, target.marks_end())));
        let decoding = reading.decoding.as_ref().filter(|_| is_events);
        let decoder = decoding.map(|with| with.translation.stream(created_s, with.include_usage));
        return Ok(Answer { status, headers, content: Content::Stream { body, meter, decoder }, head_us });
    }
    let body = match whole(body).await {
        Ok(Whole::All(body)) => body,
        Ok(Whole::TooMuch(_)) if reading.decoding.is_some() => {
            let error = Error::new(ErrorKind::TooLarge, "the answer is over 25 MB: too large to be translated");
            return Err(TransportError { state: AttemptState::Started, error });
        }
        Ok(Whole::TooMuch(body)) => {
            let content = Content::Stream { body, meter: None, decoder: None };
            return Ok(Answer { status, headers, content, head_us });
        }
        Err(error) => return Err(TransportError { state: AttemptState::Started, error }),
    };
    let (usage, model_served) =
        if engine.stages.on(Stage::Account) { read_answer(format, &body) } else { (None, None) };
    let body = match &reading.decoding {
        Some(with) => with
            .translation
            .response(status, &body, created_s)
            .map_err(|error| TransportError { state: AttemptState::Started, error })?,
        None => body,
    };
    Ok(Answer { status, headers, content: Content::Whole { body, usage, model_served }, head_us })
}

fn add_changes(headers: &mut HeaderMap, reading: &Reading) {
    if !reading.changes.is_empty() {
        headers::insert_json(headers, &name::CHANGES, &reading.changes);
    }
}

/// JSON, text and images of a known size are small; sound, files and what has no end in sight are not.
fn is_small(headers: &HeaderMap, kind: Option<&str>) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match length {
        Some(length) => length <= MAX_WHOLE_BYTES && !kind.is_some_and(|kind| kind.starts_with("audio/")),
        None => kind.is_none_or(|kind| kind == "application/json" || kind.ends_with("+json")),
    }
}

enum Whole {
    All(Bytes),
    TooMuch(ByteStream),
}

/// The whole body; or, past the bound, a stream that begins with what was read.
async fn whole(mut body: ByteStream) -> Result<Whole, Error> {
    let Some(first) = next(&mut body).await.transpose()? else {
        return Ok(Whole::All(Bytes::new()));
    };
    let Some(second) = next(&mut body).await.transpose()? else {
        return Ok(Whole::All(first));
    };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    while let Some(chunk) = next(&mut body).await.transpose()? {
        all.extend_from_slice(&chunk);
        if all.len() > MAX_WHOLE_BYTES {
            return Ok(Whole::TooMuch(Box::pin(Resumed { head: Some(all.freeze()), rest: body })));
        }
    }
    Ok(Whole::All(all.freeze()))
}

pub(super) async fn next(body: &mut ByteStream) -> Option<Result<Bytes, Error>> {
    poll_fn(|cx| body.as_mut().poll_next(cx)).await
}

struct Resumed {
    head: Option<Bytes>,
    rest: ByteStream,
}

impl Stream for Resumed {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.head.take() {
            Some(head) => Poll::Ready(Some(Ok(head))),
            None => self.rest.as_mut().poll_next(cx),
        }
    }
}
