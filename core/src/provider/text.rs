//! JSON strings as they are written. What is only carried is never decoded: escapes stay, and so does half a surrogate
//! pair that a stream has cut.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON string, quotes and all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(&'a RawValue);

impl<'a> Text<'a> {
    /// The string that `raw` is; `None` of any other value.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        raw.get().starts_with('"').then_some(Self(raw))
    }

    /// What stands between the quotes.
    pub(super) fn inside(self) -> &'a str {
        let text = self.0.get();
        &text[1..text.len() - 1]
    }

    /// The string as a JSON value.
    pub(super) fn raw(self) -> &'a RawValue {
        self.0
    }

    /// Whether nothing stands between the quotes.
    pub(super) fn is_empty(self) -> bool {
        self.inside().is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('"') {
            return Ok(Self(raw));
        }
        Err(D::Error::invalid_type(Unexpected::Other("another JSON value"), &"a string"))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A JSON string that grows.
#[derive(Clone, Debug, Default)]
pub(super) struct TextBuffer(String);

impl TextBuffer {
    /// Appends a string as it is written.
    pub(super) fn push(&mut self, text: Text<'_>) {
        self.0.push_str(text.inside());
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The whole string.
    pub(super) fn finish(&self) -> Box<RawValue> {
        RawValue::from_string(format!("\"{}\"", self.0))
            .expect("the insides of JSON strings, put side by side, are one")
    }
}

/// Several strings as one; `None` of none.
pub(super) fn join<'a>(texts: impl IntoIterator<Item = Text<'a>>) -> Option<Box<RawValue>> {
    let mut texts = texts.into_iter();
    let mut joined = TextBuffer::default();
    joined.push(texts.next()?);
    texts.for_each(|text| joined.push(text));
    Some(joined.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &str) -> Vec<Text<'_>> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn strings_are_joined_as_they_are_written() {
        let joined = join(texts(r#"["a\"", "\u00e9", "", "\ud83d", "\ude00\\"]"#)).unwrap();
        assert_eq!(joined.get(), r#""a\"\u00e9\ud83d\ude00\\""#);
        assert_eq!(serde_json::from_str::<String>(joined.get()).unwrap(), "a\"\u{e9}\u{1f600}\\");
        assert!(join(Vec::new()).is_none());
        assert_eq!(join(texts(r#"[""]"#)).unwrap().get(), "\"\"");
    }

    #[test]
    fn only_strings_are_strings() {
        for other in ["1", "null", "[]", "{}", "true"] {
            assert!(serde_json::from_str::<Text<'_>>(other).is_err(), "{other}");
        }
    }
}
