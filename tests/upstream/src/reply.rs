//! What is answered, before any provider's format: the words that came in, and the words or the tool call that go out.

use serde_json::{Map, Value};

use crate::call::{Call, Tokens};

/// Who said something in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    User,
    Tool,
    /// The system or the assistant.
    Other,
}

/// One text of the request.
pub(crate) struct Turn {
    pub(crate) speaker: Speaker,
    pub(crate) text: String,
}

/// A tool that may be called, with the JSON Schema of its arguments.
pub(crate) struct Tool<'a> {
    pub(crate) name: &'a str,
    pub(crate) schema: &'a Value,
}

/// The answer, for a format to dress.
pub(crate) struct Reply {
    pub(crate) n: u64,
    pub(crate) model: String,
    pub(crate) content: Content,
    pub(crate) tokens: Tokens,
}

pub(crate) enum Content {
    Text(String),
    ToolCall { name: String, arguments: Value },
}

impl Turn {
    pub(crate) fn new(speaker: Speaker, content: &Value) -> Self {
        Self { speaker, text: text_of(content) }
    }
}

impl Reply {
    /// Calls the tool unless the last turn is a tool's answer; else repeats the last turn that the assistant did not say.
    pub(crate) fn to(call: &Call, turns: &[Turn], tool: Option<Tool<'_>>) -> Self {
        let said = turns.iter().rfind(|turn| turn.speaker == Speaker::User).map_or("", |turn| turn.text.as_str());
        let content = match (turns.last(), tool) {
            (Some(Turn { speaker: Speaker::Tool, text }), _) => {
                Content::Text(format!("[{} {}] The tool said: {text}", call.provider, call.model()))
            }
            (_, Some(tool)) => Content::ToolCall { name: tool.name.to_owned(), arguments: example(tool.schema, said) },
            (_, None) => Content::Text(echo(call, said)),
        };
        let output = match &content {
            Content::Text(text) => words(text),
            Content::ToolCall { arguments, .. } => 1 + words(&arguments.to_string()),
        };
        let input = turns.iter().map(|turn| words(&turn.text)).sum();
        Self { n: call.n, model: call.model().to_owned(), content, tokens: Tokens { input, output } }
    }

    pub(crate) fn calls_tool(&self) -> bool {
        matches!(self.content, Content::ToolCall { .. })
    }
}

/// `[openai gpt-4o-mini] You said: tell me a joke`
pub(crate) fn echo(call: &Call, said: &str) -> String {
    format!("[{} {}] You said: {said}", call.provider, call.model())
}

/// What stands between white space.
pub(crate) fn words(text: &str) -> u64 {
    text.split_whitespace().map(|_| 1).sum()
}

/// The text as it is streamed: a word at a time, with the space behind it.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

/// Every text inside a message's content, in whichever provider's shape, joined by spaces.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text_of).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
        Value::Object(part) => ["text", "content", "parts", "output"]
            .iter()
            .find_map(|key| part.get(*key))
            .map(text_of)
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// Arguments that fit a JSON Schema: every string is `text`, every number 1.
fn example(schema: &Value, text: &str) -> Value {
    if let Some(fixed) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return fixed.clone();
    }
    if let Some(choice) = schema["anyOf"].get(0).or_else(|| schema["oneOf"].get(0)) {
        return example(choice, text);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    // Gemini writes the types in capitals.
    match kind.to_ascii_lowercase().as_str() {
        "string" => text.into(),
        "integer" | "number" => 1.into(),
        "boolean" => true.into(),
        "array" => vec![example(&schema["items"], text)].into(),
        "null" => Value::Null,
        _ => {
            let properties = schema["properties"].as_object();
            Value::Object(
                properties
                    .into_iter()
                    .flat_map(Map::iter)
                    .map(|(name, schema)| (name.clone(), example(schema, text)))
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_fit_their_schema() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "STRING"}, "unit": {"enum": ["c", "f"]}, "days": {"type": ["integer", "null"]},
            "tags": {"type": "array", "items": {"anyOf": [{"type": "boolean"}]}}
        }});
        assert_eq!(example(&schema, "Rome"), json!({"city": "Rome", "unit": "c", "days": 1, "tags": [true]}));
        assert_eq!(example(&Value::Null, "Rome"), json!({}));
    }

    #[test]
    fn texts_are_found_in_every_shape() {
        assert_eq!(text_of(&json!([{"type": "text", "text": "a b"}, {"type": "image_url"}, {"text": "c"}])), "a b c");
        assert_eq!(text_of(&json!([{"type": "tool_result", "content": [{"type": "text", "text": "sunny"}]}])), "sunny");
        assert_eq!(pieces("a b c").collect::<Vec<_>>(), ["a ", "b ", "c"]);
    }
}
