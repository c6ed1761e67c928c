//! A chat-completions body as the body of Gemini's `generateContent`.
//! Formats: <https://platform.openai.com/docs/api-reference/chat/create>, <https://ai.google.dev/api/generate-content>.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::translate::{Change, Translated, Untranslatable};
use super::LEFT_OUT;
use super::contents::{Content, Conversation, conversation};
use super::generation::{Generation, generation};
use super::parts::Part;
use super::tools::{ToolConfig, Tools, tool_config, tools};

/// Members that only say what holds without them.
const NEUTRAL: [(&str, &str); 8] = [
    ("n", "1"),
    ("store", "false"),
    ("logprobs", "false"),
    ("logit_bias", "{}"),
    ("metadata", "{}"),
    ("modalities", r#"["text"]"#),
    ("service_tier", r#""auto""#),
    ("verbosity", r#""medium""#),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<System<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Generation::is_empty")]
    generation_config: Generation<'a>,
    // What only Gemini knows goes through as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_settings: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct System<'a> {
    parts: Vec<Part<'a>>,
}

/// The `generateContent` call for `body`. What has no counterpart is listed in the changes, whatever it is called.
pub(super) fn translate(body: &[u8]) -> Result<Translated, Untranslatable> {
    let mut changes = Vec::new();
    let mut chat = Object::body(body)?;
    let model: String = chat.require_as("model", "a model's name")?;
    let stream = chat.take_as("stream", "true or false")?.unwrap_or(false);
    let path = path(&model, stream)?;
    let Conversation { system, contents } = conversation(&mut chat, &mut changes)?;
    let tools = tools(&mut chat, &mut changes)?;
    let tool_config = tool_config(&mut chat, !tools.is_empty(), &mut changes)?;
    let content = Body {
        system_instruction: (!system.is_empty()).then_some(System { parts: system }),
        contents,
        tools,
        tool_config,
        generation_config: generation(&model, &mut chat, &mut changes)?,
        safety_settings: chat.take("safetySettings"),
        cached_content: chat.take("cachedContent"),
    };
    let include_usage = include_usage(&mut chat, &mut changes)?;
    for (key, value) in NEUTRAL {
        chat.take_if(key, value);
    }
    chat.report_rest(LEFT_OUT, &mut changes);
    Ok(Translated {
        path,
        body: serde_json::to_vec(&content).expect("these shapes have string keys only").into(),
        headers: Vec::new(),
        changes,
        include_usage,
    })
}

/// The model is a part of the path, so it may hold nothing that would make it another path.
fn path(model: &str, stream: bool) -> Result<String, Untranslatable> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | '@');
    if model.is_empty() || model.contains("..") || model.starts_with('/') || !model.chars().all(is_plain) {
        return Err(Untranslatable::new("model", "not a model's name; send one like gemini-2.5-flash"));
    }
    // Tuned models are `tunedModels/{name}`; all others stand in `models`.
    let folder = if model.contains('/') { "" } else { "models/" };
    let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    Ok(format!("v1beta/{folder}{model}:{method}"))
}

fn include_usage(chat: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<bool, Untranslatable> {
    let Some(mut options) = chat.take_object("stream_options")? else { return Ok(false) };
    let include_usage = options.take_as("include_usage", "true or false")?.unwrap_or(false);
    options.take_if("include_obfuscation", "false");
    options.report_rest(LEFT_OUT, changes);
    Ok(include_usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_makes_its_path_and_no_other() {
        assert_eq!(path("gemini-2.5-flash", false).unwrap(), "v1beta/models/gemini-2.5-flash:generateContent");
        assert_eq!(path("tunedModels/x", true).unwrap(), "v1beta/tunedModels/x:streamGenerateContent?alt=sse");
        for model in ["", "../x", "a?b", "a#b", "/x", "a%2e", "a:b", "é"] {
            assert_eq!(path(model, false).unwrap_err().field, "model", "{model}");
        }
    }
}
