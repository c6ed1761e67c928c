//! `count`.

use std::io::{self, Write};

use tollhouse::{TokenInput, count_tokens};

use super::Failure;
use super::arguments::Arguments;

/// Counts a text, or the standard input where none or `-` is given.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let model = arguments.place(0).unwrap_or_default();
    let text = match arguments.place(1) {
        Some(text) if text != "-" => text.to_owned(),
        _ => io::read_to_string(io::stdin())?,
    };
    let count = count_tokens(model, &TokenInput::Text(&text))?;
    let certainty = if count.exact { "exact" } else { "estimate" };
    Ok(writeln!(out, "{} tokens ({certainty}, {})", count.tokens, count.encoding)?)
}
