//! The events of a stream, whatever they are framed in.

use crate::eventstream;
use crate::sse::{Event, Parser};
use crate::usage::Format;

/// How events are cut out of a stream.
pub(super) enum Events {
    Sse(Parser),
    /// AWS's binary frames.
    Frames(eventstream::Parser),
    /// What came was no such stream.
    None,
}

impl Events {
    pub(super) fn of(format: Format) -> Self {
        match format {
            Format::Bedrock => Self::Frames(eventstream::Parser::default()),
            Format::Other => Self::None,
            _ => Self::Sse(Parser::default()),
        }
    }

    /// Takes the next chunk; false if that is no stream of events.
    pub(super) fn feed(&mut self, chunk: &[u8], each: impl FnMut(&Event)) -> bool {
        match self {
            Self::Sse(parser) => parser.feed(chunk, each).is_ok(),
            Self::Frames(parser) => parser.feed(chunk, each).is_ok(),
            Self::None => true,
        }
    }
}
