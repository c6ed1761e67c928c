//! Calls and answers in documented wire formats, each beside what it has to become: `tests/fixtures/<folder>/<case>.<kind>`.
//! With `TOLLHOUSE_BLESS` set the expected files are written instead of compared.

use std::path::PathBuf;

use serde_json::Value;

use super::dialect::{Heard, Takes};
use super::translate::StreamDecoder;
use crate::error::Error;
use crate::usage::Format;

/// The time of all answers here, in Unix seconds.
pub(super) const CREATED_S: u64 = 1_700_000_000;

/// A target that takes nothing but what every OpenAI-shaped server takes.
pub(super) const PLAIN: Takes = Takes { format: Format::Openai, extras: &[], lacks: &[] };

/// One that a translation stands before.
pub(super) const TRANSLATED: Takes = Takes { format: Format::Gemini, extras: &[], lacks: &[] };

/// The fixtures of one folder.
pub(super) struct Folder(pub(super) &'static str);

impl Folder {
    pub(super) fn read(&self, case: &str, kind: &str) -> Vec<u8> {
        std::fs::read(self.path(case, kind)).unwrap_or_else(|error| panic!("{case}.{kind}: {error}"))
    }

    pub(super) fn compare(&self, case: &str, kind: &str, actual: &str) {
        if std::env::var_os("TOLLHOUSE_BLESS").is_some() {
            std::fs::write(self.path(case, kind), actual).unwrap();
        }
        assert_eq!(actual, String::from_utf8(self.read(case, kind)).unwrap(), "{case}.{kind}");
    }

    /// A call as a chat, and its changes.
    pub(super) fn compare_heard(&self, case: &str, target: &str, heard: &Heard) {
        self.compare(case, &format!("{target}.json"), &pretty(&heard.chat));
        let changes: Vec<_> = heard.changes.iter().map(ToString::to_string).collect();
        self.compare(case, &format!("{target}.changes.txt"), &(changes.join("\n") + "\n"));
    }

    fn path(&self, case: &str, kind: &str) -> PathBuf {
        PathBuf::from(format!("{}/../tests/fixtures/{}/{case}.{kind}", env!("CARGO_MANIFEST_DIR"), self.0))
    }
}

/// What a decoder makes of these chunks, and how it ends.
pub(super) fn decoded<'a>(
    mut decoder: Box<dyn StreamDecoder>,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (String, Result<(), Error>) {
    let mut out = Vec::new();
    for chunk in chunks {
        // A failure stays, so the end reports it too.
        let _ = decoder.feed(chunk, &mut out);
    }
    let ended = decoder.end(&mut out);
    (String::from_utf8(out).unwrap(), ended)
}

/// The events of a stream, each with the name that it came under.
pub(super) fn events(stream: &str) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let (name, data) = block.strip_prefix("event: ")?.split_once("\ndata: ")?;
        // Half a character is not for this parser; in Python and JavaScript it is a string like any other.
        let whole = data.replace(r"\ud83d", "").replace(r"\ude42", "🙂");
        Some((name.to_owned(), serde_json::from_str(&whole).unwrap()))
    };
    stream.split("\n\n").filter_map(event).collect()
}

pub(super) fn pretty(json: &[u8]) -> String {
    format!("{:#}\n", serde_json::from_slice::<Value>(json).unwrap())
}
