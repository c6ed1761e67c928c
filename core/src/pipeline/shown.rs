//! What the caller of a chat's stream has seen of it: whole events only, so that another stream can be joined on.

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::sse::Parser;

/// A longer text is not given to another model.
const MAX_TEXT_BYTES: usize = 1 << 20;
/// A longer event is passed on in pieces.
const MAX_EVENT_BYTES: usize = 8 << 20;

#[derive(Default)]
pub(super) struct Shown {
    /// The beginning of an event.
    tail: BytesMut,
    parser: Parser,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    text: String,
    /// Of the first chunk: one answer has one id.
    id: Option<Value>,
    created: Option<Value>,
    /// Whether something was shown that is no text: a call of a tool, a second answer, an error.
    is_more: bool,
    is_finished: bool,
}

impl Shown {
    /// As much of a stream as ends with an event. The rest waits for its end.
    pub(super) fn pass(&mut self, chunk: &Bytes) -> Bytes {
        self.tail.extend_from_slice(chunk);
        let end = match last_end(&self.tail) {
            Some(end) => end,
            None if self.tail.len() > MAX_EVENT_BYTES => self.tail.len(),
            None => return Bytes::new(),
        };
        let whole = self.tail.split_to(end).freeze();
        let seen = &mut self.seen;
        if self.parser.feed(&whole, |event| seen.event(&event.data)).is_err() {
            self.seen.is_more = true;
        }
        whole
    }

    /// What waits, at the end of the stream.
    pub(super) fn rest(&mut self) -> Bytes {
        self.tail.split().freeze()
    }

    /// Lets go of what was not shown, because it will not be ended.
    pub(super) fn cut(&mut self) {
        self.tail.clear();
    }

    pub(super) fn can_be_resumed(&self) -> bool {
        !self.seen.is_more && !self.seen.is_finished && self.seen.text.len() <= MAX_TEXT_BYTES
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.seen.text
    }

    /// The same as the beginning of an answer: Anthropic takes none that ends with a blank.
    pub(super) fn beginning(&self) -> &str {
        self.seen.text.trim_end()
    }

    /// The id and the time of the answer.
    pub(super) fn identity(&self) -> [(&'static str, Option<Value>); 2] {
        [("id", self.seen.id.clone()), ("created", self.seen.created.clone())]
    }
}

impl Seen {
    fn event(&mut self, data: &str) {
        if data == "[DONE]" {
            self.is_finished = true;
            return;
        }
        let chunk: Value = serde_json::from_str(data).unwrap_or_default();
        if self.id.is_none() {
            (self.id, self.created) = (chunk.get("id").cloned(), chunk.get("created").cloned());
        }
        self.is_more |= chunk.get("error").is_some_and(|error| !error.is_null());
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            let delta = &choice["delta"];
            let other = ["tool_calls", "function_call", "refusal", "audio"].iter().any(|key| !delta[*key].is_null());
            self.is_more |= other || choice["index"].as_u64().is_some_and(|index| index > 0);
            self.is_finished |= !choice["finish_reason"].is_null();
            self.text.push_str(delta["content"].as_str().unwrap_or_default());
        }
    }
}

/// Where the last whole event ends: behind an empty line.
fn last_end(bytes: &[u8]) -> Option<usize> {
    let ends = [&b"\n\n"[..], b"\r\n\r\n", b"\r\r"];
    ends.iter().filter_map(|end| memchr::memmem::rfind(bytes, end).map(|at| at + end.len())).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_events_are_shown() {
        let mut shown = Shown::default();
        let pass = |shown: &mut Shown, text: &'static str| shown.pass(&Bytes::from_static(text.as_bytes()));
        assert_eq!(pass(&mut shown, "data: {\"id\":\"a\",\"choices\":[{\"delta\":{\"content\":\"Hel"), "");
        assert_eq!(shown.text(), "");
        assert!(pass(&mut shown, "lo \"}}]}\n\ndata: {\"cho").ends_with(b"}\n\n"));
        assert_eq!((shown.text(), shown.beginning()), ("Hello ", "Hello"));
        assert_eq!(shown.identity()[0].1, Some(Value::from("a")));
        shown.cut();
        assert!(shown.rest().is_empty() && shown.can_be_resumed());
    }

    #[test]
    fn only_plain_text_can_be_resumed() {
        for (data, can_be_resumed) in [
            (r#"{"choices":[{"delta":{"role":"assistant","content":"a","refusal":null}}]}"#, true),
            (r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#, true),
            (r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, false),
            (r#"{"choices":[{"index":1,"delta":{"content":"b"}}]}"#, false),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, false),
            (r#"{"error":{"message":"overloaded"}}"#, false),
            ("[DONE]", false),
        ] {
            let mut shown = Shown::default();
            shown.pass(&Bytes::from(format!("data: {data}\n\n")));
            assert_eq!(shown.can_be_resumed(), can_be_resumed, "{data}");
        }
    }
}
