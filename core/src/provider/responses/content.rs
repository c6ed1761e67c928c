//! What an item says, as a chat's content parts.

use serde_json::value::RawValue;

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::parts::Parts;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;

/// A member that is a string or a list of parts; a refusal among them goes to `refusals`.
pub(super) fn content<'a>(
    item: &mut Object<'a>,
    key: &str,
    refusals: &mut Vec<Text<'a>>,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<Parts, Untranslatable> {
    let (path, mut parts) = (item.at(key), Parts::default());
    let Some(raw) = item.take(key) else { return Ok(parts) };
    if let Some(text) = Text::of(raw) {
        parts.text(text, None);
        return Ok(parts);
    }
    let listed: Vec<&'a RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Untranslatable::new(path.as_str(), "expected a string or an array of content parts"))?;
    for (index, raw) in listed.into_iter().enumerate() {
        let mut part = Object::parse(format!("{path}[{index}]"), raw)?;
        let kind: String = part.require_as("type", "the kind of this part")?;
        match kind.as_str() {
            "input_text" | "output_text" | "text" => {
                let mark = if takes.extra("cache_control") { part.take("cache_control") } else { None };
                parts.text(part.require_as("text", "a string")?, mark);
                part.take_if("logprobs", "[]");
            }
            "refusal" => refusals.push(part.require_as("refusal", "a string")?),
            "input_image" => parts.add(image(&mut part)?, None),
            "input_file" => parts.add(file(&mut part, takes)?, None),
            "input_audio" => {
                let sound: &RawValue = part.require_as("input_audio", "an object with data and format")?;
                parts.add(Written::of("input_audio").with("input_audio", sound), None);
            }
            _ => {
                let remedy =
                    "this kind of part cannot be carried to this model; send input_text, input_image or input_file";
                return Err(Untranslatable::new(part.at("type"), remedy));
            }
        }
        part.report_rest(LEFT_OUT, changes);
    }
    Ok(parts)
}

const UPLOADED: &str = "a file that was uploaded to OpenAI is not known to another provider; send its bytes";

fn image(part: &mut Object<'_>) -> Result<Written, Untranslatable> {
    if part.take("file_id").is_some() {
        return Err(Untranslatable::new(part.at("file_id"), UPLOADED));
    }
    let url: Text<'_> = part.require_as("image_url", "a URL, or the image itself as a data: URL")?;
    part.take_if("detail", "\"auto\"");
    let image = Written::default().with("url", url).with_some("detail", part.take("detail"));
    Ok(Written::of("image_url").with("image_url", image))
}

fn file(part: &mut Object<'_>, takes: &Takes) -> Result<Written, Untranslatable> {
    if part.take("file_id").is_some() {
        return Err(Untranslatable::new(part.at("file_id"), UPLOADED));
    }
    let (data, url) = (part.take_as::<Text<'_>>("file_data", "a data: URL")?, part.take_as("file_url", "a URL")?);
    if url.is_some() && !takes.is_translated() {
        let remedy = "this model takes no files by URL; send its bytes as file_data";
        return Err(Untranslatable::new(part.at("file_url"), remedy));
    }
    let data =
        data.or(url).ok_or_else(|| Untranslatable::new(part.at("file_data"), "missing; expected a data: URL"))?;
    let mut file = Written::default();
    file.put_some("filename", part.take("filename"));
    file.put("file_data", data);
    Ok(Written::of("file").with("file", file))
}
