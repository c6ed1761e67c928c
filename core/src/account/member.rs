//! Members of a large JSON object, found without parsing what stands around them. Providers write the model at the front
//! of an answer and its usage at the end, and between them there may be megabytes.
//!
//! A name in quotes is always a member's name or a whole string: inside a longer string its quotes would be escaped.
//! Whatever is found is held to be a member of the outermost object by counting the brackets between it and that end of
//! the body that it is near to; where that fails, the caller parses the whole.

use memchr::memmem;
use serde_json::value::RawValue;

/// The object under `name` (with its quotes), where it is a member of the outermost object and the last of that name.
pub(super) fn last_object<'a>(body: &'a [u8], name: &str) -> Option<&'a RawValue> {
    let at = memmem::rfind(body, name.as_bytes())?;
    let value = after_colon(&body[at + name.len()..])?;
    let length = value.starts_with(b"{").then(|| closing(value, 0))??;
    let rest = value[length..].trim_ascii_end();
    // The only bracket that closes more than it opened is the last byte.
    (closing(rest, 1)? == rest.len()).then(|| serde_json::from_slice(&value[..length]).ok())?
}

/// The text under `name` (with its quotes), where it is a member of the outermost object and the first of that name.
pub(super) fn first_text(body: &[u8], name: &str) -> Option<String> {
    let at = memmem::find(body, name.as_bytes())?;
    if depth(&body[..at])? != 1 {
        return None;
    }
    let value = after_colon(&body[at + name.len()..])?;
    let length = value.starts_with(b"\"").then(|| end_of_text(value))??;
    serde_json::from_slice(&value[..length]).ok()
}

fn after_colon(rest: &[u8]) -> Option<&[u8]> {
    Some(rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
}

/// How many bytes there are up to the bracket that brings `open` brackets down to none, that bracket included.
fn closing(json: &[u8], mut open: usize) -> Option<usize> {
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => at += end_of_text(&json[at..])?,
            b'{' | b'[' => (open, at) = (open + 1, at + 1),
            b'}' | b']' => {
                open = open.checked_sub(1)?;
                at += 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// How many brackets are open at the end of `json`, which ends outside of a string.
fn depth(json: &[u8]) -> Option<usize> {
    let (mut open, mut at) = (0_usize, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at += end_of_text(&json[at..])?,
            b'{' | b'[' => (open, at) = (open + 1, at + 1),
            b'}' | b']' => (open, at) = (open.checked_sub(1)?, at + 1),
            _ => at += 1,
        }
    }
    Some(open)
}

/// The length of the string that `json` begins with, both quotes included.
fn end_of_text(json: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(body: &str) -> Option<&str> {
        last_object(body.as_bytes(), "\"usage\"").map(RawValue::get)
    }

    fn model(body: &str) -> Option<String> {
        first_text(body.as_bytes(), "\"model\"")
    }

    #[test]
    fn what_is_found_is_a_member_of_the_outermost_object() {
        assert_eq!(
            usage(r#"{"a":[{"usage":{"x":0}}], "usage" : {"x":{"y":"}"}} , "b":"\"}]","c":[{}]} "#),
            Some(r#"{"x":{"y":"}"}}"#)
        );
        assert_eq!(usage(r#"{"result":{"usage":{"x":1}}}"#), None, "nested");
        assert_eq!(
            usage(r#"{"usage":{"x":1},"b":{"usage":{"x":2}}}"#),
            None,
            "the last one is nested: parse the whole"
        );
        assert_eq!(usage(r#"{"kind":"usage"}"#), None);
        assert_eq!(usage(r#"{"text":"\"usage\":{}}"}"#), None);
        assert_eq!(usage(r#"{"usage":null}"#), None);
        assert_eq!(usage(r#"{"usage":{"x":1}"#), None, "cut");
        assert_eq!(usage(r#"{"usage":{"x":1}}}"#), None, "more than one object");
        assert_eq!(usage(r#"[{"usage":{"x":1}}]"#), None);
    }

    #[test]
    fn the_model_stands_at_the_front() {
        assert_eq!(model(r#"{"id":"\"{","model" :"a\u0062\"c","x":{}}"#).as_deref(), Some("ab\"c"));
        assert_eq!(model(r#"{"x":{"model":"no"},"model":"yes"}"#), None, "nested: parse the whole");
        assert_eq!(model(r#"{"model":3}"#), None);
        assert_eq!(model(r#"{"model":"cut"#), None);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let body = br#"{"a\\":"x","model":"m\"","usage":{"n":[1,{"t":"}"}]},"z":[]}"#;
        for start in 0..body.len() {
            for end in start..=body.len() {
                let _ = (last_object(&body[start..end], "\"usage\""), first_text(&body[start..end], "\"model\""));
            }
        }
    }
}
