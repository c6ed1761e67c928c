//! A provider's answer, read as far as the road needs: whole where it is small, as a stream where it is one.

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, Method, header};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::hold;
use super::prepare::Reading;
use crate::account::{Meter, read_answer};
use crate::answer::{Answer, Content, Whole};
use crate::config::Broken;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::exchange::Exchange;
use crate::headers::{self, REFRAMED, response as name};
use crate::message::ByteStream;
use crate::provider::Change;
use crate::record::AttemptState;
use crate::stage::Stage;
use crate::transport::{TransportError, UpstreamResponse};
use crate::usage::Format;

/// An answer up to this size is read whole before it is passed on, unless it is a stream.
const MAX_WHOLE_BYTES: usize = 25 * 1000 * 1000;

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
    let is_sse = kind.as_deref() == Some("text/event-stream");
    let is_frames = format == Format::Bedrock && kind.as_deref() == Some("application/vnd.amazon.eventstream");
    let is_events = is_good && (is_sse || is_frames) && target.method != Method::HEAD;
    let is_stream = is_events || is_good && !is_small(&headers, kind.as_deref());
    for name in &REFRAMED {
        headers.remove(name);
    }
    add_changes(&mut headers, reading);

    if is_stream {
        let streams = &engine.config.streams;
        let body = match streams.broken {
            Broken::Restart if is_events && is_sse => {
                hold::back(body, format, target.marks_end(), streams.hold_tokens).await
            }
            _ => Ok(body),
        };
        let body = body.map_err(|error| TransportError { state: AttemptState::Started, error })?;
        let meter =
            (is_events && engine.stages.on(Stage::Meter)).then(|| Box::new(Meter::new(format, target.marks_end())));
        let decoding = reading.decoding.as_ref().filter(|_| is_events);
        let decoder = decoding.map(|with| with.stream(created_s));
        if decoder.is_some() {
            // Whatever the provider frames its events in, all shapes that callers speak have them as lines.
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        }
        return Ok(Answer { status, headers, content: Content::Stream { body, meter, decoder }, head_us });
    }
    let body = match whole(body).await {
        Ok(Read::All(body)) => body,
        Ok(Read::TooMuch(_)) if reading.decoding.is_some() => {
            let error = Error::new(ErrorKind::TooLarge, "the answer is over 25 MB: too large to be translated");
            return Err(TransportError { state: AttemptState::Started, error });
        }
        Ok(Read::TooMuch(body)) => {
            let content = Content::Stream { body, meter: None, decoder: None };
            return Ok(Answer { status, headers, content, head_us });
        }
        Err(error) => return Err(TransportError { state: AttemptState::Started, error }),
    };
    let (usage, model_served) =
        if engine.stages.on(Stage::Account) { read_answer(format, &body) } else { (None, None) };
    let body = match &reading.decoding {
        Some(with) => with
            .whole(status, body, created_s)
            .map_err(|error| TransportError { state: AttemptState::Started, error })?,
        None => body,
    };
    Ok(Answer { status, headers, content: Content::Whole(Whole { body, usage, model_served }), head_us })
}

/// A header is no place for pages: many clients take 16 KiB of them all together.
const MAX_CHANGES: usize = 20;

fn add_changes(headers: &mut HeaderMap, reading: &Reading) {
    let rest = reading.changes.len().saturating_sub(MAX_CHANGES);
    let more = (rest > 0).then(|| Change { path: format!("and {rest} more"), reason: "not listed: too many" });
    let told: Vec<_> = reading.changes.iter().take(MAX_CHANGES).chain(&more).collect();
    if !told.is_empty() {
        headers::insert_json(headers, &name::CHANGES, &told);
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

enum Read {
    All(Bytes),
    TooMuch(ByteStream),
}

/// The whole body; or, past the bound, a stream that begins with what was read.
async fn whole(mut body: ByteStream) -> Result<Read, Error> {
    let Some(first) = next(&mut body).await.transpose()? else {
        return Ok(Read::All(Bytes::new()));
    };
    let Some(second) = next(&mut body).await.transpose()? else {
        return Ok(Read::All(first));
    };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    while let Some(chunk) = next(&mut body).await.transpose()? {
        all.extend_from_slice(&chunk);
        if all.len() > MAX_WHOLE_BYTES {
            return Ok(Read::TooMuch(Box::pin(Resumed { head: Some(all.freeze()), rest: body })));
        }
    }
    Ok(Read::All(all.freeze()))
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
