//! The blocks of one streamed answer, one after the other.

use super::super::carried::Carried;
use super::super::chat::{Answer, Said, ToolCall, Usage};
use super::super::written::Written;
use super::answer::{citation, head, stop_word, tokens};
use super::stream::write;

/// The answer so far.
#[derive(Default)]
pub(super) struct Blocks {
    has_begun: bool,
    /// The block that grows.
    open: Option<Open>,
    /// How many there were before it.
    closed: usize,
    /// The numbers of the calls that have begun, as the chunks count them.
    calls: Vec<usize>,
    carried: Carried,
    reason: Option<String>,
    usage: Usage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Thinking,
    Text,
    /// The call of this number.
    Call(usize),
}

type Fault = &'static str;

impl Blocks {
    /// Takes the next chunk.
    pub(super) fn add(&mut self, answer: Answer<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.usage = answer.usage.unwrap_or(self.usage);
        let Some(choice) = answer.choices.into_iter().next() else { return Ok(()) };
        if !std::mem::replace(&mut self.has_begun, true) {
            let message = head(answer.id, answer.model)
                .with("content", [(); 0])
                .with("stop_reason", ())
                .with("stop_sequence", ())
                .with("usage", tokens(&self.usage));
            write(out, "message_start", &Written::of("message_start").with("message", message));
        }
        let (said, reason) = choice.said();
        self.reason = reason.or(self.reason.take());
        self.carried.keep(said.thinking_blocks(), said.reasoning_details());
        self.say(&said, out);
        for (position, call) in said.tool_calls().iter().enumerate() {
            self.call(call.index.unwrap_or(position), call, out)?;
        }
        Ok(())
    }

    fn say(&mut self, said: &Said<'_>, out: &mut Vec<u8>) {
        let shown = said.shown();
        for thought in shown.thoughts {
            self.switch(Open::Thinking, out);
            self.grow(Written::of("thinking_delta").with("thinking", thought), out);
        }
        for text in shown.texts.into_iter().chain(said.refusal()) {
            self.switch(Open::Text, out);
            self.grow(Written::of("text_delta").with("text", text), out);
        }
        for citation in said.annotations().iter().filter_map(|raw| citation(raw)) {
            self.switch(Open::Text, out);
            self.grow(Written::of("citations_delta").with("citation", citation), out);
        }
    }

    fn call(&mut self, number: usize, call: &ToolCall<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.open != Some(Open::Call(number)) {
            if self.calls.contains(&number) {
                return Err("the pieces of two calls came mixed");
            }
            let id = call.id(self.calls.len());
            self.carried.keep_call(&id, call);
            let name = call.function.name.ok_or("a call of the answer began without its name")?;
            self.close(out);
            self.calls.push(number);
            let block = Written::of("tool_use").with("id", id).with("name", name);
            self.begin(Open::Call(number), block.with("input", Written::default()), out);
        }
        let arguments = call.function.arguments();
        if !arguments.is_empty() {
            let delta = Written::of("input_json_delta");
            // As it is written, where it is a text: a piece may end within a character.
            let delta = match call.function.piece() {
                Some(piece) => delta.with("partial_json", piece),
                None => delta.with("partial_json", arguments),
            };
            self.grow(delta, out);
        }
        Ok(())
    }

    /// Ends the message.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let reason = self.reason.take().ok_or("the answer ended without saying why")?;
        self.close(out);
        if !self.carried.is_empty() {
            let carried = std::mem::take(&mut self.carried).seal();
            write_start(self.closed, Written::of("redacted_thinking").with("data", carried), out);
            write_stop(self.closed, out);
        }
        let word = if reason == "stop" && !self.calls.is_empty() { "tool_use" } else { stop_word(&reason) };
        let delta = Written::default().with("stop_reason", word).with("stop_sequence", ());
        let event = Written::of("message_delta").with("delta", delta).with("usage", tokens(&self.usage));
        write(out, "message_delta", &event);
        write(out, "message_stop", &Written::of("message_stop"));
        Ok(())
    }

    /// Makes sure that such a block is open.
    fn switch(&mut self, kind: Open, out: &mut Vec<u8>) {
        if self.open == Some(kind) {
            return;
        }
        self.close(out);
        let block = match kind {
            Open::Thinking => Written::of("thinking").with("thinking", "").with("signature", ""),
            _ => Written::of("text").with("text", ""),
        };
        self.begin(kind, block, out);
    }

    fn begin(&mut self, kind: Open, block: Written, out: &mut Vec<u8>) {
        self.open = Some(kind);
        write_start(self.closed, block, out);
    }

    fn grow(&self, delta: Written, out: &mut Vec<u8>) {
        let event = Written::of("content_block_delta").with("index", self.closed).with("delta", delta);
        write(out, "content_block_delta", &event);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match self.open {
            None => return,
            // What the provider wants back comes with the answer's end; the mark says that the block is ours.
            Some(Open::Thinking) => {
                self.grow(Written::of("signature_delta").with("signature", Carried::default().seal()), out);
            }
            Some(Open::Text | Open::Call(_)) => {}
        }
        self.open = None;
        write_stop(self.closed, out);
        self.closed += 1;
    }
}

fn write_start(index: usize, block: Written, out: &mut Vec<u8>) {
    let event = Written::of("content_block_start").with("index", index).with("content_block", block);
    write(out, "content_block_start", &event);
}

fn write_stop(index: usize, out: &mut Vec<u8>) {
    write(out, "content_block_stop", &Written::of("content_block_stop").with("index", index));
}
