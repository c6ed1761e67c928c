//! How many tokens an input has, before it is sent and without a network.

mod class;
mod encoding;
mod merge;
mod model;
#[cfg(test)]
mod oracle;
mod recent;
mod split;
mod table;
mod word;

use serde::Serialize;
use serde_json::{Map, Value};

use self::model::Vocabulary;
use crate::error::Error;

/// Counts the tokens of `input` as `model` would read them.
///
/// `model` may carry a provider (`openai/gpt-4o`), the date of a snapshot, or be a fine-tune (`ft:gpt-4o:org::id`).
/// Special tokens such as `<|endoftext|>` count as the plain text that they are in a request.
///
/// # Errors
/// [`UnknownModel`](crate::ErrorKind::UnknownModel) when the name belongs to no known family.
pub fn count_tokens(model: &str, input: &TokenInput) -> Result<TokenCount, Error> {
    let vocabulary = Vocabulary::of(model)?;
    let tokens = match input {
        TokenInput::Text(text) => vocabulary.count(text),
        TokenInput::Messages(messages) => {
            let mut tokens = REPLY_TOKENS;
            for message in messages {
                tokens += MESSAGE_TOKENS + u64::from(message.named) * NAME_TOKENS;
                for text in &message.texts {
                    tokens += vocabulary.count(text);
                }
            }
            tokens
        }
    };
    Ok(TokenCount { tokens, exact: vocabulary.exact && input.is_covered(), encoding: vocabulary.name.to_string() })
}

// What a chat adds to its texts: OpenAI's cookbook, "How to count tokens with tiktoken", section 6.
/// Every message is framed by three tokens.
const MESSAGE_TOKENS: u64 = 3;
/// A name takes one more than its text.
const NAME_TOKENS: u64 = 1;
/// Every reply is primed with three tokens.
const REPLY_TOKENS: u64 = 3;

/// A number of tokens, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenCount {
    /// The number of tokens.
    pub tokens: u64,
    /// Whether the model's own vocabulary and its published rules were used; otherwise this is an estimate.
    pub exact: bool,
    /// The vocabulary that was used, such as `o200k_base`.
    pub encoding: String,
}

/// What to count.
#[derive(Clone, Debug)]
pub enum TokenInput<'a> {
    /// Text as it is.
    Text(&'a str),
    /// The messages of a chat.
    Messages(Vec<ChatMessage<'a>>),
}

/// The countable parts of one chat message.
#[derive(Clone, Debug)]
pub struct ChatMessage<'a> {
    texts: Vec<&'a str>,
    named: bool,
    /// Whether the published rules for chats say how to count all of it.
    covered: bool,
}

impl<'a> TokenInput<'a> {
    /// Takes a string, or an array of chat messages `{role, content, name?, tool_calls?}` whose content is a string,
    /// null, or an array of text parts.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) with the path of what is neither, images and other parts
    /// without text included.
    pub fn from_json(json: &'a Value) -> Result<Self, Error> {
        match json {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(messages) => {
                let read = |(at, json)| ChatMessage::from_json(json, &format!("input[{at}]"));
                messages.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self::Messages)
            }
            _ => Err(Error::invalid("input", "is neither a string nor an array of chat messages")),
        }
    }

    fn is_covered(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Messages(messages) => messages.iter().all(|message| message.covered),
        }
    }
}

