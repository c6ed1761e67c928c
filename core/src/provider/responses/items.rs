//! The items of one streamed answer, one after the other.

use serde_json::value::to_raw_value;

use super::super::carried::Carried;
use super::super::chat::{Answer, Said, ToolCall, Usage};
use super::super::text::Text;
use super::super::written::Written;
use super::echo::Echo;
use super::events::Events;
use super::open::Open;
use super::output::{Name, Status, reasoning};
use crate::error::ErrorKind;

/// Each text is told once more when it is whole, so it is kept; no model writes this much in one answer.
const MAX_KEPT_BYTES: usize = 32 << 20;

/// Why a stream cannot go on.
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) message: &'static str,
}

impl Fault {
    pub(super) fn broken(message: &'static str) -> Self {
        Self { kind: ErrorKind::Broken, message }
    }
}

/// The answer so far.
pub(super) struct Items {
    echo: Echo,
    created_s: u64,
    events: Events,
    /// Known from the first chunk on.
    name: Option<Name>,
    /// The item that grows.
    open: Option<Open>,
    output: Vec<Written>,
    /// The numbers of the calls that have begun, as the chunks count them.
    calls: Vec<usize>,
    carried: Carried,
    reason: Option<String>,
    usage: Option<Usage>,
    kept_bytes: usize,
}

impl Items {
    pub(super) fn new(echo: Echo, created_s: u64) -> Self {
        Self {
            echo,
            created_s,
            events: Events::default(),
            name: None,
            open: None,
            output: Vec::new(),
            calls: Vec::new(),
            carried: Carried::default(),
            reason: None,
            usage: None,
            kept_bytes: 0,
        }
    }

    /// Takes the next chunk.
    pub(super) fn add(&mut self, answer: Answer<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.usage = answer.usage.or(self.usage);
        let Some(choice) = answer.choices.into_iter().next() else { return Ok(()) };
        if self.name.is_none() {
            let name = Name::of(answer.id, answer.model, self.created_s);
            for event in ["response.created", "response.in_progress"] {
                let response = name.response(&Status::InProgress, &[], None, &self.echo);
                self.events.write(event, Written::default().with("response", response), out);
            }
            self.name = Some(name);
        }
        let (said, reason) = choice.said();
        self.reason = reason.or(self.reason.take());
        self.carried.keep(said.thinking_blocks(), said.reasoning_details());
        self.say(&said, out)?;
        for (position, call) in said.tool_calls().iter().enumerate() {
            self.call(call.index.unwrap_or(position), call, out)?;
        }
        Ok(())
    }

    fn say(&mut self, said: &Said<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let shown = said.shown();
        for thought in shown.thoughts {
            if !matches!(self.open, Some(Open::Reasoning { .. })) {
                self.begin("rs", Open::reasoning, out);
            }
            self.grow(thought, Open::think, out)?;
        }
        let has_message = !shown.texts.is_empty() || said.refusal().is_some() || !said.annotations().is_empty();
        if has_message && !matches!(self.open, Some(Open::Message { .. })) {
            self.begin("msg", Open::message, out);
        }
        for text in shown.texts {
            self.grow(text, Open::speak, out)?;
        }
        if let Some(refusal) = said.refusal() {
            self.grow(refusal, Open::refuse, out)?;
        }
        if let Some(open) = &mut self.open {
            for annotation in said.annotations() {
                open.annotate(annotation, &mut self.events, out);
            }
        }
        Ok(())
    }

    fn call(&mut self, number: usize, call: &ToolCall<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if !matches!(&self.open, Some(Open::Call { number: open, .. }) if *open == number) {
            if self.calls.contains(&number) {
                return Err(Fault::broken("the pieces of two calls came mixed"));
            }
            let id = call.id(self.calls.len());
            self.carried.keep_call(&id, call);
            let name = call.function.name.ok_or(Fault::broken("a call of the answer began without its name"))?;
            self.calls.push(number);
            let open = |item, index, events: &mut Events, out: &mut Vec<u8>| {
                Open::call(item, index, (number, &id, name), events, out)
            };
            self.begin("fc", open, out);
        }
        let arguments = call.function.arguments();
        if arguments.is_empty() {
            return Ok(());
        }
        if let Some(piece) = call.function.piece() {
            // As it is written: a piece may end within a character.
            return self.grow(piece, Open::argue, out);
        }
        let whole = to_raw_value(&arguments).expect("a string is JSON");
        self.grow(Text::of(&whole).expect("a string was written"), Open::argue, out)
    }

    /// Ends the response.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let reason = self.reason.take().ok_or(Fault::broken("the answer ended without saying why"))?;
        let status = Status::ended(&reason);
        self.close(status.word(), out);
        if !self.carried.is_empty() {
            let (index, sealed) = (self.output.len(), std::mem::take(&mut self.carried).seal());
            let item = reasoning(&self.item("rs"), None, &sealed);
            let told = |item: &Written| Written::default().with("output_index", index).with("item", item);
            self.events.write("response.output_item.added", told(&item), out);
            self.events.write("response.output_item.done", told(&item), out);
            self.output.push(item);
        }
        let Some(name) = &self.name else { return Ok(()) };
        let response = name.response(&status, &self.output, self.usage.as_ref(), &self.echo);
        let event = if status == Status::Completed { "response.completed" } else { "response.incomplete" };
        self.events.write(event, Written::default().with("response", response), out);
        Ok(())
    }

    /// Tells of a failure. `error` stands in it twice: as OpenAI documents the event, and where its SDKs look for one.
    pub(super) fn fail(&mut self, message: &str, code: Option<&str>, out: &mut Vec<u8>) {
        let error = Written::default().with("code", code).with("message", message).with("param", ());
        let nested = Written::of("server_error").with("code", code).with("message", message).with("param", ());
        self.events.write("error", error.with("error", nested), out);
    }

    fn begin(
        &mut self,
        kind: &'static str,
        open: impl FnOnce(String, usize, &mut Events, &mut Vec<u8>) -> Open,
        out: &mut Vec<u8>,
    ) {
        self.close("completed", out);
        let id = self.item(kind);
        self.open = Some(open(id, self.output.len(), &mut self.events, out));
    }

    fn grow(
        &mut self,
        piece: Text<'_>,
        grow: impl FnOnce(&mut Open, Text<'_>, &mut Events, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.kept_bytes += piece.inside().len();
        if self.kept_bytes > MAX_KEPT_BYTES {
            return Err(Fault { kind: ErrorKind::TooLarge, message: "the answer is too long to be told whole" });
        }
        if let Some(open) = &mut self.open {
            grow(open, piece, &mut self.events, out);
        }
        Ok(())
    }

    fn close(&mut self, status: &str, out: &mut Vec<u8>) {
        if let Some(open) = self.open.take() {
            self.output.push(open.close(status, &mut self.events, out));
        }
    }

    fn item(&self, kind: &str) -> String {
        self.name.as_ref().map(|name| name.item(kind, self.output.len())).unwrap_or_default()
    }
}
