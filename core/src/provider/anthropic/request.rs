//! A chat-completions body as the body of Anthropic's messages API.
//! Formats: <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://platform.claude.com/docs/en/api/messages/create>.

use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Translated, Untranslatable};
use super::LEFT_OUT;
use super::content::Block;
use super::messages::{Conversation, Turn, conversation};
use super::output::{OutputConfig, Thinking, output};
use super::tools::{Tool, ToolChoice, tool_choice, tools};

/// Anthropic has no default of its own. Every model it serves takes at least 64,000 (models overview, November 2026);
/// this leaves room for a model that always thinks, and stays below the 21,333 from which its SDKs insist on streaming.
const DEFAULT_MAX_TOKENS: u64 = 16_384;

/// Members that only say what holds without them.
const NEUTRAL: [(&str, &str); 11] = [
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
    ("verbosity", r#""medium""#),
];

#[derive(Serialize)]
struct Body<'a> {
    model: Text<'a>,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    // What only Anthropic knows goes through as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_geo: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: Text<'a>,
}

/// The messages call for `body`. What has no counterpart is listed in the changes, whatever it is called.
pub(super) fn translate(body: &[u8]) -> Result<Translated, Untranslatable> {
    let mut changes = Vec::new();
    let mut chat = Object::body(body)?;
    let model = chat.require_as("model", "a model's name")?;
    let Conversation { system, turns } = conversation(&mut chat, &mut changes)?;
    let tools = tools(&mut chat, &mut changes)?;
    let tool_choice = tool_choice(&mut chat, !tools.is_empty(), &mut changes)?;
    let (thinking, output_config) = output(&mut chat, &mut changes)?;
    let max_tokens = max_tokens(&mut chat, thinking.as_ref(), &mut changes)?;
    let messages = Body {
        model,
        max_tokens,
        system,
        messages: turns,
        tools,
        tool_choice,
        thinking,
        output_config,
        stop_sequences: stop_sequences(&mut chat, &mut changes)?,
        temperature: temperature(&mut chat, &mut changes)?,
        top_p: chat.take_as("top_p", "a number")?,
        stream: chat.take_as("stream", "true or false")?,
        metadata: user(&mut chat)?,
        service_tier: service_tier(&mut chat, &mut changes)?,
        top_k: chat.take("top_k"),
        cache_control: chat.take("cache_control"),
        inference_geo: chat.take("inference_geo"),
    };
    let include_usage = include_usage(&mut chat, &mut changes)?;
    for (key, value) in NEUTRAL {
        chat.take_if(key, value);
    }
    chat.report_rest(LEFT_OUT, &mut changes);
    Ok(Translated {
        path: "v1/messages".to_owned(),
        body: serde_json::to_vec(&messages).expect("these shapes have string keys only").into(),
        headers: vec![(HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"))],
        changes,
        include_usage,
    })
}

fn max_tokens(
    chat: &mut Object<'_>,
    thinking: Option<&Thinking<'_>>,
    changes: &mut Vec<Change>,
) -> Result<u64, Untranslatable> {
    const EXPECTED: &str = "a whole number of tokens";
    for key in ["max_completion_tokens", "max_tokens"] {
        if let Some(max_tokens) = chat.take_as(key, EXPECTED)? {
            return Ok(max_tokens);
        }
    }
    let reason = "Anthropic needs a bound: the default of 16384 tokens added to the thinking budget, if any";
    changes.push(Change { path: "max_tokens".to_owned(), reason });
    Ok(DEFAULT_MAX_TOKENS.saturating_add(thinking.map_or(0, |thinking| thinking.budget_tokens)))
}

fn stop_sequences(chat: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Vec<String>, Untranslatable> {
    let Some(raw) = chat.take("stop") else { return Ok(Vec::new()) };
    let sequences = serde_json::from_str(raw.get()).map(|one| vec![one]).or_else(|_| serde_json::from_str(raw.get()));
    let mut sequences: Vec<String> =
        sequences.map_err(|_| Untranslatable::new("stop", "expected a string or an array of strings"))?;
    let given = sequences.len();
    sequences.retain(|sequence| !sequence.trim().is_empty());
    if sequences.len() < given {
        let reason = "Anthropic refuses stop sequences of white space alone: those left out";
        changes.push(Change { path: "stop".to_owned(), reason });
    }
    Ok(sequences)
}

/// OpenAI's goes to 2, Anthropic's to 1.
fn temperature(chat: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Option<f64>, Untranslatable> {
    let temperature: Option<f64> = chat.take_as("temperature", "a number")?;
    if temperature.is_some_and(|temperature| temperature > 1.0) {
        let reason = "Anthropic's temperature ends at 1: lowered to 1";
        changes.push(Change { path: "temperature".to_owned(), reason });
    }
    Ok(temperature.map(|temperature| temperature.min(1.0)))
}

/// OpenAI calls the user's id `safety_identifier` now and `user` before. Where both are given the older one goes, and
/// the other is reported.
fn user<'a>(chat: &mut Object<'a>) -> Result<Option<Metadata<'a>>, Untranslatable> {
    for key in ["user", "safety_identifier"] {
        if let Some(user_id) = chat.take_as(key, "a string")? {
            return Ok(Some(Metadata { user_id }));
        }
    }
    Ok(None)
}

/// `default` is OpenAI's word for no priority; `auto` is what both do when nothing is said.
fn service_tier(chat: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Option<&'static str>, Untranslatable> {
    let tier: Option<String> = chat.take_as("service_tier", "a word")?;
    match tier.as_deref() {
        None | Some("auto") => return Ok(None),
        Some("default" | "standard_only") => return Ok(Some("standard_only")),
        Some(_) => changes.push(Change { path: "service_tier".to_owned(), reason: LEFT_OUT }),
    }
    Ok(None)
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
    use serde_json::{Value, json};

    use super::*;

    fn translated(members: &Value) -> Result<(Value, Vec<String>), Untranslatable> {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let translated = translate(body.to_string().as_bytes())?;
        let changed = translated.changes.into_iter().map(|change| change.path).collect();
        Ok((serde_json::from_slice(&translated.body).unwrap(), changed))
    }

    #[test]
    fn what_is_neutral_is_no_change() {
        let neutral = json!({
            "n": 1, "store": false, "logprobs": false, "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {},
            "metadata": {}, "modalities": ["text"], "service_tier": "auto", "verbosity": "medium", "seed": null,
            "stream_options": {"include_obfuscation": false}, "response_format": {"type": "text"}, "functions": null,
        });
        let (body, changed) = translated(&neutral).unwrap();
        assert_eq!(changed, Vec::<String>::new());
        let plain = json!([{"role": "user", "content": [{"type": "text", "text": "hi"}]}]);
        assert_eq!(body, json!({"model": "m", "max_tokens": 1, "messages": plain}));
    }

    #[test]
    fn of_two_members_for_one_the_other_is_reported() {
        let both = json!({"max_completion_tokens": 2, "user": "u", "safety_identifier": "s"});
        let (body, changed) = translated(&both).unwrap();
        assert_eq!((&body["max_tokens"], &body["metadata"]), (&json!(2), &json!({"user_id": "u"})));
        assert_eq!(changed, ["max_tokens", "safety_identifier"]);
    }

    #[test]
    fn efforts_are_carried() {
        for effort in ["low", "medium", "high", "xhigh", "max"] {
            let (body, changed) = translated(&json!({"reasoning_effort": effort})).unwrap();
            assert_eq!((&body["output_config"], changed.len()), (&json!({"effort": effort}), 0));
        }
        let (body, changed) = translated(&json!({"reasoning_effort": "none"})).unwrap();
        assert_eq!((&body["thinking"], changed.len()), (&json!({"type": "disabled"}), 0));
        let (body, changed) =
            translated(&json!({"reasoning_effort": "none", "thinking": {"type": "adaptive"}})).unwrap();
        assert_eq!((&body["thinking"], changed), (&json!({"type": "adaptive"}), vec!["reasoning_effort".to_owned()]));
    }

    #[test]
    fn a_missing_bound_is_added_and_told() {
        let (body, changed) = translated(&json!({"max_tokens": null})).unwrap();
        assert_eq!((&body["max_tokens"], changed), (&json!(DEFAULT_MAX_TOKENS), vec!["max_tokens".to_owned()]));
    }

    #[test]
    fn wrong_values_name_their_place() {
        let cases = [
            (json!({"model": 1}), "model"),
            (json!({"max_tokens": -1}), "max_tokens"),
            (json!({"temperature": "hot"}), "temperature"),
            (json!({"top_p": []}), "top_p"),
            (json!({"stop": [1]}), "stop"),
            (json!({"stream": "yes"}), "stream"),
            (json!({"stream_options": true}), "stream_options"),
            (json!({"user": 1}), "user"),
            (json!({"reasoning_effort": "huge"}), "reasoning_effort"),
            (json!({"response_format": {"type": "xml"}}), "response_format.type"),
            (json!({"response_format": {"type": "json_schema"}}), "response_format.json_schema"),
            (
                json!({"response_format": {"type": "json_schema", "json_schema": {}}}),
                "response_format.json_schema.schema",
            ),
        ];
        for (members, field) in cases {
            assert_eq!(translated(&members).unwrap_err().field, field, "{members}");
        }
        assert_eq!(translate(b"[]").unwrap_err().field, "");
    }
}
