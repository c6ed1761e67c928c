//! What is known of providers: who they are, where and how they are called, and how a chat in OpenAI's shape is carried
//! to one of another format. Data and pure translation; the road decides when to use them.

mod anthropic;
mod aws;
mod bedrock;
mod carried;
pub(crate) mod catalogue;
mod chat;
mod completion;
mod decoding;
mod dialect;
#[cfg(test)]
mod fixtures;
mod gemini;
mod grant;
mod messages;
mod model;
mod object;
mod parts;
mod prefill;
mod responses;
#[cfg(test)]
mod support;
mod text;
mod translate;
mod turn;
mod written;

pub(crate) use catalogue::{Catalogue, Provider, without_keys};
pub(crate) use decoding::Decoding;
pub(crate) use dialect::{Dialect, Origins, Takes};
pub(crate) use grant::{Grant, token};
pub(crate) use model::{split_model, with_model};
pub(crate) use translate::{Change, StreamDecoder, Translation, Untranslatable};

use crate::usage::Format;
use anthropic::Anthropic;
use bedrock::Bedrock;
use gemini::Gemini;

/// The translation for providers of `format`. `None` where OpenAI's shape is spoken already, or none is known.
pub(crate) fn translation(format: Format) -> Option<&'static dyn Translation> {
    match format {
        Format::Anthropic => Some(&Anthropic),
        Format::Gemini => Some(&Gemini),
        Format::Bedrock => Some(&Bedrock),
        Format::Openai | Format::WorkersAi | Format::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_foreign_formats_are_translated() {
        assert!(translation(Format::Anthropic).is_some() && translation(Format::Gemini).is_some());
        assert!(translation(Format::Openai).is_none());
        assert!(translation(Format::Other).is_none());
    }
}