impl<'a> ChatMessage<'a> {
    fn from_json(json: &'a Value, path: &str) -> Result<Self, Error> {
        let fields =
            json.as_object().ok_or_else(|| Error::invalid(path, "is not a chat message: make it an object"))?;
        if !fields.get("role").is_some_and(Value::is_string) {
            return Err(Error::invalid(format!("{path}.role"), "is missing: say system, user, assistant or tool"));
        }
        let named = fields.get("name").is_some_and(Value::is_string);
        let mut message = Self { texts: Vec::new(), named, covered: true };
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("tool_calls", calls) => message.add_tool_calls(calls),
                ("content", Value::Array(parts)) => message.add_parts(parts, &format!("{path}.content"))?,
                (_, Value::String(text)) => {
                    message.covered &= matches!(key.as_str(), "role" | "content" | "name");
                    message.texts.push(text);
                }
                ("content", Value::Null) => {}
                ("content", _) => {
                    return Err(Error::invalid(format!("{path}.content"), "is neither text nor an array of parts"));
                }
                _ => message.covered = false,
            }
        }
        Ok(message)
    }

    fn add_parts(&mut self, parts: &'a [Value], path: &str) -> Result<(), Error> {
        for (at, part) in parts.iter().enumerate() {
            let text = part.get("text").and_then(Value::as_str).ok_or_else(|| {
                let message = "has no text, and only text can be counted: leave this part out of the input";
                Error::invalid(format!("{path}[{at}]"), message)
            })?;
            self.texts.push(text);
        }
        Ok(())
    }

    /// How the call itself is framed is not published, so its name and arguments make an estimate.
    fn add_tool_calls(&mut self, calls: &'a Value) {
        self.covered = false;
        let functions = calls.as_array().into_iter().flatten().filter_map(|call| call.get("function")?.as_object());
        let texts = |function: &'a Map<String, Value>| {
            ["name", "arguments"].into_iter().filter_map(|key| function.get(key)?.as_str())
        };
        self.texts.extend(functions.flat_map(texts));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    fn text(model: &str, text: &str) -> TokenCount {
        count_tokens(model, &TokenInput::Text(text)).unwrap()
    }

    fn chat(model: &str, messages: &Value) -> TokenCount {
        count_tokens(model, &TokenInput::from_json(messages).unwrap()).unwrap()
    }

    /// OpenAI's cookbook, "How to count tokens with tiktoken", section 5, prints these numbers.
    #[test]
    fn published_counts() {
        for (words, p50k, cl100k, o200k) in
            [("antidisestablishmentarianism", 5, 6, 6), ("2 + 2 = 4", 5, 7, 7), ("お誕生日おめでとう", 14, 9, 8)]
        {
            assert_eq!(text("text-davinci-003", words).tokens, p50k, "{words}");
            assert_eq!(text("gpt-4", words).tokens, cl100k, "{words}");
            assert_eq!(text("gpt-4o", words).tokens, o200k, "{words}");
        }
        assert_eq!(text("gpt-4o", "").tokens, 0);
    }

    #[test]
    fn special_tokens_are_plain_text() {
        assert_eq!(text("gpt-4", "<|endoftext|>").tokens, 7);
        assert_eq!(text("gpt-oss-20b", "<|start|>").tokens, text("gpt-4o", "<|start|>").tokens);
    }

    #[test]
    fn a_chat_adds_its_framing() {
        // Priming 3; each message 3 + 1 for its role; two words; a name 1 + its text.
        let hello = json!([{"role": "user", "content": "hello world"}]);
        assert_eq!(chat("gpt-4o", &hello).tokens, 3 + 3 + 1 + 2);
        let named = json!([{"role": "user", "content": "hello world", "name": "world"}]);
        assert_eq!(chat("gpt-4o", &named).tokens, 3 + 3 + 1 + 2 + 1 + text("gpt-4o", "world").tokens);
        let parts = json!([{"role": "user", "content": [{"type": "text", "text": "hello world"}]}]);
        assert_eq!(chat("gpt-4o", &parts), chat("gpt-4o", &hello));
        let unnamed = json!([{"role": "user", "content": "hello world", "name": null}]);
        assert_eq!(chat("gpt-4o", &unnamed).tokens, chat("gpt-4o", &hello).tokens);
        assert_eq!(chat("gpt-4o", &json!([])).tokens, 3);
        assert!(chat("gpt-4o", &named).exact);
        assert!(!chat("claude-sonnet-4-5", &named).exact);
    }

    #[test]
    fn what_no_published_rule_covers_is_an_estimate() {
        let call = json!([{"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "world", "arguments": "hello world"}}
        ]}]);
        let count = chat("gpt-4o", &call);
        assert_eq!(count.tokens, 3 + 3 + 1 + text("gpt-4o", "world").tokens + 2);
        assert!(!count.exact);
        let result = json!([{"role": "tool", "tool_call_id": "call_1", "content": "7"}]);
        assert!(!chat("gpt-4o", &result).exact);
    }

    #[test]
    fn what_cannot_be_counted_is_refused_by_its_path() {
        let image = json!({"type": "image_url", "image_url": {"url": "https://example.com/toll.png"}});
        for (input, field) in [
            (json!(7), "input"),
            (json!({"role": "user"}), "input"),
            (json!(["hello"]), "input[0]"),
            (json!([{"content": "x"}]), "input[0].role"),
            (json!([{"role": "user", "content": "x"}, {"role": 7}]), "input[1].role"),
            (json!([{"role": "user", "content": 7}]), "input[0].content"),
            (json!([{"role": "user", "content": [{"type": "text", "text": "x"}, image]}]), "input[0].content[1]"),
        ] {
            let error = TokenInput::from_json(&input).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{input}");
        }
    }
}
