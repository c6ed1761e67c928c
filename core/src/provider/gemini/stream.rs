//! Gemini's event stream as OpenAI's chunks. It has no end marker: the end is a `finishReason`, then nothing more.
//! Format: `streamGenerateContent` of <https://ai.google.dev/api/generate-content>.

use serde_json::value::{RawValue, to_raw_value};

use super::super::completion::{Chunk, ChunkChoice, Delta, Finish, write_broken, write_event};
use super::super::text::Text;
use super::super::translate::StreamDecoder;
use super::error;
use super::response::{call_id, known, placed, refusal, signed, tool_call};
use super::wire::{Answer, Failure, Part, Usage, finish};
use crate::error::{Error, ErrorKind};
use crate::sse::Parser;

/// What is held until the answer ends needs a bound: no model thinks this much in one answer.
const MAX_HELD_BYTES: usize = 8 << 20;

/// The decoder of one answer.
pub(super) struct Decoder {
    parser: Parser,
    chunks: Chunks,
    failed: Option<Error>,
}

/// Why a stream cannot go on.
enum Fault {
    /// The provider says so.
    Reported(Failure),
    /// It is not what the provider documents.
    Broken(String),
    /// It is more than can be held.
    TooLarge(&'static str),
}

impl Decoder {
    /// `created_s` is in Unix seconds.
    pub(super) fn new(created_s: u64, include_usage: bool) -> Self {
        Self { parser: Parser::default(), chunks: Chunks::new(created_s, include_usage), failed: None }
    }

    fn outcome(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }
}

impl StreamDecoder for Decoder {
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let Self { parser, chunks, failed } = self;
        let fed = parser.feed(chunk, |event| {
            if failed.is_none() {
                *failed = chunks.take(&event.data, out).err().map(|fault| fault.tell(out));
            }
        });
        if fed.is_err() && failed.is_none() {
            *failed = Some(Fault::TooLarge("an event of the answer is too long").tell(out));
        }
        self.outcome()
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.failed.is_none() {
            self.failed = self.chunks.end(out).err().map(|fault| fault.tell(out));
        }
        self.outcome()
    }
}

impl Fault {
    /// Ends the caller's stream with an error event and gives the same as an error.
    fn tell(self, out: &mut Vec<u8>) -> Error {
        match self {
            Self::Reported(failure) => error::reported(&failure, out),
            Self::Broken(message) => write_broken(ErrorKind::Broken, &message, out),
            Self::TooLarge(message) => write_broken(ErrorKind::TooLarge, message, out),
        }
    }
}

/// The answer so far.
struct Chunks {
    created_s: u64,
    include_usage: bool,
    head: Option<Head>,
    has_text: bool,
    calls: usize,
    kept: Vec<Box<RawValue>>,
    held_bytes: usize,
    finish: Option<Finish>,
    usage: Usage,
}

/// What every chunk repeats.
struct Head {
    id: Box<RawValue>,
    model: Box<RawValue>,
}

impl Chunks {
    fn new(created_s: u64, include_usage: bool) -> Self {
        Self {
            created_s,
            include_usage,
            head: None,
            has_text: false,
            calls: 0,
            kept: Vec::new(),
            held_bytes: 0,
            finish: None,
            usage: Usage::default(),
        }
    }

    /// Turns one event into the chunks it stands for.
    fn take(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        let odd = |_| Fault::Broken("an event of the answer is not one of Gemini's".to_owned());
        let answer: Answer<'_> = serde_json::from_str(data).map_err(odd)?;
        if let Some(failure) = answer.error {
            return Err(Fault::Reported(failure));
        }
        self.start(&answer, out);
        self.usage = answer.usage_metadata.unwrap_or(self.usage);
        if let Some(reason) = answer.prompt_feedback.and_then(|feedback| feedback.block_reason) {
            self.finish = Some(Finish::ContentFilter);
            self.write(Delta { refusal: Text::of(&refusal(&reason)), ..Default::default() }, None, out);
        }
        let Some(candidate) = answer.candidates.first() else { return Ok(()) };
        for raw in candidate.content.as_ref().into_iter().flat_map(|content| &content.parts) {
            let part: Part<'_> = serde_json::from_str(raw.get()).map_err(odd)?;
            self.add(&part, raw, answer.response_id, out)?;
        }
        if let Some(reason) = &candidate.finish_reason {
            let ended = finish(reason, self.calls > 0);
            let message = || format!("the model ended its answer with {}; try again", known(reason));
            self.finish = Some(ended.ok_or_else(|| Fault::Broken(message()))?);
        }
        Ok(())
    }

