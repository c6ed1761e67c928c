//! The content parts of a chat's message, as they are put together from another shape.

use serde_json::value::{RawValue, to_raw_value};

use super::text::Text;
use super::written::Written;

/// The parts so far.
#[derive(Debug, Default)]
pub(super) struct Parts(Vec<Part>);

#[derive(Debug)]
struct Part {
    written: Written,
    /// The same as a plain string, if it is a text and nothing more.
    plain: Option<Box<RawValue>>,
}

impl Parts {
    /// Adds a text, unless it is empty: that says nothing, and some servers refuse it.
    pub(super) fn text(&mut self, text: Text<'_>, cache_control: Option<&RawValue>) {
        if text.is_empty() {
            return;
        }
        let written = Written::of("text").with("text", text).with_some("cache_control", cache_control);
        self.0.push(Part { written, plain: cache_control.is_none().then(|| text.raw().to_owned()) });
    }

    /// Adds a part of another kind.
    pub(super) fn add(&mut self, part: Written, cache_control: Option<&RawValue>) {
        self.0.push(Part { written: part.with_some("cache_control", cache_control), plain: None });
    }

    /// Adds all parts of another message.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a message's `content` is: a single text as a string, which every server reads. `None` if nothing is said.
    pub(super) fn content(&self) -> Option<Box<RawValue>> {
        match self.0.as_slice() {
            [] => None,
            [Part { plain: Some(text), .. }] => Some(text.clone()),
            parts => {
                let parts: Vec<_> = parts.iter().map(|part| &part.written).collect();
                Some(to_raw_value(&parts).expect("what is written here has string keys only"))
            }
        }
    }

    /// The texts, and the rest.
    pub(super) fn split(self) -> (Self, Self) {
        let (texts, others) = self.0.into_iter().partition(|part| part.written.is_text());
        (Self(texts), Self(others))
    }
}
