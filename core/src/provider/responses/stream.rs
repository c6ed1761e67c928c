//! OpenAI's chunks as the events of a streamed response.
//! Format: <https://platform.openai.com/docs/api-reference/responses-streaming>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::chat::Answer;
use super::super::translate::StreamDecoder;
use super::echo::Echo;
use super::items::{Fault, Items};
use crate::error::{Error, ErrorKind};
use crate::sse::Parser;

/// The teller of one answer.
pub(super) struct Decoder {
    parser: Parser,
    items: Items,
    progress: Progress,
}

enum Progress {
    Open,
    Complete,
    Failed(Error),
}

impl Decoder {
    /// `created_s` is in Unix seconds.
    pub(super) fn new(echo: Echo, created_s: u64) -> Self {
        Self { parser: Parser::default(), items: Items::new(echo, created_s), progress: Progress::Open }
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
        let Self { parser, items, progress } = self;
        let fed = parser.feed(chunk, |event| {
            if matches!(progress, Progress::Open) {
                *progress = take(items, &event.data, out).unwrap_or_else(Progress::Failed);
            }
        });
        if fed.is_err() && matches!(self.progress, Progress::Open) {
            let fault = Fault { kind: ErrorKind::TooLarge, message: "an event of the answer is too long" };
            self.progress = Progress::Failed(broken(&mut self.items, &fault, out));
        }
        self.outcome()
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if matches!(self.progress, Progress::Open) {
            // Some servers close the stream without a last `[DONE]`.
            self.progress = end(&mut self.items, out).unwrap_or_else(Progress::Failed);
        }
        self.outcome()
    }
}

/// Turns one chunk into the events that it stands for.
fn take(items: &mut Items, data: &str, out: &mut Vec<u8>) -> Result<Progress, Error> {
    if data == "[DONE]" {
        return end(items, out);
    }
    let Ok(answer) = serde_json::from_str::<Answer<'_>>(data) else {
        return Err(broken(items, &Fault::broken("a chunk of the answer is not one of OpenAI's"), out));
    };
    if let Some(raw) = answer.error {
        let (message, code) = told(raw);
        items.fail(&message, code.as_deref(), out);
        // What it says may repeat a prompt or a key: the log goes without it.
        return Err(Error::new(ErrorKind::Broken, "the provider broke off its answer; its last event says why"));
    }
    items.add(answer, out).map_err(|fault| broken(items, &fault, out))?;
    Ok(Progress::Open)
}

fn end(items: &mut Items, out: &mut Vec<u8>) -> Result<Progress, Error> {
    match items.end(out) {
        Ok(()) => Ok(Progress::Complete),
        Err(fault) => Err(broken(items, &fault, out)),
    }
}

/// Writes the event that ends a stream which is not whole.
fn broken(items: &mut Items, fault: &Fault, out: &mut Vec<u8>) -> Error {
    items.fail(fault.message, Some(fault.kind.code()), out);
    Error::new(fault.kind, fault.message)
}

/// What an error says: an object, or with some servers a text.
fn told(raw: &RawValue) -> (String, Option<String>) {
    #[derive(Deserialize)]
    struct Failure {
        message: Option<String>,
        code: Option<serde_json::Value>,
    }
    let (message, code) = match serde_json::from_str::<Failure>(raw.get()) {
        Ok(Failure { message, code }) => (message, code),
        Err(_) => (serde_json::from_str(raw.get()).ok(), None),
    };
    let code =
        code.filter(|code| !code.is_null()).map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned));
    (message.unwrap_or_else(|| "the provider gave no reason".to_owned()), code)
}
