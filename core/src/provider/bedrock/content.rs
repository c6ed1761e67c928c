//! The content of a message as Converse's blocks.
//! Formats: `ContentBlock`, `ImageBlock`, `DocumentBlock` and `CachePointBlock` of Bedrock's API reference.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;

/// Whose content it is: that decides which parts may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    System,
    User,
    Assistant,
    Tool,
}

/// The member `content`, a string or a list of parts. Empty texts are no blocks: Bedrock refuses them.
pub(super) fn content(
    message: &mut Object<'_>,
    owner: Owner,
    changes: &mut Vec<Change>,
) -> Result<Vec<Written>, Untranslatable> {
    let path = message.at("content");
    let Some(raw) = message.take("content") else { return Ok(Vec::new()) };
    if let Some(text) = Text::of(raw) {
        return Ok(text_block(text).into_iter().collect());
    }
    let parts: Vec<&RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Untranslatable::new(path.as_str(), "expected a string or an array of content parts"))?;
    let mut blocks = Vec::with_capacity(parts.len());
    for (index, raw) in parts.into_iter().enumerate() {
        let mut part = Object::parse(format!("{path}[{index}]"), raw)?;
        let mark = part.take("cache_control");
        blocks.extend(block(part, owner, changes)?);
        // A mark stands behind what it covers, and a tool's answer holds none.
        match mark {
            Some(mark) if owner != Owner::Tool => blocks.push(cache_point(mark)),
            Some(_) => changes.push(Change { path: format!("{path}[{index}].cache_control"), reason: LEFT_OUT }),
            None => {}
        }
    }
    Ok(blocks)
}

/// A mark for the prompt cache, with the time that it names.
pub(super) fn cache_point(mark: &RawValue) -> Written {
    #[derive(Default, Deserialize)]
    struct Mark {
        ttl: Option<String>,
    }
    let Mark { ttl } = serde_json::from_str(mark.get()).unwrap_or_default();
    Written::default().with("cachePoint", Written::of("default").with_some("ttl", ttl))
}

fn text_block(text: Text<'_>) -> Option<Written> {
    (!text.is_empty()).then(|| Written::default().with("text", text))
}

fn block(mut part: Object<'_>, owner: Owner, changes: &mut Vec<Change>) -> Result<Option<Written>, Untranslatable> {
    let kind: String = part.require_as("type", "the kind of this content part")?;
    let block = match (kind.as_str(), owner) {
        ("text", _) => text_block(part.require_as("text", "a string")?),
        ("image_url", Owner::User | Owner::Tool) => {
            let mut image = part.require_object("image_url", "an object with the image's url")?;
            let url: String = image.require_as("url", "a string")?;
            let block = self::image(&url).map_err(|message| Untranslatable::new(image.at("url"), message))?;
            image.take_if("detail", "\"auto\"");
            image.report_rest(LEFT_OUT, changes);
            Some(block)
        }
        ("file", Owner::User | Owner::Tool) => {
            let mut file = part.require_object("file", "an object with file_data")?;
            let name: Option<String> = file.take_as("filename", "a string")?;
            let url: String = file.require_as("file_data", "a data: URL")?;
            let block = document(&url, name.as_deref().unwrap_or("document"));
            let block = block.map_err(|message| Untranslatable::new(file.at("file_data"), message))?;
            file.report_rest(LEFT_OUT, changes);
            Some(block)
        }
        ("refusal", Owner::Assistant) => {
            let reason = "Bedrock has no refusal parts: carried as text";
            changes.push(Change { path: part.at("refusal"), reason });
            text_block(part.require_as("refusal", "a string")?)
        }
        _ => {
            let remedy = match owner {
                Owner::System | Owner::Assistant => "only text can stand here for Bedrock; send text parts",
                Owner::User | Owner::Tool => "send text, image_url or file parts; Bedrock's Converse has no other ones",
            };
            return Err(Untranslatable::new(part.at("type"), remedy));
        }
    };
    part.report_rest(LEFT_OUT, changes);
    Ok(block)
}

fn image(url: &str) -> Result<Written, &'static str> {
    let (media_type, data) = inline(url)?;
    let format = match media_type.as_str() {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => return Err("Bedrock reads png, jpeg, gif and webp; convert the image to one of these"),
    };
    let source = Written::default().with("bytes", data);
    Ok(Written::default().with("image", Written::default().with("format", format).with("source", source)))
}

fn document(url: &str, name: &str) -> Result<Written, &'static str> {
    let (media_type, data) = inline(url)?;
    let format = match media_type.as_str() {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/plain" => "txt",
        "text/markdown" => "md",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        _ => return Err("Bedrock reads pdf, csv, doc, docx, xls, xlsx, html, txt and md; convert it to one of these"),
    };
    // A name may hold letters, digits, single blanks, hyphens, parentheses and brackets, and nothing else.
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
    let name: String = name.chars().take(200).map(plain).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let document =
        Written::default().with("format", format).with("name", if name.is_empty() { "document" } else { &name });
    let source = Written::default().with("bytes", data);
    Ok(Written::default().with("document", document.with("source", source)))
}

/// The media type and the bytes of a data: URL (RFC 2397).
fn inline(url: &str) -> Result<(String, &str), &'static str> {
    if !url.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        return Err("Bedrock fetches nothing; send the bytes as a data: URL");
    }
    let (head, data) = url[5..].split_once(',').ok_or("this data: URL has no data")?;
    let mut parameters = head.split(';');
    let media_type = parameters.next().unwrap_or_default().to_ascii_lowercase();
    if parameters.next_back() != Some("base64") {
        return Err("Bedrock reads base64 only; encode the bytes so");
    }
    Ok((media_type, data))
}
