//! How many tokens an input has, before it is sent and without a network.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};
use tiktoken_rs::CoreBPE;
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};

use crate::error::{Error, ErrorKind};

/// Counts the tokens of `input` as `model` would read them.
///
/// `model` may carry a provider (`openai/gpt-4o`), the date of a snapshot, or be a fine-tune (`ft:gpt-4o:org::id`).
/// Special tokens such as `<|endoftext|>` count as the plain text that they are in a request.
///
/// # Errors
/// [`ErrorKind::UnknownModel`] when the name belongs to no known family, [`ErrorKind::InvalidRequest`] when the text
/// cannot be split into words (megabytes of blanks).
pub fn count_tokens(model: &str, input: &TokenInput) -> Result<TokenCount, Error> {
    let vocabulary = Vocabulary::of(model)?;
    let tokens = match input {
        TokenInput::Text(text) => vocabulary.count(text)?,
        TokenInput::Messages(messages) => messages.iter().try_fold(REPLY_TOKENS, |sum, message| {
            let parts = message.texts.iter().try_fold(0, |sum, text| Ok::<_, Error>(sum + vocabulary.count(text)?))?;
            Ok::<_, Error>(sum + MESSAGE_TOKENS + u64::from(message.named) * NAME_TOKENS + parts)
        })?,
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
    /// Takes a string, or an array of chat messages `{role, content, name?, tool_calls?}` whose content is a string, null,
    /// or an array of text parts.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the path of what is neither, images and other parts without text included.
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
        let mut message = Self { texts: Vec::new(), named: fields.contains_key("name"), covered: true };
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

/// The vocabulary to count with. The data is immutable, loaded at first use and shared by all threads.
struct Vocabulary {
    name: &'static str,
    words: &'static CoreBPE,
    exact: bool,
}

impl Vocabulary {
    fn of(model: &str) -> Result<Self, Error> {
        let (tokenizer, exact) = match get_tokenizer(bare(model)) {
            Some(tokenizer) => (tokenizer, true),
            None if is_of_known_family(model) => (Tokenizer::O200kBase, false),
            None => return Err(unknown(model)),
        };
        let name = match tokenizer {
            Tokenizer::O200kHarmony => "o200k_harmony",
            Tokenizer::O200kBase => "o200k_base",
            Tokenizer::Cl100kBase => "cl100k_base",
            Tokenizer::P50kBase => "p50k_base",
            Tokenizer::R50kBase => "r50k_base",
            Tokenizer::P50kEdit => "p50k_edit",
            Tokenizer::Gpt2 => "gpt2",
        };
        let words = tiktoken_rs::bpe_for_tokenizer(tokenizer).map_err(|_| unknown(model))?;
        Ok(Self { name, words, exact })
    }

    fn count(&self, text: &str) -> Result<u64, Error> {
        let count = self.words.count(text, &HashSet::new()).map_err(|_| {
            Error::invalid("input", "has a run of blanks that is too long to be split into words: shorten it")
        })?;
        Ok(count as u64)
    }
}

/// The name without its provider. The name of a fine-tune goes on after the model's and may have slashes of its own.
fn bare(model: &str) -> &str {
    match model.find("ft:") {
        Some(at) if at == 0 || model[..at].ends_with('/') => &model[at..],
        _ => model.rsplit('/').next().unwrap_or(model),
    }
}

/// Families whose vocabularies are not OpenAI's, or not public. o200k is the nearest public one for text in many
/// languages.
const FAMILIES: [&str; 33] = [
    "claude",
    "gemini",
    "gemma",
    "palm",
    "llama",
    "mistral",
    "mixtral",
    "ministral",
    "magistral",
    "codestral",
    "devstral",
    "pixtral",
    "voxtral",
    "deepseek",
    "qwen",
    "qwq",
    "grok",
    "command",
    "embed",
    "kimi",
    "glm",
    "phi",
    "nova",
    "titan",
    "sonar",
    "jamba",
    "minimax",
    "nemotron",
    "granite",
    "falcon",
    "hermes",
    "gpt",
    "chatgpt",
];

fn is_of_known_family(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    let is_reasoning = |word: &str| word.strip_prefix('o').is_some_and(|number| number.parse::<u8>().is_ok());
    model.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| {
        let family = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        FAMILIES.contains(&family) || is_reasoning(word)
    })
}

fn unknown(model: &str) -> Error {
    let message = format!(
        "`{model}` is of no known family, so its tokens cannot be counted: name the model that it is built on, \
         such as gpt-4o or llama-3.3-70b"
    );
    Error::new(ErrorKind::UnknownModel, message).at("model")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(model: &str, text: &str) -> TokenCount {
        count_tokens(model, &TokenInput::Text(text)).unwrap()
    }

    fn chat(model: &str, messages: &Value) -> TokenCount {
        count_tokens(model, &TokenInput::from_json(messages).unwrap()).unwrap()
    }

    #[test]
    fn names_of_all_kinds_find_their_vocabulary() {
        for (model, encoding, exact) in [
            ("gpt-4o", "o200k_base", true),
            ("openai/gpt-4o-mini-2024-07-18", "o200k_base", true),
            ("ft:gpt-4o:org::id", "o200k_base", true),
            ("openai/ft:gpt-3.5-turbo-0125:my/org:name:id", "cl100k_base", true),
            ("openrouter/openai/gpt-4", "cl100k_base", true),
            ("text-embedding-3-small", "cl100k_base", true),
            ("groq/openai/gpt-oss-120b", "o200k_harmony", true),
            ("gpt-6-sol", "o200k_base", false),
            ("o9", "o200k_base", false),
            ("anthropic/claude-sonnet-4-5-20250929", "o200k_base", false),
            ("google-ai-studio/gemini-2.5-flash", "o200k_base", false),
            ("workers-ai/@cf/meta/llama-3.1-8b-instruct", "o200k_base", false),
            ("Qwen/Qwen3-32B", "o200k_base", false),
            ("mistral-large-latest", "o200k_base", false),
        ] {
            let count = text(model, "A tollhouse stands by the road.");
            assert_eq!((count.encoding.as_str(), count.exact), (encoding, exact), "{model}");
            assert!(count.tokens > 0, "{model}");
        }
    }

    #[test]
    fn an_unknown_name_says_what_to_do() {
        for model in ["", "my-model", "openai/", "left:right", "left:gpt", "o", "/"] {
            let error = count_tokens(model, &TokenInput::Text("x")).map(|count| count.encoding);
            if model == "left:gpt" {
                assert_eq!(error.unwrap(), "o200k_base", "a family's name counts as a hint wherever it stands");
                continue;
            }
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnknownModel, "{model}");
            assert_eq!(error.field(), Some("model"));
            assert!(error.message().contains("name the model that it is built on"), "{error}");
        }
    }
}
