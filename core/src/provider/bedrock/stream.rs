//! Converse's binary stream as OpenAI's chunks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::completion::{write_broken, write_event};
use super::super::text::{Text, TextBuffer};
use super::super::translate::StreamDecoder;
use super::super::written::Written;
use super::answer::{Usage, finish, head, placed};
use super::error;
use crate::error::{Error, ErrorKind};
use crate::eventstream::Parser;
use crate::sse::Event;

/// Thinking is held until the answer ends, so it needs a bound: no model thinks this much in one answer.
const MAX_THINKING_BYTES: usize = 8 << 20;

/// The decoder of one answer.
pub(super) struct Decoder {
    parser: Parser,
    answer: Answer,
    progress: Progress,
}

enum Progress {
    Open,
    Complete,
    Failed(Error),
}

impl Decoder {
    /// `created_s` is in Unix seconds.
    pub(super) fn new(created_s: u64, include_usage: bool) -> Self {
        let answer = Answer { created_s, include_usage, ..Answer::default() };
        Self { parser: Parser::default(), answer, progress: Progress::Open }
    }

    fn fail(&mut self, message: &'static str, out: &mut Vec<u8>) {
        if matches!(self.progress, Progress::Open) {
            self.progress = Progress::Failed(write_broken(ErrorKind::Broken, message, out));
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
        let Self { parser, answer, progress } = self;
        let fed = parser.feed(chunk, |event| {
            if matches!(progress, Progress::Open) {
                *progress = answer.take(event, out).unwrap_or_else(Progress::Failed);
            }
        });
        if fed.is_err() {
            self.fail("a message of the answer is not one of AWS's event streams", out);
        }
        self.outcome()
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if matches!(self.progress, Progress::Open) && self.answer.reason.is_some() {
            // Its usage may be missing; what is said is whole.
            self.answer.end(None, out);
            self.progress = Progress::Complete;
        }
        self.fail("the answer ended before its messageStop event", out);
        self.outcome()
    }
}

/// The answer so far.
#[derive(Default)]
struct Answer {
    created_s: u64,
    include_usage: bool,
    /// By the blocks' places: the number of a call, and whether it has arguments.
    calls: BTreeMap<u64, (usize, bool)>,
    thoughts: BTreeMap<u64, Thought>,
    thinking_bytes: usize,
    reason: Option<&'static str>,
}

/// The model's thinking, whose block comes to the caller at the answer's end.
#[derive(Default)]
struct Thought {
    text: TextBuffer,
    signature: TextBuffer,
    redacted: TextBuffer,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Payload<'a> {
    content_block_index: u64,
    #[serde(borrow)]
    start: Option<Start<'a>>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow)]
    tool_use: Option<ToolStart<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolStart<'a> {
    #[serde(borrow)]
    tool_use_id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    tool_use: Option<ToolDelta<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<ThoughtDelta<'a>>,
}

#[derive(Deserialize)]
struct ToolDelta<'a> {
    #[serde(borrow)]
    input: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThoughtDelta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    redacted_content: Option<Text<'a>>,
}

impl Answer {
    /// Turns one event into the chunks that it stands for.
    fn take(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<Progress, Error> {
        if event.name.ends_with("Exception") {
            return Err(error::reported(&event.name, &event.data, out));
        }
        let broken = |message: &'static str, out: &mut Vec<u8>| write_broken(ErrorKind::Broken, message, out);
        let Ok(payload) = serde_json::from_str::<Payload<'_>>(&event.data) else {
            return Err(broken("an event of the answer is not one of Converse's", out));
        };
        let index = payload.content_block_index;
        match event.name.as_str() {
            "messageStart" => self.write(Written::default().with("role", "assistant"), out),
            "contentBlockStart" => {
                if let Some(ToolStart { tool_use_id, name }) = payload.start.and_then(|start| start.tool_use) {
                    let number = self.calls.len();
                    self.calls.insert(index, (number, false));
                    let function = Written::default().with("name", name).with("arguments", "");
                    let call = Written::default().with("index", number).with("id", tool_use_id);
                    self.write_call(call.with("type", "function").with("function", function), out);
                }
            }
            "contentBlockDelta" => {
                let Some(delta) = payload.delta else {
                    return Err(broken("an event of the answer lacks what its type needs", out));
                };
                self.grow(index, &delta, out)?;
            }
            "contentBlockStop" => {
                if let Some((number, false)) = self.calls.get(&index) {
                    // A call without arguments streams none, and clients parse what they have got as JSON.
                    let function = Written::default().with("arguments", "{}");
                    self.write_call(Written::default().with("index", number).with("function", function), out);
                }
            }
            "messageStop" => {
                let reason = payload.stop_reason.unwrap_or_default();
                let Some(reason) = finish(&reason) else {
                    return Err(broken("the model ended its answer with what it could not write; try again", out));
                };
                self.reason = Some(reason);
            }
            "metadata" if self.reason.is_some() => {
                self.end(payload.usage, out);
                return Ok(Progress::Complete);
            }
            // What comes to be is passed over.
            _ => {}
        }
        Ok(Progress::Open)
    }

