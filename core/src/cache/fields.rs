//! A request in its parts, each by a digest, so that two of them can be compared when one of them is gone.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::store::Field;

/// A body that is larger is one part: it is not worth a walk at every miss.
const MAX_BODY_BYTES: usize = 64 << 10;
/// Further parts of a body are one.
const MAX_FIELDS: usize = 64;
/// What a caller's own value is cut to.
const MAX_QUOTE: usize = 40;

/// A part of a request at hand, with its value in a few words where it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) field: Field,
    pub(crate) quote: Option<String>,
}

/// How two requests differ in one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) path: String,
    /// `other`, `only_asked` or `only_kept`.
    pub(crate) kind: &'static str,
    /// What this request says, where it may be shown.
    pub(crate) asked: Option<String>,
    /// A digest of what the kept one said.
    pub(crate) kept: Option<String>,
}

/// A part that stands beside the body.
pub(crate) fn part(path: &str, value: &[u8]) -> Part {
    let quote = Some(cut(&String::from_utf8_lossy(value)));
    Part { field: Field { path: path.to_owned(), digest: digest(value) }, quote }
}

/// A secret: it is never shown, and of its digest so little is kept that no guess can be tried against it.
pub(crate) fn secret_part(path: &str, value: &[u8]) -> Part {
    Part { field: Field { path: path.to_owned(), digest: digest(value) & 0xffff }, quote: None }
}

/// The parts of a body: its fields down to single values; or all of it as one where it is no JSON, or large. Fields that are
/// `ignored` (names from the top down, `*` for any) are none.
pub(crate) fn parts(body: &[u8], ignored: &[Vec<String>]) -> Vec<Part> {
    let small = Some(body).filter(|body| body.len() <= MAX_BODY_BYTES);
    let Some(value) = small.and_then(|body| serde_json::from_slice::<Value>(body).ok()) else {
        return vec![Part { quote: None, ..part("body", body) }];
    };
    let mut leaves = Vec::new();
    visit(&value, &mut Vec::new(), ignored, &mut leaves);
    let rest = leaves.split_off(leaves.len().min(MAX_FIELDS));
    if !rest.is_empty() {
        let digests: Vec<u8> = rest.iter().flat_map(|part| part.field.digest.to_le_bytes()).collect();
        leaves.push(Part { quote: None, ..part("body/…", &digests) });
    }
    leaves
}

fn visit(value: &Value, path: &mut Vec<String>, ignored: &[Vec<String>], leaves: &mut Vec<Part>) {
    let is_ignored = |names: &Vec<String>| {
        names.len() == path.len() && names.iter().zip(&*path).all(|(name, at)| name == "*" || name == at)
    };
    if ignored.iter().any(is_ignored) {
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            // In one order, so that what is beyond the bound is the same for equal requests.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_str());
            for (name, value) in fields {
                path.push(name.clone());
                visit(value, path, ignored, leaves);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                path.push(index.to_string());
                visit(value, path, ignored, leaves);
                path.pop();
            }
        }
        leaf => {
            let escaped = path.iter().map(|name| name.replace('~', "~0").replace('/', "~1"));
            let path = std::iter::once("body".to_owned()).chain(escaped).collect::<Vec<_>>().join("/");
            let text = match leaf.as_f64() {
                // As the key has it: 1 and 1.0 are the same.
                Some(number) => number.to_string(),
                None => leaf.to_string(),
            };
            leaves.push(Part { quote: Some(cut(&leaf.to_string())), ..part(&path, text.as_bytes()) });
        }
    }
}

/// Where the two differ.
pub(crate) fn differences(asked: &[Part], kept: &[Field]) -> Vec<Difference> {
    let hex = |field: &Field| Some(format!("{:08x}", field.digest));
    let mut found = Vec::new();
    for part in asked {
        let other = kept.iter().find(|field| field.path == part.field.path);
        if other.is_none_or(|other| other.digest != part.field.digest) {
            found.push(Difference {
                path: part.field.path.clone(),
                kind: if other.is_some() { "other" } else { "only_asked" },
                asked: part.quote.clone(),
                kept: other.and_then(hex),
            });
        }
    }
    let is_asked = |field: &&Field| asked.iter().any(|part| part.field.path == field.path);
    found.extend(kept.iter().filter(|field| !is_asked(field)).map(|field| Difference {
        path: field.path.clone(),
        kind: "only_kept",
        asked: None,
        kept: hex(field),
    }));
    found
}

/// So short that a guess finds many: it tells apart, and proves nothing.
fn digest(value: &[u8]) -> u64 {
    let digest: [u8; 32] = Sha256::digest(value).into();
    u64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(asked: &str, kept: &str, ignored: &[&str]) -> Vec<(String, &'static str, Option<String>)> {
        let ignored: Vec<Vec<String>> =
            ignored.iter().map(|path| path.split('/').map(str::to_owned).collect()).collect();
        let kept: Vec<Field> = parts(kept.as_bytes(), &ignored).into_iter().map(|part| part.field).collect();
        let found = differences(&parts(asked.as_bytes(), &ignored), &kept);
        found.into_iter().map(|one| (one.path, one.kind, one.asked)).collect()
    }

    #[test]
    fn parts_are_compared_down_to_single_values() {
        let quote = |text: &str| Some(text.to_owned());
        assert_eq!(
            told(
                r#"{"model":"m","temperature":0.2,"user":"a","messages":[{"content":"hi"}],"a/b":[]}"#,
                r#"{"messages":[{"content":"ho"}],"model":"m","temperature":0.20,"user":"b","top_p":1}"#,
                &["user"],
            ),
            [
                ("body/a~1b".to_owned(), "only_asked", quote("[]")),
                ("body/messages/0/content".to_owned(), "other", quote("\"hi\"")),
                ("body/top_p".to_owned(), "only_kept", None),
            ]
        );
        assert_eq!(told(r#"{"n":1}"#, r#"{"n":1.0}"#, &[]), []);
        assert_eq!(told("a=1", "a=2", &[]), [("body".to_owned(), "other", None)]);
    }

    #[test]
    fn long_requests_and_values_are_cut() {
        let list = |last: u32| format!("[{}, {last}]", vec!["0"; 100].join(","));
        assert_eq!(parts(list(1).as_bytes(), &[]).len(), MAX_FIELDS + 1);
        assert_eq!(told(&list(1), &list(2), &[]), [("body/…".to_owned(), "other", None)]);
        let long = format!("\"{}\"", "é".repeat(100));
        assert_eq!(
            parts(long.as_bytes(), &[])[0].quote.as_ref().map(|quote| quote.chars().count()),
            Some(MAX_QUOTE + 1)
        );
        assert_eq!(parts(&vec![b' '; MAX_BODY_BYTES + 1], &[]).len(), 1);
    }

    #[test]
    fn of_a_secret_next_to_nothing_is_kept() {
        let part = secret_part("key", b"sk-canary");
        assert!(part.quote.is_none() && part.field.digest <= 0xffff);
    }
}
