//! An item of a streamed response while it grows: what is told of it piece by piece, and once more when it is whole.

use serde_json::value::RawValue;

use super::super::carried::Carried;
use super::super::text::{Text, TextBuffer};
use super::super::written::Written;
use super::events::Events;
use super::output::{annotation, call, message, reasoning, refusal, summary, text};

/// The item that grows, with its id and its place.
pub(super) enum Open {
    Reasoning { id: String, index: usize, thoughts: TextBuffer },
    Message { id: String, index: usize, parts: Vec<Written>, part: Option<Part> },
    Call { id: String, index: usize, number: usize, call_id: String, name: Box<RawValue>, arguments: TextBuffer },
}

/// The part of a message that grows.
pub(super) enum Part {
    Text { text: TextBuffer, annotations: Vec<Written> },
    Refusal(TextBuffer),
}

impl Open {
    pub(super) fn reasoning(id: String, index: usize, events: &mut Events, out: &mut Vec<u8>) -> Self {
        // What its provider wants back comes with the answer's end.
        let item = reasoning(&id, None, &Carried::default().seal());
        added(index, &item, events, out);
        let part = at(&id, index).with("summary_index", 0).with("part", summary(""));
        events.write("response.reasoning_summary_part.added", part, out);
        Self::Reasoning { id, index, thoughts: TextBuffer::default() }
    }

    pub(super) fn message(id: String, index: usize, events: &mut Events, out: &mut Vec<u8>) -> Self {
        added(index, &message(&id, "in_progress", &[]), events, out);
        Self::Message { id, index, parts: Vec::new(), part: None }
    }

