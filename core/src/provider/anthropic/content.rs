//! The content of a message as Anthropic's blocks.
//! Formats: <https://platform.openai.com/docs/api-reference/chat/create> (content parts),
//! <https://platform.claude.com/docs/en/api/messages/create> (content blocks).

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;

/// A block of a message. `cache_control` is Anthropic's own and may stand on any part of the caller's.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: Text<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Image {
        source: Source,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Document {
        source: Source,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<Text<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolUse {
        id: Text<'a>,
        name: Text<'a>,
        input: Box<RawValue>,
    },
    ToolResult {
        tool_use_id: Text<'a>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// A block of an earlier answer, as it was.
    #[serde(untagged)]
    Kept(Box<RawValue>),
}

/// Where the bytes of an image or a document are.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source {
    Base64 { media_type: String, data: String },
    Url { url: String },
}

/// Whose content it is: that decides which parts may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    System,
    User,
    Assistant,
    Tool,
}

/// The member `content` of a message, a string or a list of parts, as blocks. Empty texts are no blocks: Anthropic
/// refuses them, and they say nothing.
pub(super) fn content<'a>(
    message: &mut Object<'a>,
    owner: Owner,
    changes: &mut Vec<Change>,
) -> Result<Vec<Block<'a>>, Untranslatable> {
    let path = message.at("content");
    let Some(raw) = message.take("content") else { return Ok(Vec::new()) };
    if let Ok(text) = serde_json::from_str::<Text<'a>>(raw.get()) {
        return Ok(block_of(text, None).into_iter().collect());
    }
    let parts: Vec<&'a RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Untranslatable::new(path.as_str(), "expected a string or an array of content parts"))?;
    let mut blocks = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        blocks.extend(block(Object::parse(format!("{path}[{index}]"), part)?, owner, changes)?);
    }
    Ok(blocks)
}

/// A text as a block, unless it is empty.
pub(super) fn block_of<'a>(text: Text<'a>, cache_control: Option<&'a RawValue>) -> Option<Block<'a>> {
    (!text.is_empty()).then_some(Block::Text { text, cache_control })
}

fn block<'a>(
    mut part: Object<'a>,
    owner: Owner,
    changes: &mut Vec<Change>,
) -> Result<Option<Block<'a>>, Untranslatable> {
    let kind: String = part.require_as("type", "the kind of this content part")?;
    let cache_control = part.take("cache_control");
    let block = match (kind.as_str(), owner) {
        ("text", _) => block_of(part.require_as("text", "a string")?, cache_control),
        ("image_url", Owner::User | Owner::Tool) => {
            Some(Block::Image { source: image(&mut part, changes)?, cache_control })
        }
        ("file", Owner::User | Owner::Tool) => {
            let mut file = part.require_object("file", "an object with file_data")?;
            let title = file.take_as("filename", "a string")?;
            let url: String = file.require_as("file_data", "a data: URL")?;
            let source = document(url).map_err(|message| Untranslatable::new(file.at("file_data"), message))?;
            file.report_rest(LEFT_OUT, changes);
            Some(Block::Document { source, title, cache_control })
        }
        ("refusal", Owner::Assistant) => {
            let reason = "Anthropic has no refusal parts: carried as text";
            changes.push(Change { path: part.at("refusal"), reason });
            block_of(part.require_as("refusal", "a string")?, cache_control)
        }
        _ => return Err(Untranslatable::new(part.at("type"), unknown(owner))),
    };
    part.report_rest(LEFT_OUT, changes);
    Ok(block)
}

fn unknown(owner: Owner) -> &'static str {
    match owner {
        Owner::System => "only text can stand in a system message for Anthropic; send text parts",
        Owner::Assistant => "only text can stand in an assistant message for Anthropic; send text parts",
        Owner::User | Owner::Tool => {
            "this kind of content cannot be carried to Anthropic; send text, image_url or file parts, or call the \
             provider's own /v1/messages"
        }
    }
}

fn image(part: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Source, Untranslatable> {
    let mut image = part.require_object("image_url", "an object with the image's url")?;
    let url: String = image.require_as("url", "a string")?;
    let source = source(url).map_err(|message| Untranslatable::new(image.at("url"), message))?;
    image.take_if("detail", "\"auto\"");
    image.report_rest(LEFT_OUT, changes);
    Ok(source)
}

/// The document at `url`, which may hold the document itself (platform.claude.com/docs/en/build-with-claude/pdf-support).
fn document(url: String) -> Result<Source, &'static str> {
    located(url, &["application/pdf"], "Anthropic reads documents as application/pdf; convert it, or send its text")
}

/// The image at `url`, which may hold the image itself (platform.claude.com/docs/en/build-with-claude/vision).
fn source(url: String) -> Result<Source, &'static str> {
    const MEDIA_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    let other = "Anthropic reads image/jpeg, image/png, image/gif and image/webp; convert the image to one of these";
    located(url, &MEDIA_TYPES, other)
}

