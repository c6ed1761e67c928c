//! A JSON object whose members are taken one by one, so that whatever nobody takes can be reported.
//!
//! Members stay the text that they were: numbers keep their digits, strings their escapes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::translate::{Change, Untranslatable};

/// An object of the caller's, and where it stands in the body.
#[derive(Debug)]
pub(super) struct Object<'a> {
    path: String,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The whole body.
    pub(super) fn body(bytes: &'a [u8]) -> Result<Self, Untranslatable> {
        let Members(members) = serde_json::from_slice(bytes).map_err(|error| {
            Untranslatable::new(
                "",
                format!("the body is not a JSON object ({error}); send one, in the shape of this path"),
            )
        })?;
        Ok(Self { path: String::new(), members })
    }

    /// The object `raw` that stands at `path`.
    pub(super) fn parse(path: String, raw: &'a RawValue) -> Result<Self, Untranslatable> {
        match serde_json::from_str(raw.get()) {
            Ok(Members(members)) => Ok(Self { path, members }),
            Err(_) => Err(Untranslatable::new(path, "expected an object")),
        }
    }

    /// Where it stands in the body.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a member, for messages.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Takes a member out. `null` counts as absent; of several with one name the last one counts, as in most parsers.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a RawValue> {
        let mut found = None;
        self.members.retain(|(name, value)| {
            let hit = name == key;
            if hit {
                found = Some(*value);
            }
            !hit
        });
        found.filter(|value| value.get() != "null")
    }

    /// Takes a member that has to be of type `T`; `expected` names it for people, as in `a number`.
    pub(super) fn take_as<T: Deserialize<'a>>(
        &mut self,
        key: &str,
        expected: &str,
    ) -> Result<Option<T>, Untranslatable> {
        let Some(raw) = self.take(key) else { return Ok(None) };
        match serde_json::from_str(raw.get()) {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Untranslatable::new(self.at(key), format!("expected {expected}"))),
        }
    }

    /// Takes a member that has to be there.
    pub(super) fn require_as<T: Deserialize<'a>>(&mut self, key: &str, expected: &str) -> Result<T, Untranslatable> {
        let missing = format!("missing; expected {expected}");
        self.take_as(key, expected)?.ok_or_else(|| Untranslatable::new(self.at(key), missing))
    }

    /// Takes a member that is an object itself.
    pub(super) fn take_object(&mut self, key: &str) -> Result<Option<Object<'a>>, Untranslatable> {
        self.take(key).map(|raw| Object::parse(self.at(key), raw)).transpose()
    }

    /// Takes a member that has to be there and an object; `expected` names it for people.
    pub(super) fn require_object(&mut self, key: &str, expected: &str) -> Result<Object<'a>, Untranslatable> {
        self.take_object(key)?.ok_or_else(|| Untranslatable::new(self.at(key), format!("missing; expected {expected}")))
    }

    /// Takes a list, each item with its path. An absent one is empty.
    pub(super) fn take_list(&mut self, key: &str) -> Result<Vec<(String, &'a RawValue)>, Untranslatable> {
        let items: Vec<&'a RawValue> = self.take_as(key, "an array")?.unwrap_or_default();
        let path = self.at(key);
        Ok(items.into_iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect())
    }

    /// Takes a member out if it says what holds without it.
    pub(super) fn take_if(&mut self, key: &str, neutral: &str) {
        self.members.retain(|(name, value)| name != key || value.get() != neutral);
    }

    /// Whether nothing is left to take.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Reports every member that nobody took, save those that say nothing (`null` and `[]`).
    pub(super) fn report_rest(self, reason: &'static str, changes: &mut Vec<Change>) {
        let silent = |value: &RawValue| matches!(value.get(), "null" | "[]");
        let rest = self.members.iter().filter(|(_, value)| !silent(value));
        changes.extend(rest.map(|(name, _)| Change { path: self.at(name), reason }));
    }

    /// The member's text within the body it was read from, for every member of that name.
    pub(super) fn texts(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.members.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.get())
    }
}

/// What has not been taken, as it was.
impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, value) in &self.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The members in their order, repeated ones included: a map type would hide those.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_reported_where_it_stands() {
        let mut body = Object::body(br#"{"a":{"b":1,"c":2,"d":null},"e":[],"f":"\u0066"}"#).unwrap();
        let mut inner = body.take_object("a").unwrap().unwrap();
        assert_eq!(inner.take_as("b", "a number"), Ok(Some(1)));
        let mut changes = Vec::new();
        inner.report_rest("why", &mut changes);
        body.report_rest("why", &mut changes);
        assert_eq!(changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["a.c", "f"]);
    }

    #[test]
    fn a_wrong_type_names_the_path() {
        let mut body = Object::body(br#"{"a":[{"b":"x"}]}"#).unwrap();
        let (path, raw) = body.take_list("a").unwrap().remove(0);
        let fault = Object::parse(path, raw).unwrap().take_as::<u64>("b", "a number").unwrap_err();
        assert_eq!(fault, Untranslatable::new("a[0].b", "expected a number"));
    }

    #[test]
    fn text_keeps_its_digits_and_escapes() {
        let text = r#"{"n":1e400,"big":123456789012345678901234567890,"lone":"\ud83d","x":1.10}"#;
        assert_eq!(serde_json::to_string(&Object::body(text.as_bytes()).unwrap()).unwrap(), text);
    }

    #[test]
    fn the_last_of_two_counts() {
        let mut body = Object::body(br#"{"a":1,"\u0061":2}"#).unwrap();
        assert_eq!(body.take("a").map(RawValue::get), Some("2"));
        assert!(body.take("a").is_none());
    }

    #[test]
    fn a_million_levels_are_not_descended() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(Object::body(deep.as_bytes()).unwrap().take_as::<Vec<u8>>("a", "numbers").is_err());
    }
}
