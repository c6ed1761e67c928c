//! The content of a message as Gemini's parts.
//! Formats: <https://platform.openai.com/docs/api-reference/chat/create> (content parts), `Part` of
//! <https://ai.google.dev/api/caching>; sound and files: <https://ai.google.dev/gemini-api/docs/file-input-methods>.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;

/// A part of a turn.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Text {
        text: Text<'a>,
    },
    #[serde(rename_all = "camelCase")]
    Inline {
        inline_data: Inline,
    },
    #[serde(rename_all = "camelCase")]
    File {
        file_data: File,
    },
    #[serde(rename_all = "camelCase")]
    Call {
        function_call: Call<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<Text<'a>>,
    },
    #[serde(rename_all = "camelCase")]
    Result {
        function_response: CallResult<'a>,
    },
    /// A part of an earlier answer, as it was.
    Kept(Box<RawValue>),
}

/// Bytes in base64.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Inline {
    mime_type: String,
    data: String,
}

/// Bytes that Gemini fetches itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'static str>,
    file_uri: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Call<'a> {
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) args: Box<RawValue>,
}

#[derive(Debug, Serialize)]
pub(super) struct CallResult<'a> {
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) response: Output,
}

/// Gemini wants an object; `output` is its name for what a function gave.
#[derive(Debug, Serialize)]
pub(super) struct Output {
    pub(super) output: Box<RawValue>,
}

/// Whose content it is: that decides which parts may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    System,
    User,
    Assistant,
    Tool,
}

/// The member `content` of a message, a string or a list of parts. Empty texts are no parts: they say nothing.
pub(super) fn content<'a>(
    message: &mut Object<'a>,
    owner: Owner,
    changes: &mut Vec<Change>,
) -> Result<Vec<Part<'a>>, Untranslatable> {
    let path = message.at("content");
    let Some(raw) = message.take("content") else { return Ok(Vec::new()) };
    if let Ok(text) = serde_json::from_str::<Text<'a>>(raw.get()) {
        return Ok(part_of(text).into_iter().collect());
    }
    let given: Vec<&'a RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Untranslatable::new(path.as_str(), "expected a string or an array of content parts"))?;
    let mut parts = Vec::with_capacity(given.len());
    for (index, raw) in given.into_iter().enumerate() {
        parts.extend(part(Object::parse(format!("{path}[{index}]"), raw)?, owner, changes)?);
    }
    Ok(parts)
}

/// A text as a part, unless it is empty.
pub(super) fn part_of(text: Text<'_>) -> Option<Part<'_>> {
    (!text.is_empty()).then_some(Part::Text { text })
}

fn part<'a>(mut part: Object<'a>, owner: Owner, changes: &mut Vec<Change>) -> Result<Option<Part<'a>>, Untranslatable> {
    let kind: String = part.require_as("type", "the kind of this content part")?;
    let carried = match (kind.as_str(), owner) {
        ("text", _) => part_of(part.require_as("text", "a string")?),
        ("image_url", Owner::User) => {
            let mut image = part.require_object("image_url", "an object with the image's url")?;
            let url: String = image.require_as("url", "a string")?;
            let carried = located(url).map_err(|message| Untranslatable::new(image.at("url"), message))?;
            image.take_if("detail", "\"auto\"");
            image.report_rest(LEFT_OUT, changes);
            Some(carried)
        }
        ("input_audio", Owner::User) => {
            let mut sound = part.require_object("input_audio", "an object with data and format")?;
            let format: String = sound.require_as("format", "wav or mp3")?;
            let data = sound.require_as("data", "base64")?;
            sound.report_rest(LEFT_OUT, changes);
            Some(Part::Inline { inline_data: Inline { mime_type: format!("audio/{format}"), data } })
        }
        ("file", Owner::User) => {
            let mut file = part.require_object("file", "an object with file_data or file_id")?;
            let (data, id) = (file.take_as("file_data", "a data: URL")?, file.take_as("file_id", "a file's URI")?);
            let remedy = "send file_data as a data: URL, or as file_id the URI of a file that was uploaded to Gemini";
            let url: String = data.or(id).ok_or_else(|| Untranslatable::new(file.at("file_data"), remedy))?;
            let carried = located(url).map_err(|message| Untranslatable::new(file.at("file_data"), message))?;
            file.report_rest(LEFT_OUT, changes);
            Some(carried)
        }
        ("refusal", Owner::Assistant) => {
            let reason = "Gemini has no refusal parts: carried as text";
            changes.push(Change { path: part.at("refusal"), reason });
            part_of(part.require_as("refusal", "a string")?)
        }
        _ => return Err(Untranslatable::new(part.at("type"), unknown(owner))),
    };
    part.report_rest(LEFT_OUT, changes);
    Ok(carried)
}

fn unknown(owner: Owner) -> &'static str {
    match owner {
        Owner::System => "only text can stand in a system message for Gemini; send text parts",
        Owner::Assistant => "only text can stand in an assistant message for Gemini; send text parts",
        Owner::Tool => "only text can stand in a tool's answer for Gemini; send text parts",
        Owner::User => {
            "this kind of content cannot be carried to Gemini; send text, image_url, input_audio or file parts, or call \
             the provider's own generateContent"
        }
    }
}

/// The bytes at `url`, which may hold them itself (RFC 2397).
fn located<'a>(mut url: String) -> Result<Part<'a>, &'static str> {
    if ["https://", "gs://"].iter().any(|scheme| starts_with(&url, scheme)) {
        return Ok(Part::File { file_data: File { mime_type: media_type(&url), file_uri: url } });
    }
    if !starts_with(&url, "data:") {
        return Err("Gemini fetches over https only; send an https or a data: URL");
    }
    let (head, data) = url.split_once(',').ok_or("this data: URL has no data")?;
    let mut parameters = head["data:".len()..].split(';');
    let mime_type = parameters.next().unwrap_or_default().to_ascii_lowercase();
    if mime_type.is_empty() {
        return Err("Gemini has to know the media type; begin with one, as in data:image/png;base64,");
    }
    if parameters.next_back() != Some("base64") {
        return Err("Gemini reads base64 only; encode the bytes so");
    }
    let data = url.split_off(url.len() - data.len());
    Ok(Part::Inline { inline_data: Inline { mime_type, data } })
}

/// What the end of a URL tells of the file.
fn media_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, end) = path.rsplit_once('.')?;
    match end.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "gif" => Some("image/gif"),
        "pdf" => Some("application/pdf"),
        "mp3" => Some("audio/mp3"),
        "wav" => Some("audio/wav"),
        "mp4" => Some("video/mp4"),
        _ => None,
    }
}

fn starts_with(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}
