//! OpenAI chat completions carried to Gemini's `generateContent` and back.

mod contents;
mod error;
mod generation;
mod parts;
mod request;
mod response;
mod stream;
mod tools;
mod wire;

use bytes::Bytes;
use http::StatusCode;

use super::translate::{StreamDecoder, Translated, Translation, Untranslatable};
use crate::error::Error;

/// Why a member of the caller's body is not in the translated one.
const LEFT_OUT: &str = "no counterpart in Gemini's generateContent: left out";

/// The translation to and from `models/{model}:generateContent` and `:streamGenerateContent`.
pub(super) struct Gemini;

impl Translation for Gemini {
    fn request(&self, body: &[u8]) -> Result<Translated, Untranslatable> {
        request::translate(body)
    }

    fn response(&self, status: StatusCode, body: &[u8], created_s: u64) -> Result<Bytes, Error> {
        if status.is_success() { response::translate(body, created_s) } else { Ok(error::body(status, body)) }
    }

    fn stream(&self, created_s: u64, include_usage: bool) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(created_s, include_usage))
    }
}

#[cfg(test)]
mod golden;
