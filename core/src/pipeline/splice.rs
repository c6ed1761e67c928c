//! The stream of a model that goes on with another one's answer, as a part of that answer: with its id, without a beginning
//! of its own.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use serde_json::Value;

use super::metered::Metered;
use super::shown::Shown;
use crate::error::{Error, ErrorKind};
use crate::sse::Parser;

pub(super) struct Spliced {
    pub(super) metered: Metered,
    parser: Parser,
    join: Join,
}

/// How the second answer is joined to the first.
struct Join {
    /// Tells who goes on, as a comment, which SDKs pass over.
    comment: Option<String>,
    identity: [(&'static str, Option<Value>); 2],
    /// The beginning that is expected once more, as far as it has not come.
    echo: String,
    /// As far as it has come.
    echoed: String,
    /// Blanks at the end of the first text, which the beginning left out.
    blanks: String,
}

impl Spliced {
    pub(super) fn new(metered: Metered, name: &str, shown: &Shown, echoes: bool) -> Self {
        let name = name.replace(char::is_control, " ");
        let characters = shown.text().chars().count();
        let join = Join {
            comment: Some(format!(": tollhouse: {name} goes on after {characters} characters\n\n")),
            identity: shown.identity(),
            echo: if echoes { shown.beginning().to_owned() } else { String::new() },
            echoed: String::new(),
            blanks: shown.text()[shown.beginning().len()..].to_owned(),
        };
        Self { metered, parser: Parser::default(), join }
    }
}

impl Stream for Spliced {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(comment) = this.join.comment.take() {
            return Poll::Ready(Some(Ok(comment.into())));
        }
        loop {
            let chunk = match ready!(Pin::new(&mut this.metered).poll_next(cx)) {
                Some(Ok(chunk)) => chunk,
                other => return Poll::Ready(other),
            };
            let (mut out, join) = (String::new(), &mut this.join);
            if this.parser.feed(&chunk, |event| join.event(&event.data, &mut out)).is_err() {
                let error = Error::new(ErrorKind::Broken, "the provider sent an event over 8 MiB");
                return Poll::Ready(Some(Err(error)));
            }
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(out.into())));
            }
        }
    }
}

impl Join {
    fn event(&mut self, data: &str, out: &mut String) {
        let Ok(Value::Object(mut chunk)) = serde_json::from_str(data) else {
            return say(data, out);
        };
        for (key, value) in &self.identity {
            if let (Some(value), true) = (value, chunk.contains_key(*key)) {
                chunk.insert((*key).to_owned(), value.clone());
            }
        }
        let choices = chunk.get_mut("choices").and_then(Value::as_array_mut);
        for choice in choices.into_iter().flatten() {
            let ends = !choice["finish_reason"].is_null();
            let Some(delta) = choice["delta"].as_object_mut() else { continue };
            delta.remove("role");
            let content = delta.get("content").and_then(Value::as_str).map(str::to_owned);
            if content.is_some() || ends {
                let text = self.text(&content.unwrap_or_default(), ends);
                if text.is_empty() {
                    delta.remove("content");
                } else {
                    delta.insert("content".to_owned(), text.into());
                }
            }
        }
        let has_more = chunk.get("usage").is_some_and(|usage| !usage.is_null());
        let says_nothing = |choice: &Value| {
            choice["finish_reason"].is_null() && choice["delta"].as_object().is_some_and(serde_json::Map::is_empty)
        };
        let choices = chunk.get("choices").and_then(Value::as_array);
        if has_more || choices.is_none_or(|choices| choices.is_empty() || !choices.iter().all(says_nothing)) {
            say(&Value::Object(chunk).to_string(), out);
        }
    }

    /// What is new of a piece of text.
    fn text(&mut self, piece: &str, is_last: bool) -> String {
        let mut text = std::mem::take(&mut self.echoed) + piece;
        if !self.echo.is_empty() {
            if let Some(rest) = text.strip_prefix(self.echo.as_str()) {
                let end = text.len() - rest.len();
                text.drain(..end);
                self.echo.clear();
            } else if !is_last && self.echo.starts_with(&text) {
                self.echoed = text;
                return String::new();
            } else {
                // It is none after all.
                self.echo.clear();
            }
        }
        // The first text ends with these blanks already.
        while let (Some(blank), Some(first)) = (self.blanks.chars().next(), text.chars().next()) {
            if blank != first {
                self.blanks.clear();
                break;
            }
            self.blanks.remove(0);
            text.remove(0);
        }
        text
    }
}

fn say(data: &str, out: &mut String) {
    out.push_str("data: ");
    out.push_str(data);
    out.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(first: &str, echoes: bool, pieces: &[&str]) -> String {
        let beginning = first.trim_end();
        let mut join = Join {
            comment: None,
            identity: [("id", None), ("created", None)],
            echo: if echoes { beginning.to_owned() } else { String::new() },
            echoed: String::new(),
            blanks: first[beginning.len()..].to_owned(),
        };
        let last = pieces.len() - 1;
        pieces.iter().enumerate().fold(first.to_owned(), |all, (index, piece)| all + &join.text(piece, index == last))
    }

    #[test]
    fn nothing_is_said_twice_and_nothing_is_lost() {
        assert_eq!(joined("Hel", false, &["lo", " you"]), "Hello you");
        assert_eq!(joined("Hello ", false, &[" you"]), "Hello you");
        assert_eq!(joined("Hello ", false, &["you"]), "Hello you");
        assert_eq!(joined("Hello \n", false, &[" ", "\n\nyou"]), "Hello \n\nyou");
        assert_eq!(joined("Hello ", true, &["He", "llo", " you"]), "Hello you");
        assert_eq!(joined("Hello", true, &["Hello you"]), "Hello you");
        assert_eq!(joined("Hello", true, &[" you"]), "Hello you");
        assert_eq!(joined("Hello", true, &["He", " said"]), "HelloHe said");
        assert_eq!(joined("Hello", true, &["He"]), "HelloHe", "it ends before it is one");
    }
}
