//! The beginning of a stream, held back until so much of it has come that it is likely to go on: until then a break is a
//! failed try, and not an error in the caller's hands.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use serde_json::Value;

use super::answer::next;
use crate::account::Meter;
use crate::error::{Error, ErrorKind};
use crate::message::ByteStream;
use crate::sse::{Event, Parser};
use crate::usage::Format;

/// Whatever comes, no more than this is held.
const MAX_HELD_BYTES: usize = 1 << 20;

/// `stream`, once `pieces` of text have come, or all of it. An error if it breaks before, or ends without its marker where
/// `marks_end` says that it has one.
pub(super) async fn back(
    mut stream: ByteStream,
    format: Format,
    marks_end: bool,
    pieces: u16,
) -> Result<ByteStream, Error> {
    let (mut meter, mut parser) = (Meter::new(format, marks_end), Parser::default());
    let (mut held, mut bytes, mut seen) = (VecDeque::new(), 0, 0);
    while seen < pieces && bytes < MAX_HELD_BYTES {
        let Some(chunk) = next(&mut stream).await.transpose()? else {
            if meter.finish().complete == Some(false) {
                let message = "the provider closed the stream before its end marker, while its beginning was held back";
                return Err(Error::new(ErrorKind::Broken, message));
            }
            // A stream need not bear to be asked again.
            return Ok(Box::pin(Held { chunks: held, rest: None }));
        };
        meter.feed(&chunk);
        let fed = parser.feed(&chunk, |event| seen = seen.saturating_add(u16::from(has_text(event))));
        bytes += chunk.len();
        held.push_back(chunk);
        if fed.is_err() {
            break;
        }
    }
    Ok(Box::pin(Held { chunks: held, rest: Some(stream) }))
}

/// Whether an event shows the caller something: text, a call of a tool, reasoning, in any of the formats.
fn has_text(event: &Event) -> bool {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let delta = &data["choices"][0]["delta"];
    let openai = ["content", "reasoning", "reasoning_content", "refusal", "tool_calls"].map(|key| &delta[key]);
    let others = [&data["delta"], &data["candidates"][0]["content"]["parts"], &data["response"]];
    let shows = |value: &&Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        // Anthropic's last delta, and the whole response that OpenAI's events carry, are no text.
        Value::Object(fields) => !fields.contains_key("stop_reason") && !fields.contains_key("object"),
        _ => true,
    };
    openai.iter().chain(&others).any(shows)
}

struct Held {
    chunks: VecDeque<Bytes>,
    rest: Option<ByteStream>,
}

impl Stream for Held {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        match &mut self.rest {
            Some(rest) => rest.as_mut().poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}
