//! OpenAI's chunks as the events of Anthropic's stream.
//! Format: <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use super::super::chat::Answer;
use super::super::translate::StreamDecoder;
use super::super::written::Written;
use super::blocks::Blocks;
use super::error::Failure;
use crate::error::{Error, ErrorKind};
use crate::sse::Parser;

/// The teller of one answer.
#[derive(Default)]
pub(super) struct Decoder {
    parser: Parser,
    blocks: Blocks,
    progress: Progress,
}

#[derive(Default)]
enum Progress {
    #[default]
    Open,
    Complete,
    Failed(Error),
}

impl Decoder {
    fn fail(&mut self, kind: ErrorKind, message: &str, out: &mut Vec<u8>) {
        if matches!(self.progress, Progress::Open) {
            self.progress = Progress::Failed(broken(kind, message, out));
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
        let Self { parser, blocks, progress } = self;
        let fed = parser.feed(chunk, |event| {
            if matches!(progress, Progress::Open) {
                *progress = take(blocks, &event.data, out).unwrap_or_else(Progress::Failed);
            }
        });
        if fed.is_err() {
            self.fail(ErrorKind::TooLarge, "an event of the answer is too long", out);
        }
        self.outcome()
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if matches!(self.progress, Progress::Open) {
            // Some servers close the stream without a last `[DONE]`.
            self.progress = match self.blocks.end(out) {
                Ok(()) => Progress::Complete,
                Err(why) => Progress::Failed(broken(ErrorKind::Broken, why, out)),
            };
        }
        self.outcome()
    }
}

/// Turns one chunk into the events that it stands for.
fn take(blocks: &mut Blocks, data: &str, out: &mut Vec<u8>) -> Result<Progress, Error> {
    if data == "[DONE]" {
        return match blocks.end(out) {
            Ok(()) => Ok(Progress::Complete),
            Err(why) => Err(broken(ErrorKind::Broken, why, out)),
        };
    }
    let Ok(answer) = serde_json::from_str::<Answer<'_>>(data) else {
        return Err(broken(ErrorKind::Broken, "a chunk of the answer is not one of OpenAI's", out));
    };
    if let Some(raw) = answer.error {
        write(out, "error", &Failure::read(raw).body(None));
        // What it says may repeat a prompt or a key: the log goes without it.
        return Err(Error::new(ErrorKind::Broken, "the provider broke off its answer; its last event says why"));
    }
    blocks.add(answer, out).map_err(|why| broken(ErrorKind::Broken, why, out))?;
    Ok(Progress::Open)
}

/// Writes the event that ends a stream which is not whole.
fn broken(kind: ErrorKind, message: &str, out: &mut Vec<u8>) -> Error {
    let error = Written::of("api_error").with("message", message).with("code", kind.code());
    write(out, "error", &Written::of("error").with("error", error));
    Error::new(kind, message)
}

/// Writes one event under its name.
pub(super) fn write(out: &mut Vec<u8>, name: &str, event: &Written) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    out.extend_from_slice(&event.to_bytes());
    out.extend_from_slice(b"\n\n");
}
