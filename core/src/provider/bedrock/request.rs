//! A chat-completions body as the body of Converse.

use std::fmt::Write;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Translated, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::conversation::conversation;
use super::tools::tools;

/// Members that only say what holds without them.
const NEUTRAL: [(&str, &str); 12] = [
    ("n", "1"),
    ("store", "false"),
    ("logprobs", "false"),
    ("frequency_penalty", "0"),
    ("frequency_penalty", "0.0"),
    ("presence_penalty", "0"),
    ("presence_penalty", "0.0"),
    ("logit_bias", "{}"),
    ("metadata", "{}"),
    ("modalities", r#"["text"]"#),
    ("service_tier", r#""auto""#),
    ("verbosity", r#""medium""#),
];

/// Members of Converse that chats have no word for: they go through as they are.
const OWN: [&str; 4] = ["additionalModelRequestFields", "guardrailConfig", "performanceConfig", "requestMetadata"];

/// The Converse call for `body`. What has no counterpart is listed in the changes, whatever it is called.
pub(super) fn translate(body: &[u8]) -> Result<Translated, Untranslatable> {
    let mut changes = Vec::new();
    let mut chat = Object::body(body)?;
    let model: String = chat.require_as("model", "a model's id")?;
    let stream = chat.take_as("stream", "true or false")?.unwrap_or(false);
    let mut converse = Written::default();
    conversation(&mut chat, &mut converse, &mut changes)?;
    tools(&mut chat, &mut converse, &mut changes)?;
    inference(&mut chat, &mut converse)?;
    format(&mut chat, &mut converse, &mut changes)?;
    let own = OWN.map(|name| (name, chat.take(name)));
    let mut fields = Written::default();
    // Of a model's own settings Anthropic's have these names.
    for name in ["thinking", "top_k"] {
        fields.put_some(name, if own[0].1.is_none() { chat.take(name) } else { None });
    }
    if !fields.is_empty() {
        converse.put("additionalModelRequestFields", fields);
    }
    for (name, value) in own {
        converse.put_some(name, value);
    }
    let include_usage = include_usage(&mut chat, &mut changes)?;
    for (key, value) in NEUTRAL {
        chat.take_if(key, value);
    }
    chat.report_rest(LEFT_OUT, &mut changes);
    Ok(Translated {
        path: path(&model, stream)?,
        body: converse.to_bytes().into(),
        headers: Vec::new(),
        changes,
        include_usage,
    })
}

/// The model is one segment of the path, whatever it holds: an ARN has slashes and colons.
fn path(model: &str, stream: bool) -> Result<String, Untranslatable> {
    if model.is_empty() || model.chars().any(char::is_control) || matches!(model, "." | "..") {
        return Err(Untranslatable::new("model", "not a model's id; send one like amazon.nova-lite-v1:0"));
    }
    let mut segment = String::with_capacity(model.len() + 8);
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            write!(segment, "%{byte:02X}").expect("a String takes every character");
        }
    }
    Ok(format!("model/{segment}/{}", if stream { "converse-stream" } else { "converse" }))
}

fn inference(chat: &mut Object<'_>, converse: &mut Written) -> Result<(), Untranslatable> {
    const EXPECTED: &str = "a whole number of tokens";
    let mut config = Written::default();
    let newer: Option<u64> = chat.take_as("max_completion_tokens", EXPECTED)?;
    let bound = match newer {
        Some(bound) => Some(bound),
        None => chat.take_as("max_tokens", EXPECTED)?,
    };
    config.put_some("maxTokens", bound);
    for (name, own) in [("temperature", "temperature"), ("top_p", "topP")] {
        let number = chat.take(name);
        if number.is_some_and(|number| number.get().parse::<f64>().is_err()) {
            return Err(Untranslatable::new(name, "expected a number"));
        }
        config.put_some(own, number);
    }
    if let Some(raw) = chat.take("stop") {
        let stops = serde_json::from_str(raw.get()).map(|one: String| vec![one]);
        let stops = stops.or_else(|_| serde_json::from_str::<Vec<String>>(raw.get()));
        let stops = stops.map_err(|_| Untranslatable::new("stop", "expected a string or an array of strings"))?;
        config.put_some("stopSequences", Some(stops).filter(|stops| !stops.is_empty()));
    }
    if !config.is_empty() {
        converse.put("inferenceConfig", config);
    }
    Ok(())
}

/// Converse takes the schema as a text.
fn format(chat: &mut Object<'_>, converse: &mut Written, changes: &mut Vec<Change>) -> Result<(), Untranslatable> {
    let Some(mut format) = chat.take_object("response_format")? else { return Ok(()) };
    let kind: String = format.require_as("type", "text, json_object or json_schema")?;
    match kind.as_str() {
        "text" => {}
        "json_object" => {
            let reason = "Bedrock has no JSON mode without a schema: left out; send json_schema, or ask for JSON";
            changes.push(Change { path: "response_format".to_owned(), reason });
        }
        "json_schema" => {
            let mut given = format.require_object("json_schema", "an object with a schema")?;
            let schema: &serde_json::value::RawValue = given.require_as("schema", "a JSON schema")?;
            let mut named = Written::default().with("schema", schema.get());
            named.put_some("name", given.take_as::<Text<'_>>("name", "a string")?);
            named.put_some("description", given.take_as::<Text<'_>>("description", "a string")?);
            // It keeps to every schema, so that `strict` asks for nothing more.
            given.take("strict");
            given.report_rest(LEFT_OUT, changes);
            let structure = Written::default().with("jsonSchema", named);
            let text = Written::of("json_schema").with("structure", structure);
            converse.put("outputConfig", Written::default().with("textFormat", text));
        }
        _ => return Err(Untranslatable::new(format.at("type"), "expected text, json_object or json_schema")),
    }
    format.report_rest(LEFT_OUT, changes);
    Ok(())
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
    fn a_model_is_one_segment_of_the_path() {
        assert_eq!(path("amazon.nova-lite-v1:0", false).unwrap(), "model/amazon.nova-lite-v1%3A0/converse");
        let arn = "arn:aws:bedrock:eu-west-1:1:inference-profile/a";
        let segment = "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fa";
        assert_eq!(path(arn, true).unwrap(), format!("model/{segment}/converse-stream"));
        assert_eq!(path("a/../../b?c#d", false).unwrap(), "model/a%2F..%2F..%2Fb%3Fc%23d/converse");
        for model in ["", "..", "a\nb"] {
            assert_eq!(path(model, false).unwrap_err().field, "model", "{model:?}");
        }
    }
}
