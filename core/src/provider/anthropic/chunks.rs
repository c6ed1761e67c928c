//! The chunks of one streamed answer, as its blocks come and go.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::completion::{self, Arguments, Chunk, ChunkChoice, Finish, Function, ToolCall, write_event};
use super::super::text::{Text, TextBuffer};
use super::response::placed;
use super::stream::Fault;
use super::wire::{Block, Delta, Message, Usage, finish};

/// Thinking is held until the answer ends, so it needs a bound: no model thinks this much in one answer.
const MAX_THINKING_BYTES: usize = 8 << 20;

/// The answer so far.
pub(super) struct Chunks {
    created_s: u64,
    include_usage: bool,
    head: Option<Head>,
    open: BTreeMap<u64, Open>,
    tool_calls: usize,
    thinking_blocks: Vec<Box<RawValue>>,
    thinking_bytes: usize,
    finish: Option<Finish>,
    usage: Usage,
}

/// What every chunk repeats.
struct Head {
    id: Box<RawValue>,
    model: Box<RawValue>,
}

/// A block whose end has not come yet.
enum Open {
    Text,
    ToolUse { call: usize, has_arguments: bool },
    Thinking { thinking: TextBuffer, signature: TextBuffer },
    Other(Box<RawValue>),
}

impl Chunks {
    pub(super) fn new(created_s: u64, include_usage: bool) -> Self {
        Self {
            created_s,
            include_usage,
            head: None,
            open: BTreeMap::new(),
            tool_calls: 0,
            thinking_blocks: Vec::new(),
            thinking_bytes: 0,
            finish: None,
            usage: Usage::default(),
        }
    }

    /// Begins the message: the role comes first.
    pub(super) fn start(&mut self, message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.head = Some(Head { id: message.id.raw().to_owned(), model: message.model.raw().to_owned() });
        self.usage.update(message.usage);
        self.write(completion::Delta { role: Some("assistant"), ..Default::default() }, out)
    }

    /// Begins a block. What it holds already is passed on like what is added later.
    pub(super) fn open_block(&mut self, index: u64, raw: &RawValue, out: &mut Vec<u8>) -> Result<(), Fault> {
        const ODD: Fault = Fault::Broken("a block of the answer is not one of Anthropic's");
        let block: Block<'_> = serde_json::from_str(raw.get()).map_err(|_| ODD)?;
        match block.kind.as_str() {
            "text" => {
                self.open.insert(index, Open::Text);
                self.grow_block(index, &Delta { text: block.text, ..Default::default() }, out)
            }
            "tool_use" => {
                let (call, input) = (self.tool_calls, block.input.map_or("{}", RawValue::get));
                let arguments = if input == "{}" { "" } else { input };
                self.tool_calls += 1;
                self.open.insert(index, Open::ToolUse { call, has_arguments: !arguments.is_empty() });
                let function =
                    Function { name: Some(block.name.ok_or(ODD)?), arguments: Arguments::Document(arguments) };
                let (id, kind) = (Some(block.id.ok_or(ODD)?), Some("function"));
                self.write_call(ToolCall { index: Some(call), id, kind, function, extra_content: None }, out)
            }
            "thinking" => {
                self.open.insert(
                    index,
                    Open::Thinking { thinking: TextBuffer::default(), signature: TextBuffer::default() },
                );
                let delta = Delta { thinking: block.thinking, signature: block.signature, ..Default::default() };
                self.grow_block(index, &delta, out)
            }
            _ => {
                self.hold(raw.get().len())?;
                self.open.insert(index, Open::Other(raw.to_owned()));
                Ok(())
            }
        }
    }

    /// Adds to a block.
    pub(super) fn grow_block(&mut self, index: u64, delta: &Delta<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let block = self.open.get_mut(&index).ok_or(Fault::Broken("a block of the answer grew before it began"))?;
        match block {
            Open::Text => match said(delta.text) {
                Some(content) => self.write(completion::Delta { content: Some(content), ..Default::default() }, out),
                None => Ok(()),
            },
            Open::ToolUse { call, has_arguments } => {
                let Some(piece) = said(delta.partial_json) else { return Ok(()) };
                *has_arguments = true;
                let (index, function) = (Some(*call), Function { name: None, arguments: Arguments::Piece(piece) });
                self.write_call(ToolCall { index, function, ..Default::default() }, out)
            }
            Open::Thinking { thinking, signature } => {
                let pieces = [(thinking, said(delta.thinking)), (signature, said(delta.signature))];
                let mut bytes = 0;
                for (buffer, piece) in pieces {
                    let Some(piece) = piece else { continue };
                    bytes += piece.inside().len();
                    buffer.push(piece);
                }
                self.hold(bytes)?;
                match said(delta.thinking) {
                    Some(thought) => {
                        self.write(completion::Delta { reasoning_content: Some(thought), ..Default::default() }, out)
                    }
                    None => Ok(()),
                }
            }
            Open::Other(_) => Ok(()),
        }
    }

