//! What is counted: texts, chats, and what stands beside the messages of a chat.

use serde_json::{Map, Value};

use super::image::Picture;
use crate::error::Error;

/// What to count.
#[derive(Clone, Debug)]
pub enum TokenInput<'a> {
    /// Text as it is.
    Text(&'a str),
    /// Texts, each counted for itself.
    Texts(Vec<&'a str>),
    /// The messages of a chat.
    Messages(Vec<ChatMessage<'a>>),
    /// A chat with its tools.
    Chat {
        /// Its messages.
        messages: Vec<ChatMessage<'a>>,
        /// The tools that the model may call, as OpenAI's chat completions have them.
        tools: &'a [Value],
        /// Whether something else is sent that no published rule counts, such as which tool must be called.
        is_partly_counted: bool,
    },
}

/// The countable parts of one chat message.
#[derive(Clone, Debug)]
pub struct ChatMessage<'a> {
    pub(super) texts: Vec<&'a str>,
    pub(super) pictures: Vec<Picture>,
    pub(super) named: bool,
    /// Whether the published rules for chats say how to count all of it.
    pub(super) covered: bool,
}

impl<'a> TokenInput<'a> {
    /// Takes
    ///
    /// - a string;
    /// - a list of strings, each of which is counted for itself;
    /// - a list of chat messages `{role, content, name?, tool_calls?}` whose content is a string, null, or a list of parts:
    ///   texts, and pictures (`image_url`, `input_image`, `image`);
    /// - `{messages, tools?, tool_choice?}`, as in the body of a chat.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) with the path of what is none of these.
    pub fn from_json(json: &'a Value) -> Result<Self, Error> {
        match json {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
                Ok(Self::Texts(items.iter().filter_map(Value::as_str).collect()))
            }
            Value::Array(messages) => chat(messages, "input").map(Self::Messages),
            Value::Object(body) if body.contains_key("messages") => {
                if let Some(key) = body.keys().find(|key| !["messages", "tools", "tool_choice"].contains(&key.as_str()))
                {
                    let message = "is not counted: give messages, tools and tool_choice";
                    return Err(Error::invalid(format!("input.{key}"), message));
                }
                Self::with_tools(&body["messages"], json, "input")
            }
            _ => {
                let message = "is neither a string, nor a list of strings or of chat messages, nor {messages, tools}";
                Err(Error::invalid("input", message))
            }
        }
    }

    /// A chat as [`Gateway::chat`](crate::Gateway::chat) takes it: its messages, and a body's further fields.
    pub(crate) fn of_chat(messages: &'a Value, options: &'a Value) -> Result<Self, Error> {
        Self::with_tools(messages, options, "")
    }

    /// All texts in it.
    pub(super) fn texts(&self) -> Box<dyn Iterator<Item = &'a str> + '_> {
        match self {
            Self::Text(text) => Box::new(std::iter::once(*text)),
            Self::Texts(texts) => Box::new(texts.iter().copied()),
            Self::Messages(messages) | Self::Chat { messages, .. } => {
                Box::new(messages.iter().flat_map(|message| message.texts.iter().copied()))
            }
        }
    }

    fn with_tools(messages: &'a Value, beside: &'a Value, path: &str) -> Result<Self, Error> {
        let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let list =
            messages.as_array().ok_or_else(|| Error::invalid(at("messages"), "is not a list of chat messages"))?;
        let tools = match beside.get("tools").unwrap_or(&Value::Null) {
            Value::Null => &[],
            tools => tools.as_array().ok_or_else(|| Error::invalid(at("tools"), "is not a list of tools"))?.as_slice(),
        };
        let choice = beside.get("tool_choice").unwrap_or(&Value::Null);
        // Which tool is called is left to the model without a word; anything else is told it, nobody says how.
        let is_partly_counted = !choice.is_null() && choice != "auto";
        Ok(Self::Chat { messages: chat(list, &at("messages"))?, tools, is_partly_counted })
    }
}

fn chat<'a>(messages: &'a [Value], path: &str) -> Result<Vec<ChatMessage<'a>>, Error> {
    let read = |(at, json)| ChatMessage::from_json(json, &format!("{path}[{at}]"));
    messages.iter().enumerate().map(read).collect()
}

impl<'a> ChatMessage<'a> {
    fn from_json(json: &'a Value, path: &str) -> Result<Self, Error> {
        let fields =
            json.as_object().ok_or_else(|| Error::invalid(path, "is not a chat message: make it an object"))?;
        if !fields.get("role").is_some_and(Value::is_string) {
            return Err(Error::invalid(format!("{path}.role"), "is missing: say system, user, assistant or tool"));
        }
        let named = fields.get("name").is_some_and(Value::is_string);
        let mut message = Self { texts: Vec::new(), pictures: Vec::new(), named, covered: true };
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
            if let Some(text) = part.get("text").and_then(Value::as_str) {
                self.texts.push(text);
            } else if let Some(picture) = Picture::of(part) {
                self.pictures.push(picture);
            } else {
                let message = "is neither text nor a picture, and nothing else can be counted: leave this part out";
                return Err(Error::invalid(format!("{path}[{at}]"), message));
            }
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
