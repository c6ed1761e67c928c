//! The shapes that callers may speak to any model. One that is not OpenAI's chat completions becomes a chat on its way to a
//! provider that does not speak it, and the chat's answer is told in it.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::messages;
use super::responses;
use super::translate::{Change, StreamDecoder, Untranslatable};
use crate::error::Error;
use crate::usage::Format;

/// A shape that callers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    /// OpenAI's chat completions.
    Chat,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's responses.
    Responses,
}

impl Dialect {
    /// The shape of this path below `compat`, the version in front or not.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path.trim_start_matches("v1/") {
            "chat/completions" => Some(Self::Chat),
            "messages" => Some(Self::Messages),
            "responses" => Some(Self::Responses),
            _ => None,
        }
    }

    /// `body` as a chat for a target that takes what `takes` says; `None` where it is one already.
    pub(crate) fn hear(self, body: &[u8], takes: &Takes) -> Result<Option<Heard>, Untranslatable> {
        match self {
            Self::Chat => Ok(None),
            Self::Messages => messages::hear(body, takes).map(Some),
            Self::Responses => responses::hear(body, takes).map(Some),
        }
    }

    /// What the gateway itself refuses, as clients of this shape read it. Chats are refused as on the reference.
    pub(crate) fn refused(self, status: StatusCode, message: &str) -> Option<Value> {
        match self {
            Self::Chat => None,
            Self::Messages => Some(messages::refused(status, message)),
            Self::Responses => Some(responses::refused(status, message)),
        }
    }
}

/// What a target takes in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Takes {
    /// The format that it speaks.
    pub(crate) format: Format,
    /// Members beyond those of every OpenAI-shaped chat.
    pub(crate) extras: &'static [&'static str],
    /// Members of OpenAI's chat that it refuses.
    pub(crate) lacks: &'static [&'static str],
}

impl Takes {
    /// Whether a member that is not OpenAI's may be written. A translation knows itself what its target can do with it.
    pub(super) fn extra(&self, name: &str) -> bool {
        self.is_translated() || self.extras.contains(&name)
    }

    /// Whether a member of OpenAI's may be written.
    pub(super) fn member(&self, name: &str) -> bool {
        !self.lacks.contains(&name)
    }

    /// Whether a tool's answer may hold images and documents.
    pub(super) fn shows_results(&self) -> bool {
        matches!(self.format, Format::Anthropic | Format::Bedrock)
    }

    pub(super) fn is_translated(&self) -> bool {
        self.format != Format::Openai
    }

    /// What bounds an answer: OpenAI's newer models refuse the old name, most other servers know no other.
    pub(super) fn bound(&self) -> &'static str {
        const NEWER: &str = "max_completion_tokens";
        if self.extras.contains(&NEWER) { NEWER } else { "max_tokens" }
    }
}

/// A call in another shape, as a chat.
pub(crate) struct Heard {
    pub(crate) chat: Bytes,
    /// What could not be carried as it was.
    pub(crate) changes: Vec<Change>,
    pub(crate) origins: Origins,
    pub(crate) reply: Box<dyn Reply>,
}

/// Where each message of a chat stands in its caller's body. Below a message the chat's words stay.
#[derive(Debug, Default)]
pub(crate) struct Origins(pub(super) Vec<String>);

impl Origins {
    fn of(&self, place: String) -> String {
        let inner = place.strip_prefix("messages[").and_then(|rest| rest.split_once(']'));
        let found = inner.and_then(|(index, rest)| Some((self.0.get(index.parse::<usize>().ok()?)?, rest)));
        found.map(|(origin, rest)| format!("{origin}{rest}")).unwrap_or(place)
    }

    /// The change, where its caller finds it.
    pub(crate) fn of_change(&self, change: Change) -> Change {
        Change { path: self.of(change.path), ..change }
    }

    /// The fault, where its caller finds it.
    pub(crate) fn of_fault(&self, fault: Untranslatable) -> Untranslatable {
        Untranslatable { field: self.of(fault.field), ..fault }
    }
}

/// How the answer to one call is told in its caller's shape.
pub(crate) trait Reply: Send + Sync {
    /// A whole answer; `chat` is a chat completion, or OpenAI's error where `status` is not a success.
    ///
    /// # Errors
    /// [`Broken`](crate::error::ErrorKind::Broken) when a successful answer is no chat completion.
    fn answer(&self, status: StatusCode, chat: &[u8], created_s: u64) -> Result<Bytes, Error>;

    /// A teller of one streamed answer: it is fed OpenAI's chunks.
    fn stream(&self, created_s: u64) -> Box<dyn StreamDecoder>;
}
