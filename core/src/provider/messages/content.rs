//! Content blocks that callers send, as a chat's content parts.

use serde_json::value::{RawValue, to_raw_value};

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::parts::Parts;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::documents::{document, search_result};

/// The parts of a message, and the results of calls that stood among them, as messages of their own.
#[derive(Default)]
pub(super) struct Content {
    pub(super) parts: Parts,
    pub(super) results: Vec<Written>,
}

/// A member that is a string or a list of blocks.
pub(super) fn content(
    message: &mut Object<'_>,
    key: &str,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<Content, Untranslatable> {
    let (path, mut content) = (message.at(key), Content::default());
    let Some(raw) = message.take(key) else { return Ok(content) };
    if let Some(text) = Text::of(raw) {
        content.parts.text(text, None);
        return Ok(content);
    }
    for (index, block) in listed(raw, &path)?.into_iter().enumerate() {
        content.block(Object::parse(format!("{path}[{index}]"), block)?, takes, changes)?;
    }
    Ok(content)
}

/// The blocks of a list.
pub(super) fn listed<'a>(raw: &'a RawValue, path: &str) -> Result<Vec<&'a RawValue>, Untranslatable> {
    serde_json::from_str(raw.get())
        .map_err(|_| Untranslatable::new(path, "expected a string or an array of content blocks"))
}

/// A block's mark for the prompt cache, where the target has such marks.
pub(super) fn cache_control<'a>(
    block: &mut Object<'a>,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Option<&'a RawValue> {
    let mark = block.take("cache_control")?;
    if takes.extra("cache_control") {
        return Some(mark);
    }
    let reason = "this provider takes no marks for its prompt cache: left out";
    changes.push(Change { path: block.at("cache_control"), reason });
    None
}

impl Content {
    fn block(&mut self, mut block: Object<'_>, takes: &Takes, changes: &mut Vec<Change>) -> Result<(), Untranslatable> {
        let kind: String = block.require_as("type", "the kind of this block")?;
        let mark = cache_control(&mut block, takes, changes);
        match kind.as_str() {
            "text" => self.parts.text(block.require_as("text", "a string")?, mark),
            "image" => {
                let mut source = block.require_object("source", "where the image is")?;
                let kind: String = source.require_as("type", "base64 or url")?;
                let image = Written::default().with("url", address(&mut source, &kind)?);
                source.report_rest(LEFT_OUT, changes);
                self.parts.add(Written::of("image_url").with("image_url", image), mark);
            }
            "document" => document(&mut block, mark, &mut self.parts, takes, changes)?,
            "search_result" => search_result(&mut block, mark, &mut self.parts, changes)?,
            "tool_result" => self.result(&mut block, mark, takes, changes)?,
            _ => {
                let remedy = "this kind of block cannot be carried to this model; send text, image, document, \
                              search_result or tool_result blocks";
                return Err(Untranslatable::new(block.at("type"), remedy));
            }
        }
        block.report_rest(LEFT_OUT, changes);
        Ok(())
    }

    /// The result of a call. Where it can hold nothing but text, its images follow as what the user says.
    fn result(
        &mut self,
        block: &mut Object<'_>,
        mark: Option<&RawValue>,
        takes: &Takes,
        changes: &mut Vec<Change>,
    ) -> Result<(), Untranslatable> {
        let id: Text<'_> = block.require_as("tool_use_id", "the id of the call that this answers")?;
        let said = content(block, "content", takes, changes)?.parts;
        let (texts, others) = if takes.shows_results() { (said, Parts::default()) } else { said.split() };
        if !others.is_empty() {
            let reason = "a tool's answer holds text only: the rest of it follows as the user's";
            changes.push(Change { path: block.at("content"), reason });
            self.parts.extend(others);
        }
        let failed = block.take("is_error").filter(|failed| failed.get() == "true");
        if failed.is_some() && !takes.extra("is_error") {
            let reason = "no mark for calls that failed: left out, the answer itself has to say it";
            changes.push(Change { path: block.at("is_error"), reason });
        }
        let text = texts.content().unwrap_or_else(|| to_raw_value("").expect("a string is JSON"));
        let message = Written::default().with("role", "tool").with("tool_call_id", id).with("content", text);
        let message = message.with_some("is_error", failed.filter(|_| takes.extra("is_error")));
        self.results.push(message.with_some("cache_control", mark));
        Ok(())
    }
}

/// The URL of a source, or its bytes as one (RFC 2397).
pub(super) fn address(source: &mut Object<'_>, kind: &str) -> Result<String, Untranslatable> {
    match kind {
        "url" => source.require_as("url", "a string"),
        "base64" => {
            let media_type: String = source.require_as("media_type", "a media type such as image/png")?;
            Ok(format!("data:{media_type};base64,{}", source.require_as::<String>("data", "base64")?))
        }
        _ => {
            let remedy = "a file that was uploaded to one provider is not known to another; send base64 or url";
            Err(Untranslatable::new(source.at("type"), remedy))
        }
    }
}