/// The bytes at `url`, which may hold them itself (RFC 2397).
fn located(mut url: String, media_types: &[&str], other: &'static str) -> Result<Source, &'static str> {
    if starts_with(&url, "https://") {
        return Ok(Source::Url { url });
    }
    if !starts_with(&url, "data:") {
        return Err("Anthropic fetches over https only; send an https or a data: URL");
    }
    let (head, data) = url.split_once(',').ok_or("this data: URL has no data")?;
    let mut parameters = head["data:".len()..].split(';');
    let media_type = parameters.next().unwrap_or_default().to_ascii_lowercase();
    if !media_types.contains(&media_type.as_str()) {
        return Err(other);
    }
    if parameters.next_back() != Some("base64") {
        return Err("Anthropic reads base64 only; encode the image's bytes so");
    }
    let data = url.split_off(url.len() - data.len());
    Ok(Source::Base64 { media_type, data })
}

fn starts_with(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn blocks(content: &Value, owner: Owner) -> Result<(Value, Vec<Change>), Untranslatable> {
        let text = json!({ "content": content }).to_string();
        let mut changes = Vec::new();
        let raw: &RawValue = serde_json::from_str(&text).unwrap();
        let mut message = Object::parse("messages[2]".to_owned(), raw).unwrap();
        let blocks = super::content(&mut message, owner, &mut changes)?;
        Ok((serde_json::to_value(&blocks).unwrap(), changes))
    }

    fn image(url: &str) -> Value {
        json!([{"type": "image_url", "image_url": {"url": url, "detail": "auto"}}])
    }

    #[test]
    fn images_are_carried_by_address_and_by_bytes() {
        let (by_url, _) = blocks(&image("HTTPS://a.test/x.png"), Owner::User).unwrap();
        assert_eq!(by_url[0]["source"], json!({"type": "url", "url": "HTTPS://a.test/x.png"}));
        let (by_bytes, changes) = blocks(&image("data:image/PNG;x=y;base64,iVBORw0/+="), Owner::Tool).unwrap();
        assert_eq!(by_bytes[0]["source"], json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0/+="}));
        assert_eq!(changes, []);
    }

    #[test]
    fn images_that_anthropic_cannot_read_are_refused_without_repeating_them() {
        for url in
            ["http://a.test/x", "data:image/png;base64", "data:image/tiff;base64,AA", "data:image/png,AA", "é", ""]
        {
            let fault = blocks(&image(url), Owner::User).unwrap_err();
            assert_eq!(fault.field, "messages[2].content[0].image_url.url");
            assert!(url.is_empty() || !fault.message.contains(url));
        }
    }

    #[test]
    fn documents_are_carried_with_their_name() {
        let file = json!([{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}]);
        let (block, changes) = blocks(&file, Owner::User).unwrap();
        let source = json!({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="});
        assert_eq!(block, json!([{"type": "document", "source": source, "title": "a.pdf"}]));
        assert_eq!(changes, []);
        let text = json!([{"type": "file", "file": {"file_data": "data:text/plain;base64,YQ=="}}]);
        assert_eq!(blocks(&text, Owner::User).unwrap_err().field, "messages[2].content[0].file.file_data");
    }

    #[test]
    fn parts_that_cannot_be_carried_name_their_place() {
        let sound = json!([{"type": "text", "text": "a"}, {"type": "input_audio", "input_audio": {}}]);
        for owner in [Owner::System, Owner::User, Owner::Assistant, Owner::Tool] {
            assert_eq!(blocks(&sound, owner).unwrap_err().field, "messages[2].content[1].type");
        }
        assert_eq!(blocks(&image("https://a.test"), Owner::System).unwrap_err().field, "messages[2].content[0].type");
        assert_eq!(blocks(&json!(1), Owner::User).unwrap_err().field, "messages[2].content");
        assert_eq!(blocks(&json!(["a"]), Owner::User).unwrap_err().field, "messages[2].content[0]");
    }

    #[test]
    fn nothing_in_a_part_is_lost_in_silence() {
        let part = json!([{"type": "text", "text": "a", "annotations": [1], "cache_control": {"type": "ephemeral"}}]);
        let (block, changes) = blocks(&part, Owner::User).unwrap();
        assert_eq!(block, json!([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]));
        assert_eq!(changes, [Change { path: "messages[2].content[0].annotations".to_owned(), reason: LEFT_OUT }]);
    }

    #[test]
    fn empty_texts_are_no_blocks() {
        assert_eq!(blocks(&json!(""), Owner::User).unwrap().0, json!([]));
        assert_eq!(blocks(&json!([{"type": "text", "text": ""}]), Owner::User).unwrap().0, json!([]));
        assert_eq!(blocks(&Value::Null, Owner::Assistant).unwrap().0, json!([]));
    }
}
