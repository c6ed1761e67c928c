//! OpenAI's responses, as a caller speaks them, carried to chat completions and back. Nothing is kept here: a call brings
//! its whole conversation, as with `store: false` at OpenAI itself.
//! Formats: <https://platform.openai.com/docs/api-reference/responses/create>, `responses/object`, `responses-streaming`.

mod answer;
mod content;
mod echo;
mod events;
mod input;
mod items;
mod open;
mod options;
mod output;
mod request;
mod stream;
mod tools;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::dialect::{Heard, Reply, Takes};
use super::translate::{StreamDecoder, Untranslatable};
use crate::error::Error;
use echo::Echo;

/// Why a member of the caller's body is not in the chat.
const LEFT_OUT: &str = "no counterpart in a chat with this model: left out";

/// The chat for a `POST /v1/responses`.
pub(super) fn hear(body: &[u8], takes: &Takes) -> Result<Heard, Untranslatable> {
    request::translate(body, takes)
}

/// What the gateway itself refuses, as OpenAI would. Names: <https://platform.openai.com/docs/guides/error-codes>.
pub(super) fn refused(status: StatusCode, message: &str) -> Value {
    let kind = match status.as_u16() {
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": null}})
}

/// The answer as OpenAI would give it, with the settings that it repeats.
struct Responses {
    echo: Echo,
}

impl Reply for Responses {
    fn answer(&self, status: StatusCode, chat: &[u8], created_s: u64) -> Result<Bytes, Error> {
        // Errors have OpenAI's shape already.
        if status.is_success() {
            answer::translate(chat, &self.echo, created_s)
        } else {
            Ok(Bytes::copy_from_slice(chat))
        }
    }

    fn stream(&self, created_s: u64) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(self.echo.clone(), created_s))
    }
}

#[cfg(test)]
mod golden;