    pub(super) fn call(
        id: String,
        index: usize,
        (number, call_id, name): (usize, &str, Text<'_>),
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Self {
        added(index, &call(&id, call_id, name, "", "in_progress"), events, out);
        let (call_id, name) = (call_id.to_owned(), name.raw().to_owned());
        Self::Call { id, index, number, call_id, name, arguments: TextBuffer::default() }
    }

    pub(super) fn think(&mut self, piece: Text<'_>, events: &mut Events, out: &mut Vec<u8>) {
        let Self::Reasoning { id, index, thoughts } = self else { return };
        thoughts.push(piece);
        let delta = at(id, *index).with("summary_index", 0).with("delta", piece);
        events.write("response.reasoning_summary_text.delta", delta, out);
    }

    pub(super) fn speak(&mut self, piece: Text<'_>, events: &mut Events, out: &mut Vec<u8>) {
        self.part(|part| matches!(part, Part::Text { .. }), || text("", &[], &[]), events, out);
        let Self::Message { id, index, parts, part } = self else { return };
        let Part::Text { text, .. } = part.get_or_insert_with(Part::text) else { return };
        text.push(piece);
        let delta = at(id, *index).with("content_index", parts.len()).with("delta", piece);
        events.write("response.output_text.delta", delta.with("logprobs", [(); 0]), out);
    }

    pub(super) fn refuse(&mut self, piece: Text<'_>, events: &mut Events, out: &mut Vec<u8>) {
        self.part(|part| matches!(part, Part::Refusal(_)), || refusal(""), events, out);
        let Self::Message { id, index, parts, part } = self else { return };
        let Part::Refusal(text) = part.get_or_insert_with(|| Part::Refusal(TextBuffer::default())) else { return };
        text.push(piece);
        let delta = at(id, *index).with("content_index", parts.len()).with("delta", piece);
        events.write("response.refusal.delta", delta, out);
    }

    pub(super) fn annotate(&mut self, raw: &RawValue, events: &mut Events, out: &mut Vec<u8>) {
        let Some(annotation) = annotation(raw) else { return };
        self.part(|part| matches!(part, Part::Text { .. }), || text("", &[], &[]), events, out);
        let Self::Message { id, index, parts, part } = self else { return };
        let Part::Text { annotations, .. } = part.get_or_insert_with(Part::text) else { return };
        let told = at(id, *index).with("content_index", parts.len()).with("annotation_index", annotations.len());
        events.write("response.output_text.annotation.added", told.with("annotation", &annotation), out);
        annotations.push(annotation);
    }

    pub(super) fn argue(&mut self, piece: Text<'_>, events: &mut Events, out: &mut Vec<u8>) {
        let Self::Call { id, index, arguments, .. } = self else { return };
        arguments.push(piece);
        events.write("response.function_call_arguments.delta", at(id, *index).with("delta", piece), out);
    }

    /// Ends the item and gives it whole.
    pub(super) fn close(mut self, status: &str, events: &mut Events, out: &mut Vec<u8>) -> Written {
        self.end_part(events, out);
        let (index, item) = match self {
            Self::Reasoning { id, index, thoughts } => {
                let thoughts = thoughts.finish();
                let text = at(&id, index).with("summary_index", 0).with("text", &thoughts);
                events.write("response.reasoning_summary_text.done", text, out);
                let part = at(&id, index).with("summary_index", 0).with("part", summary(&thoughts));
                events.write("response.reasoning_summary_part.done", part, out);
                (index, reasoning(&id, Some(&thoughts), &Carried::default().seal()))
            }
            Self::Message { id, index, parts, .. } => (index, message(&id, status, &parts)),
            Self::Call { id, index, call_id, name, mut arguments, .. } => {
                let name = Text::of(&name).expect("a name is a string");
                if arguments.is_empty() {
                    // A call without arguments has none in its pieces, and clients parse what they have got.
                    let none = RawValue::from_string("\"{}\"".to_owned()).expect("this is JSON");
                    arguments.push(Text::of(&none).expect("this is a string"));
                }
                let arguments = arguments.finish();
                let done = at(&id, index).with("name", name).with("arguments", &arguments);
                events.write("response.function_call_arguments.done", done, out);
                (index, call(&id, &call_id, name, &arguments, status))
            }
        };
        let done = Written::default().with("output_index", index).with("item", &item);
        events.write("response.output_item.done", done, out);
        item
    }

    /// Makes sure that a part of this kind is open.
    fn part(
        &mut self,
        is_it: impl Fn(&Part) -> bool,
        empty: impl Fn() -> Written,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) {
        if matches!(self, Self::Message { part: Some(part), .. } if is_it(part)) {
            return;
        }
        self.end_part(events, out);
        let Self::Message { id, index, parts, .. } = self else { return };
        let told = at(id, *index).with("content_index", parts.len()).with("part", empty());
        events.write("response.content_part.added", told, out);
    }

    fn end_part(&mut self, events: &mut Events, out: &mut Vec<u8>) {
        let Self::Message { id, index, parts, part } = self else { return };
        let told = at(id, *index).with("content_index", parts.len());
        let whole = match part.take() {
            None => return,
            Some(Part::Text { text: buffer, annotations }) => {
                let whole = buffer.finish();
                let done = told.with("text", &whole).with("logprobs", [(); 0]);
                events.write("response.output_text.done", done, out);
                text(&whole, &annotations, &[])
            }
            Some(Part::Refusal(buffer)) => {
                let whole = buffer.finish();
                events.write("response.refusal.done", told.with("refusal", &whole), out);
                refusal(&whole)
            }
        };
        let told = at(id, *index).with("content_index", parts.len()).with("part", &whole);
        events.write("response.content_part.done", told, out);
        parts.push(whole);
    }
}

impl Part {
    fn text() -> Self {
        Self::Text { text: TextBuffer::default(), annotations: Vec::new() }
    }
}

fn at(id: &str, index: usize) -> Written {
    Written::default().with("item_id", id).with("output_index", index)
}

fn added(index: usize, item: &Written, events: &mut Events, out: &mut Vec<u8>) {
    let told = Written::default().with("output_index", index).with("item", item);
    events.write("response.output_item.added", told, out);
}
