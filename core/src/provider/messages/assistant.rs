//! What the model said before, as a chat's assistant message.

use serde_json::value::{RawValue, to_raw_value};

use super::super::carried::Carried;
use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::turn::{Call, Turn};
use super::super::written::Written;
use super::LEFT_OUT;
use super::content::{cache_control, listed};

/// The message; `None` if nothing was said.
pub(super) fn assistant(
    turn: &mut Object<'_>,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<Option<Written>, Untranslatable> {
    let mut said = Turn::default();
    let path = turn.at("content");
    if let Some(raw) = turn.take("content") {
        match Text::of(raw) {
            Some(text) => said.said.text(text, None),
            None => {
                for (index, raw) in listed(raw, &path)?.into_iter().enumerate() {
                    block(&mut said, Object::parse(format!("{path}[{index}]"), raw)?, (index, raw), takes, changes)?;
                }
            }
        }
    }
    Ok(said.message(&path, takes, changes))
}

fn block<'a>(
    said: &mut Turn<'a>,
    mut block: Object<'a>,
    placed_at: (usize, &RawValue),
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let kind: String = block.require_as("type", "the kind of this block")?;
    match kind.as_str() {
        "text" => {
            let mark = cache_control(&mut block, takes, changes);
            said.said.text(block.require_as("text", "a string")?, mark);
        }
        "tool_use" => {
            cache_control(&mut block, takes, changes);
            let (id, name) = (block.require_as("id", "the call's id")?, block.require_as("name", "the tool's name")?);
            let arguments = block.require_as::<&RawValue>("input", "an object")?.get().to_owned();
            said.calls.push(Call { id, name, arguments });
        }
        _ => return thought(said, &kind, block, placed_at, takes, changes),
    }
    block.report_rest(LEFT_OUT, changes);
    Ok(())
}

/// A block that is the model's own affair: its thoughts, or what its provider did for it.
fn thought<'a>(
    said: &mut Turn<'a>,
    kind: &str,
    mut block: Object<'a>,
    (index, raw): (usize, &RawValue),
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let sealed: Option<Text<'_>> = match kind {
        "thinking" => block.take_as("signature", "a string")?,
        "redacted_thinking" => block.take_as("data", "a string")?,
        _ => None,
    };
    if let Some(carried) = sealed.and_then(Carried::open) {
        said.carried.join(carried);
        said.thoughts.extend(block.take_as::<Text<'a>>("thinking", "a string")?);
        block.report_rest(LEFT_OUT, changes);
    } else if takes.extra("thinking_blocks") {
        // Of Anthropic's own making: the target knows whether it can do with it.
        said.carried.push(placed(index, raw));
    } else {
        let reason = "only Anthropic takes back what its own models thought or did: left out";
        changes.push(Change { path: block.path().to_owned(), reason });
    }
    Ok(())
}

/// The block as it is, with its place.
fn placed(index: usize, block: &RawValue) -> Box<RawValue> {
    let placed = format!("{{\"index\":{index},{}", &block.get()[1..]);
    RawValue::from_string(placed).unwrap_or_else(|_| to_raw_value(block).expect("a block that was read can be written"))
}
