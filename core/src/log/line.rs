//! Filters as people type them, in one line: `provider:openai status:>=500 cost:>0.02 meta.team:eng "connection reset"`.
//!
//! Words are parted by spaces. `key:value` is equality, `key:>value`, `>=`, `<` and `<=` compare, `key:~value` is a part of
//! the text, and a `-` in front turns a word round. What has no key is looked for in all texts. Quotation marks hold
//! spaces together.

use serde_json::Value;

use super::columns::{COLUMNS, Column, METADATA_VALUE, Operator};
use super::filter::{Selection, unknown};
use crate::error::Error;

/// Shorter names of keys.
const SHORT: [(&str, &str); 3] = [("status", "status_code"), ("type", "request_type"), ("agent", "user_agent")];

/// What stands before the key of an entry of the metadata.
const METADATA: [&str; 2] = ["meta.", "metadata."];

/// One word of a line.
struct Word {
    subject: Subject,
    operator: Operator,
    /// Whether the logs are meant for which this does not hold.
    negated: bool,
    value: String,
}

/// What a word is about.
enum Subject {
    Column(&'static Column),
    /// An entry of the metadata.
    Metadata(String),
    AnyText,
}

impl Selection {
    /// Adds that every word of `line` holds.
    ///
    /// # Errors
    /// `InvalidRequest` at `where`, with the word that cannot be read and the nearest key.
    pub(super) fn take_line(&mut self, line: &Value, now_us: u64) -> Result<(), Error> {
        let line = line.as_str();
        let line = line.ok_or_else(|| Error::invalid("where", "must be a text such as \"status:>=500 model:~gpt\""))?;
        for word in read(line)? {
            let mut part = Self::default();
            let value = Value::from(word.value);
            match word.subject {
                Subject::AnyText => part.take_search(value.as_str().unwrap_or_default()),
                Subject::Column(column) => part.take_filter(column, word.operator, &value, "where", now_us)?,
                Subject::Metadata(key) => {
                    let value = METADATA_VALUE.kind.read(&value, word.operator, now_us);
                    let value =
                        value.ok_or_else(|| Error::invalid("where", format!("expected a number for meta.{key}")))?;
                    let test = METADATA_VALUE.test(word.operator);
                    let any = format!("EXISTS (SELECT 1 FROM json_each(log.metadata) WHERE key = ? AND {test})");
                    part.add(&any, [key.into(), value]);
                }
            }
            self.take_part(part, word.negated);
        }
        Ok(())
    }
}

fn read(line: &str) -> Result<Vec<Word>, Error> {
    split(line)?.iter().map(|text| word(text)).collect()
}

/// Parts at spaces outside of quotation marks, which are taken away.
fn split(line: &str) -> Result<Vec<String>, Error> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '"' => (quoted, begun) = (!quoted, true),
            _ if letter.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                begun = true;
                word.push(letter);
            }
        }
    }
    if quoted {
        return Err(Error::invalid("where", "has a quotation mark without its other half"));
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

fn word(text: &str) -> Result<Word, Error> {
    let (negated, bare) = match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, text),
    };
    let Some((key, value)) = bare.split_once(':').filter(|(key, _)| is_key(key)) else {
        let value = bare.to_owned();
        return Ok(Word { subject: Subject::AnyText, operator: Operator::Contains, negated, value });
    };
    let signs = [
        (">=", Operator::Gte),
        ("<=", Operator::Lte),
        (">", Operator::Gt),
        ("<", Operator::Lt),
        ("~", Operator::Contains),
    ];
    let (operator, value) = signs
        .into_iter()
        .find_map(|(sign, operator)| Some((operator, value.strip_prefix(sign)?)))
        .unwrap_or((Operator::Eq, value));
    Ok(Word { subject: subject(key)?, operator, negated, value: value.to_owned() })
}

/// A time such as `12:30` and a URL are texts, not keys.
fn is_key(text: &str) -> bool {
    let begins = text.starts_with(|letter: char| letter.is_ascii_lowercase());
    let is_scheme = ["http", "https"].contains(&text);
    let in_key = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
    begins && !is_scheme && text.chars().all(in_key)
}

fn subject(key: &str) -> Result<Subject, Error> {
    if let Some(entry) = METADATA.into_iter().find_map(|prefix| key.strip_prefix(prefix))
        && !["key", "value"].contains(&entry)
    {
        return Ok(Subject::Metadata(entry.to_owned()));
    }
    let full = SHORT.iter().find(|(short, _)| *short == key).map_or(key, |(_, full)| full);
    match COLUMNS.iter().find(|column| column.key == full) {
        Some(column) => Ok(Subject::Column(column)),
        None => Err(unknown("where", key, COLUMNS.iter().map(|column| column.key))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> String {
        let tell = |word: &Word| {
            let subject = match &word.subject {
                Subject::Column(column) => column.key,
                Subject::Metadata(key) => &format!("[{key}]"),
                Subject::AnyText => "*",
            };
            format!("{}{subject} {} {}", if word.negated { "not " } else { "" }, word.operator.name(), word.value)
        };
        read(line).unwrap().iter().map(tell).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_line_is_words() {
        assert_eq!(
            told(r#"provider:openai status:>=500 -cost:<0.02 meta.team:eng "connection reset" model:~gpt agent:"a b""#),
            "provider eq openai; status_code gte 500; not cost lt 0.02; [team] eq eng; * contains connection reset; \
             model contains gpt; user_agent eq a b"
        );
        assert_eq!(told("  "), "");
        assert_eq!(told("12:30 https://x.example -"), "* contains 12:30; * contains https://x.example; * contains -");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |line| read(line).err().unwrap().to_string();
        assert!(message("modle:x").contains("model"), "{}", message("modle:x"));
        assert!(message("\"open").contains("quotation mark"));
    }
}
