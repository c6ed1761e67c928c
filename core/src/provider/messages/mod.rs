//! Anthropic's messages, as a caller speaks them, carried to OpenAI's chat completions and back.
//! Formats: <https://platform.claude.com/docs/en/api/messages/create>,
//! <https://platform.openai.com/docs/api-reference/chat/create>.

mod answer;
mod assistant;
mod blocks;
mod content;
mod conversation;
mod documents;
mod error;
mod options;
mod request;
mod stream;
mod tools;

use bytes::Bytes;
use http::StatusCode;

use super::dialect::{Heard, Reply, Takes};
use super::translate::{StreamDecoder, Untranslatable};
use crate::error::Error;

pub(super) use error::refused;

/// Why a member of the caller's body is not in the chat.
const LEFT_OUT: &str = "no counterpart in a chat with this model: left out";

/// The chat for a `POST /v1/messages`.
pub(super) fn hear(body: &[u8], takes: &Takes) -> Result<Heard, Untranslatable> {
    request::translate(body, takes)
}

/// The answer as Anthropic would give it.
struct Messages;

impl Reply for Messages {
    fn answer(&self, status: StatusCode, chat: &[u8], _created_s: u64) -> Result<Bytes, Error> {
        if status.is_success() { answer::translate(chat) } else { Ok(error::body(status, chat)) }
    }

    fn stream(&self, _created_s: u64) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::default())
    }
}

#[cfg(test)]
mod golden;
