//! Anthropic's event stream as OpenAI's chunks.
//! Format: <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use super::super::completion::write_broken;
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
            Self::Broken(message) => write_broken(ErrorKind::Broken, message, out),
            Self::TooLarge(message) => write_broken(ErrorKind::TooLarge, message, out),
        }
    }
}