    /// Begins the message with the first event: the role comes first.
    fn start(&mut self, answer: &Answer<'_>, out: &mut Vec<u8>) {
        if self.head.is_some() {
            return;
        }
        let name = |text: Option<Text<'_>>| {
            text.map_or_else(|| to_raw_value("").expect("a string is JSON"), |text| text.raw().to_owned())
        };
        self.head = Some(Head { id: name(answer.response_id), model: name(answer.model_version) });
        self.write(Delta { role: Some("assistant"), ..Default::default() }, None, out);
    }

    fn add(
        &mut self,
        part: &Part<'_>,
        raw: &RawValue,
        answer: Option<Text<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        match (&part.function_call, part.text) {
            (Some(call), _) => {
                let id = call_id(call, answer, self.calls);
                let call = tool_call(Some(self.calls), &id, call, part.thought_signature);
                self.calls += 1;
                self.write(Delta { tool_calls: Some([call]), ..Default::default() }, None, out);
                Ok(())
            }
            (None, Some(text)) if part.thought => {
                self.write(Delta { reasoning_content: Some(text), ..Default::default() }, None, out);
                self.hold(placed(self.place(), raw))
            }
            (None, Some(text)) => {
                if !text.is_empty() {
                    self.has_text = true;
                    self.write(Delta { content: Some(text), ..Default::default() }, None, out);
                }
                match part.thought_signature {
                    Some(signature) => self.hold(signed(self.place(), signature)),
                    None => Ok(()),
                }
            }
            (None, None) => self.hold(placed(self.place(), raw)),
        }
    }

    /// Where the next part stands: all text of an answer is one part.
    fn place(&self) -> usize {
        usize::from(self.has_text) + self.calls + self.kept.len()
    }

    fn hold(&mut self, part: Box<RawValue>) -> Result<(), Fault> {
        self.held_bytes += part.get().len();
        if self.held_bytes > MAX_HELD_BYTES {
            return Err(Fault::TooLarge("the answer's thoughts are too long to be held"));
        }
        self.kept.push(part);
        Ok(())
    }

    /// Ends the message: its thinking blocks, why it ended, its usage where that was asked for, and the end marker.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(finish) = self.finish else {
            return Err(Fault::Broken("the answer ended before its finishReason".to_owned()));
        };
        if !self.kept.is_empty() {
            self.write(Delta { thinking_blocks: Some(&self.kept), ..Default::default() }, None, out);
        }
        self.write(Delta::default(), Some(finish), out);
        if let (true, Some(usage)) = (self.include_usage, self.usage.as_openai()) {
            self.write_chunk(Vec::new(), Some(usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
        Ok(())
    }

    fn write(&self, delta: Delta<'_>, finish_reason: Option<Finish>, out: &mut Vec<u8>) {
        self.write_chunk(vec![ChunkChoice { index: 0, delta, logprobs: (), finish_reason }], None, out);
    }

    fn write_chunk(
        &self,
        choices: Vec<ChunkChoice<'_>>,
        usage: Option<super::super::completion::Usage>,
        out: &mut Vec<u8>,
    ) {
        let Head { id, model } = self.head.as_ref().expect("every event begins the message where it has not begun");
        let usage = self.include_usage.then_some(usage);
        let object = "chat.completion.chunk";
        write_event(out, &Chunk { id, object, created: self.created_s, model, choices, usage });
    }
}