    /// Ends a block.
    pub(super) fn close_block(&mut self, index: u64, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self.open.remove(&index).ok_or(Fault::Broken("a block of the answer ended before it began"))? {
            Open::Text | Open::ToolUse { has_arguments: true, .. } => {}
            Open::ToolUse { call, has_arguments: false } => {
                // A call without arguments streams none, and clients parse what they have got as JSON.
                let function = Function { name: None, arguments: Arguments::Document("{}") };
                self.write_call(ToolCall { index: Some(call), function, ..Default::default() }, out)?;
            }
            Open::Thinking { thinking, signature } => {
                let (thinking, signature) = (thinking.finish(), signature.finish());
                let block = ThinkingBlock { index, kind: "thinking", thinking: &thinking, signature: &signature };
                self.thinking_blocks.push(to_raw_value(&block).expect("this shape has string keys only"));
            }
            Open::Other(block) => self.thinking_blocks.push(placed(index, &block)),
        }
        Ok(())
    }

    /// Takes over running totals.
    pub(super) fn update_usage(&mut self, usage: Usage) {
        self.usage.update(usage);
    }

    /// Learns why the message is about to end. The caller is told at its end only: before that it may still break.
    pub(super) fn will_end(
        &mut self,
        stop_reason: Option<&str>,
        refusal: Option<Text<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.finish = stop_reason.map(finish).or(self.finish);
        match refusal {
            Some(_) => self.write(completion::Delta { refusal, ..Default::default() }, out),
            None => Ok(()),
        }
    }

    /// Ends the message: its thinking blocks, why it ended, its usage where that was asked for, and the end marker.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if !self.open.is_empty() {
            return Err(Fault::Broken("the answer ended within a block"));
        }
        let finish = self.finish.ok_or(Fault::Broken("the answer ended without a stop_reason"))?;
        if !self.thinking_blocks.is_empty() {
            let thinking_blocks = Some(self.thinking_blocks.as_slice());
            self.write(completion::Delta { thinking_blocks, ..Default::default() }, out)?;
        }
        self.write_choice(completion::Delta::default(), Some(finish), out)?;
        if let (true, Some(usage)) = (self.include_usage, self.usage.as_openai()) {
            self.write_chunk(Vec::new(), Some(usage), out)?;
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
        Ok(())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.thinking_bytes += bytes;
        if self.thinking_bytes > MAX_THINKING_BYTES {
            return Err(Fault::TooLarge("the answer's thinking is too long to be held"));
        }
        Ok(())
    }

    fn write(&self, delta: completion::Delta<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.write_choice(delta, None, out)
    }

    fn write_call(&self, call: ToolCall<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.write(completion::Delta { tool_calls: Some([call]), ..Default::default() }, out)
    }

    fn write_choice(
        &self,
        delta: completion::Delta<'_>,
        finish_reason: Option<Finish>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.write_chunk(vec![ChunkChoice { index: 0, delta, logprobs: (), finish_reason }], None, out)
    }

    fn write_chunk(
        &self,
        choices: Vec<ChunkChoice<'_>>,
        usage: Option<completion::Usage>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Head { id, model } =
            self.head.as_ref().ok_or(Fault::Broken("the answer did not begin with message_start"))?;
        let usage = self.include_usage.then_some(usage);
        let chunk = Chunk { id, object: "chat.completion.chunk", created: self.created_s, model, choices, usage };
        write_event(out, &chunk);
        Ok(())
    }
}

#[derive(Serialize)]
struct ThinkingBlock<'a> {
    index: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    thinking: &'a RawValue,
    signature: &'a RawValue,
}

/// A text that says something.
fn said(text: Option<Text<'_>>) -> Option<Text<'_>> {
    text.filter(|text| !text.is_empty())
}
