//! Documents and found pages as a chat's content parts.

use serde_json::value::{RawValue, to_raw_value};

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::parts::Parts;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::content::{address, content};

/// A document: its text, or a file of its bytes.
pub(super) fn document(
    block: &mut Object<'_>,
    mark: Option<&RawValue>,
    parts: &mut Parts,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let mut source = block.require_object("source", "where the document is")?;
    let kind: String = source.require_as("type", "base64, text, content or url")?;
    match kind.as_str() {
        "text" => {
            source.take_if("media_type", "\"text/plain\"");
            parts.text(source.require_as("data", "a string")?, mark);
        }
        "content" => parts.extend(content(&mut source, "content", takes, changes)?.parts),
        _ => {
            let title: Option<String> = block.take_as("title", "a string")?;
            let url = address(&mut source, &kind)?;
            if kind == "url" && !takes.is_translated() {
                let remedy = "this model takes no documents by URL; send its bytes as base64";
                return Err(Untranslatable::new(source.at("url"), remedy));
            }
            let name = title.unwrap_or_else(|| "document.pdf".to_owned());
            let file = Written::default().with("filename", name).with("file_data", url);
            parts.add(Written::of("file").with("file", file), mark);
        }
    }
    source.report_rest(LEFT_OUT, changes);
    // Whether sources are named in the answer is the model's own affair everywhere else.
    block.take_if("citations", r#"{"enabled":false}"#);
    Ok(())
}

/// A found page, as text under its title and address.
pub(super) fn search_result(
    block: &mut Object<'_>,
    mark: Option<&RawValue>,
    parts: &mut Parts,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let title: String = block.require_as("title", "a string")?;
    let mut text = format!("{title}\n{}\n", block.require_as::<String>("source", "a string")?);
    for (path, raw) in block.take_list("content")? {
        let mut inner = Object::parse(path, raw)?;
        inner.take_if("type", "\"text\"");
        text.push_str(&inner.require_as::<String>("text", "a string")?);
        inner.report_rest(LEFT_OUT, changes);
    }
    changes.push(Change { path: block.path().to_owned(), reason: "chats have no search results: sent as text" });
    let text = to_raw_value(&text).expect("a string is JSON");
    parts.text(Text::of(&text).expect("a string was written"), mark);
    Ok(())
}
