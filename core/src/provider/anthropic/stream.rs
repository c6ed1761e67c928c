//! Anthropic's event stream as OpenAI's chunks.
//! Format: <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use super::super::translate::StreamDecoder;
use super::chunks::Chunks;
use super::error;
use super::wire::{Delta, Event, Failure};
use crate::error::{Error, ErrorKind};
use crate::sse::Parser;

/// The decoder of one answer.
pub(super) struct Decoder {
    parser: Parser,
    chunks: Chunks,
    progress: Progress,
}

enum Progress {
    Open,
    Complete,
    Failed(Error),
}

/// Why a stream cannot go on.
pub(super) enum Fault {
    /// The provider says so.
    Reported(Failure),
    /// It is not what the provider documents.
    Broken(&'static str),
    /// It is more than can be held.
    TooLarge(&'static str),
}

impl Decoder {
    /// `created_s` is in Unix seconds.
    pub(super) fn new(created_s: u64, include_usage: bool) -> Self {
        Self { parser: Parser::default(), chunks: Chunks::new(created_s, include_usage), progress: Progress::Open }
    }

    fn fail(&mut self, fault: Fault, out: &mut Vec<u8>) {
        if matches!(self.progress, Progress::Open) {
            self.progress = Progress::Failed(fault.tell(out));
        }
    }

    fn outcome(&self) -> Result<(), Error> {
        match &self.progress {
            Progress::Failed(error) => Err(error.clone()),
            Progress::Open | Progress::Complete => Ok(()),
        }
    }
}

impl StreamDecoder for Decoder {
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let Self { parser, chunks, progress } = self;
        let fed = parser.feed(chunk, |event| {
            if matches!(progress, Progress::Open) {
                *progress = take(chunks, &event.data, out).unwrap_or_else(|fault| Progress::Failed(fault.tell(out)));
            }
        });
        if fed.is_err() {
            self.fail(Fault::TooLarge("an event of the answer is too long"), out);
        }
        self.outcome()
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.fail(Fault::Broken("the answer ended before its message_stop event"), out);
        self.outcome()
    }
}

/// Turns one event into the chunks it stands for.
fn take(chunks: &mut Chunks, data: &str, out: &mut Vec<u8>) -> Result<Progress, Fault> {
    const INCOMPLETE: Fault = Fault::Broken("an event of the answer lacks what its type needs");
    let event: Event<'_> =
        serde_json::from_str(data).map_err(|_| Fault::Broken("an event of the answer is not one of Anthropic's"))?;
    let index = event.index.ok_or(INCOMPLETE);
    match event.kind.as_str() {
        "message_start" => chunks.start(&event.message.ok_or(INCOMPLETE)?, out)?,
        "content_block_start" => chunks.open_block(index?, event.content_block.ok_or(INCOMPLETE)?, out)?,
        "content_block_delta" => chunks.grow_block(index?, &event.delta.ok_or(INCOMPLETE)?, out)?,
        "content_block_stop" => chunks.close_block(index?, out)?,
        "message_delta" => {
            chunks.update_usage(event.usage.unwrap_or_default());
            let Delta { stop_reason, stop_details, .. } = event.delta.ok_or(INCOMPLETE)?;
            chunks.will_end(stop_reason.as_deref(), stop_details.and_then(|details| details.explanation), out)?;
        }
        "message_stop" => {
            chunks.end(out)?;
            return Ok(Progress::Complete);
        }
        "error" => return Err(Fault::Reported(event.error.ok_or(INCOMPLETE)?)),
        // `ping`, and whatever comes to be: the streaming page asks clients to pass over events they do not know.
        _ => {}
    }
    Ok(Progress::Open)
}

impl Fault {
    /// Ends the caller's stream with an error event and gives the same as an error.
    fn tell(self, out: &mut Vec<u8>) -> Error {
        match self {
            Self::Reported(failure) => error::reported(&failure, out),
            Self::Broken(message) => error::broken(ErrorKind::Broken, message, out),
            Self::TooLarge(message) => error::broken(ErrorKind::TooLarge, message, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"{"type":"message_start","message":{"id":"m","model":"c","content":[],"usage":{}}}"#;
    const THINK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;

    fn decode(events: &[&str]) -> (Result<(), Error>, String) {
        let (mut decoder, mut out) = (Decoder::new(0, false), Vec::new());
        for event in events {
            let _ = decoder.feed(format!("data: {event}\n\n").as_bytes(), &mut out);
        }
        (decoder.end(&mut out), String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_anthropic_does_not_document_is_broken() {
        let tool = |block: &str| format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
        let cases: [&[&str]; 11] = [
            &[],
            &["not json"],
            &["{}"],
            &[r#"{"type":"message_start"}"#],
            &[STOP],
            &[THINK],
            &[START, STOP],
            &[START, r#"{"type":"content_block_start","index":0}"#],
            &[START, &tool(r#"{"type":"tool_use","id":"t"}"#)],
            &[START, r#"{"type":"content_block_delta","index":1,"delta":{"text":"x"}}"#],
            &[START, THINK, r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, STOP],
        ];
        for events in cases {
            let (ended, out) = decode(events);
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Broken, "{events:?}");
            assert!(out.ends_with("\"code\":\"broken\"}}\n\n") && out.matches("error").count() == 2, "{out}");
        }
    }

    #[test]
    fn nothing_follows_the_end() {
        let ended = r#"{"type":"message_delta","delta":{"stop_reason":"a_new_reason"}}"#;
        let (outcome, out) = decode(&[START, ended, STOP, START, r#"{"type":"error"}"#]);
        assert!(outcome.is_ok() && out.contains(r#""finish_reason":"stop""#) && out.ends_with("data: [DONE]\n\n"));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let thought = "x".repeat(1 << 20);
        let grow = format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"thinking":"{thought}"}}}}"#);
        let mut events = vec![START, THINK];
        events.extend([grow.as_str(); 9]);
        assert_eq!(decode(&events).0.unwrap_err().kind(), ErrorKind::TooLarge);
        events.truncate(10);
        assert_eq!(decode(&events).0.unwrap_err().kind(), ErrorKind::Broken);
        let block = format!(r#"{{"type":"redacted_thinking","data":"{}"}}"#, thought.repeat(5));
        let redacted = format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
        assert_eq!(decode(&[START, &redacted, &redacted]).0.unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn what_a_block_begins_with_is_passed_on() {
        let start =
            |index, block| format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
        let text = start(0, r#"{"type":"text","text":"early"}"#);
        let tool = start(1, r#"{"type":"tool_use","id":"t","name":"n","input":{"a":1}}"#);
        let (_, out) = decode(&[START, &text, &tool, r#"{"type":"content_block_stop","index":1}"#]);
        assert!(out.contains(r#"{"content":"early"}"#) && out.contains(r#""arguments":"{\"a\":1}""#), "{out}");
        assert!(!out.contains(r#""arguments":"{}""#), "{out}");
    }

    #[test]
    fn an_endless_line_is_too_large() {
        let (mut decoder, mut out) = (Decoder::new(0, false), Vec::new());
        assert_eq!(decoder.feed(&vec![b'x'; 9 << 20], &mut out).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(decoder.feed(b"data: {}", &mut out).unwrap_err().kind(), ErrorKind::TooLarge);
        assert!(out.starts_with(b"data: {\"error\":"));
    }
}
