//! A JSON object that is being written, member by member, in their order.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// The members so far.
#[derive(Debug, Default)]
pub(super) struct Written(Vec<(&'static str, Box<RawValue>)>);

impl Written {
    /// An object of this `type`.
    pub(super) fn of(kind: &str) -> Self {
        Self::default().with("type", kind)
    }

    /// Adds a member.
    pub(super) fn put(&mut self, name: &'static str, value: impl Serialize) {
        self.0.push((name, to_raw_value(&value).expect("what is written here has string keys only")));
    }

    /// Adds a member, if there is one.
    pub(super) fn put_some(&mut self, name: &'static str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// The same with a member more.
    pub(super) fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.put(name, value);
        self
    }

    /// The same with a member more, if there is one.
    pub(super) fn with_some(mut self, name: &'static str, value: Option<impl Serialize>) -> Self {
        self.put_some(name, value);
        self
    }

    /// The same with all members of another.
    pub(super) fn joined(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether it begins as a content part that is a text.
    pub(super) fn is_text(&self) -> bool {
        self.0.first().is_some_and(|(name, value)| *name == "type" && value.get() == "\"text\"")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The whole object as text.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("what is written here has string keys only")
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
