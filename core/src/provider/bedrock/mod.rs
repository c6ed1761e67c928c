//! OpenAI chat completions carried to Amazon Bedrock's Converse and back.
//! Formats: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>, `API_runtime_ConverseStream`.

mod answer;
mod content;
mod conversation;
mod error;
mod request;
mod stream;
mod tools;

use bytes::Bytes;
use http::StatusCode;

use super::translate::{StreamDecoder, Translated, Translation, Untranslatable};
use crate::error::Error;

/// Why a member of the caller's body is not in the translated one.
const LEFT_OUT: &str = "no counterpart in Bedrock's Converse: left out";

/// The translation to and from `POST /model/{id}/converse`.
pub(super) struct Bedrock;

impl Translation for Bedrock {
    fn request(&self, body: &[u8]) -> Result<Translated, Untranslatable> {
        request::translate(body)
    }

    fn response(&self, status: StatusCode, body: &[u8], created_s: u64) -> Result<Bytes, Error> {
        if status.is_success() { answer::translate(body, created_s) } else { Ok(error::body(status, body)) }
    }

    fn stream(&self, created_s: u64, include_usage: bool) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(created_s, include_usage))
    }
}

#[cfg(test)]
mod golden;