    fn grow(&mut self, index: u64, delta: &Delta<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(text) = delta.text.filter(|text| !text.is_empty()) {
            self.write(Written::default().with("content", text), out);
        }
        if let Some(piece) = delta.tool_use.as_ref().map(|tool| tool.input).filter(|piece| !piece.is_empty()) {
            let Some((number, has_arguments)) = self.calls.get_mut(&index) else {
                return Err(write_broken(ErrorKind::Broken, "a call of the answer grew before it began", out));
            };
            *has_arguments = true;
            let function = Written::default().with("arguments", piece);
            let call = Written::default().with("index", *number).with("function", function);
            self.write_call(call, out);
        }
        if let Some(thought) = &delta.reasoning_content {
            let pieces = [thought.text, thought.signature, thought.redacted_content];
            self.thinking_bytes += pieces.iter().flatten().map(|piece| piece.inside().len()).sum::<usize>();
            if self.thinking_bytes > MAX_THINKING_BYTES {
                let message = "the answer's thinking is too long to be held";
                return Err(write_broken(ErrorKind::TooLarge, message, out));
            }
            let held = self.thoughts.entry(index).or_default();
            for (buffer, piece) in [&mut held.text, &mut held.signature, &mut held.redacted].into_iter().zip(pieces) {
                if let Some(piece) = piece {
                    buffer.push(piece);
                }
            }
            if let Some(text) = thought.text.filter(|text| !text.is_empty()) {
                self.write(Written::default().with("reasoning_content", text), out);
            }
        }
        Ok(())
    }

    /// Ends the message: its thinking blocks, why it ended, its usage where that was asked for, and the end marker.
    fn end(&mut self, usage: Option<Usage>, out: &mut Vec<u8>) {
        let blocks: Vec<_> = std::mem::take(&mut self.thoughts).into_iter().map(block).collect();
        if !blocks.is_empty() {
            self.write(Written::default().with("thinking_blocks", blocks), out);
        }
        self.write_choice(Written::default(), self.reason, out);
        if let (true, Some(usage)) = (self.include_usage, usage.and_then(|usage| usage.as_openai())) {
            let chunk = head("chat.completion.chunk", self.created_s).with("choices", [(); 0]);
            write_event(out, &chunk.with("usage", usage));
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn write(&self, delta: Written, out: &mut Vec<u8>) {
        self.write_choice(delta, None, out);
    }

    fn write_call(&self, call: Written, out: &mut Vec<u8>) {
        self.write(Written::default().with("tool_calls", [call]), out);
    }

    fn write_choice(&self, delta: Written, reason: Option<&str>, out: &mut Vec<u8>) {
        let choice = Written::default().with("index", 0).with("delta", delta).with("logprobs", ());
        let chunk =
            head("chat.completion.chunk", self.created_s).with("choices", [choice.with("finish_reason", reason)]);
        // Where usage was asked for it is null in all chunks but its own.
        write_event(out, &chunk.with_some("usage", self.include_usage.then_some(())));
    }
}

/// A block as the whole answer would have it, with its place.
fn block((index, thought): (u64, Thought)) -> Box<RawValue> {
    let content = if thought.redacted.is_empty() {
        let text = Written::default().with("text", thought.text.finish());
        let signature = Some(thought.signature).filter(|text| !text.is_empty()).map(|text| text.finish());
        Written::default().with("reasoningText", text.with_some("signature", signature))
    } else {
        Written::default().with("redactedContent", thought.redacted.finish())
    };
    let block = to_raw_value(&Written::default().with("reasoningContent", content)).expect("its keys are strings");
    placed(usize::try_from(index).unwrap_or(usize::MAX), &block)
}
