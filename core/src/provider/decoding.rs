//! How a provider's answer becomes the caller's: from the provider's format to a chat, and from that to the caller's shape.

use bytes::Bytes;
use http::StatusCode;

use super::dialect::Reply;
use super::translate::{StreamDecoder, Translation};
use crate::error::Error;

/// Both steps; either may be missing.
#[derive(Default)]
pub(crate) struct Decoding {
    /// The provider's format, and whether a streamed answer is to end with its usage.
    pub(crate) translation: Option<(&'static dyn Translation, bool)>,
    /// The caller's shape.
    pub(crate) reply: Option<Box<dyn Reply>>,
}

impl Decoding {
    /// Whether there is anything to be done.
    pub(crate) fn is_needed(&self) -> bool {
        self.translation.is_some() || self.reply.is_some()
    }

    /// A whole answer; `created_s` is its time in Unix seconds.
    ///
    /// # Errors
    /// [`Broken`](crate::error::ErrorKind::Broken) when a successful answer is not what its provider documents.
    pub(crate) fn whole(&self, status: StatusCode, body: Bytes, created_s: u64) -> Result<Bytes, Error> {
        let chat = match self.translation {
            Some((translation, _)) => translation.response(status, &body, created_s)?,
            None => body,
        };
        match &self.reply {
            Some(reply) => reply.answer(status, &chat, created_s),
            None => Ok(chat),
        }
    }

    /// A decoder for one streamed answer.
    pub(crate) fn stream(&self, created_s: u64) -> Box<dyn StreamDecoder> {
        let first = self.translation.map(|(translation, usage)| translation.stream(created_s, usage));
        let second = self.reply.as_ref().map(|reply| reply.stream(created_s));
        match (first, second) {
            (Some(first), Some(second)) => Box::new(Relay { first, second, between: Vec::new() }),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Box::new(Untouched),
        }
    }
}

/// Two decoders, one behind the other: the provider's events become chunks, and those the caller's events.
struct Relay {
    first: Box<dyn StreamDecoder>,
    second: Box<dyn StreamDecoder>,
    between: Vec<u8>,
}

impl Relay {
    /// What the first one says goes before: it knows the provider.
    fn pass(&mut self, said: Result<(), Error>, out: &mut Vec<u8>) -> Result<(), Error> {
        let told = self.second.feed(&self.between, out);
        self.between.clear();
        said.and(told)
    }
}

impl StreamDecoder for Relay {
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let said = self.first.feed(chunk, &mut self.between);
        self.pass(said, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let said = self.first.end(&mut self.between);
        let passed = self.pass(said, out);
        let ended = self.second.end(out);
        passed.and(ended)
    }
}

/// Passes all on.
struct Untouched;

impl StreamDecoder for Untouched {
    fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(chunk);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}
