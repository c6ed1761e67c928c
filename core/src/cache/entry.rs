//! What is kept of an answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use crate::usage::NanoUsd;

/// A whole answer, ready to be given again.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Kept,
    pub(crate) model_served: Option<String>,
    /// What the answer had cost: what a hit saves.
    pub(crate) cost: Option<NanoUsd>,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// All at once.
    Whole(Bytes),
    /// A stream, with the cuts between its chunks.
    Stream { bytes: Bytes, cuts: Arc<[Cut]> },
}

/// Where a chunk of a stream ends, and when it had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) end: usize,
    /// Microseconds after the head of the answer.
    pub(crate) after_us: u64,
}

impl Kept {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(bytes) | Self::Stream { bytes, .. } => bytes.len(),
        }
    }
}

impl Entry {
    /// Body, headers and an allowance for what surrounds them, in bytes.
    pub(super) fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        let cuts = match &self.body {
            Kept::Whole(_) => 0,
            Kept::Stream { cuts, .. } => size_of_val(&**cuts),
        };
        self.body.len() + cuts + headers + 256
    }
}

/// A stream as it is remembered while it passes, up to a bound.
#[derive(Debug)]
pub(crate) struct Recording {
    bytes: BytesMut,
    cuts: Vec<Cut>,
    max_bytes: usize,
    since_us: u64,
}

impl Recording {
    /// A recording of what came after `since_us` (monotonic), of at most `max_bytes`.
    pub(crate) fn new(since_us: u64, max_bytes: u64) -> Self {
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        Self { bytes: BytesMut::new(), cuts: Vec::new(), max_bytes, since_us }
    }

    /// Adds a chunk that came at `now_us`. Says whether the bound still holds; past it the recording is worth nothing.
    pub(crate) fn add(&mut self, chunk: &[u8], now_us: u64) -> bool {
        if self.bytes.len() + chunk.len() > self.max_bytes {
            return false;
        }
        self.bytes.extend_from_slice(chunk);
        self.cuts.push(Cut { end: self.bytes.len(), after_us: now_us.saturating_sub(self.since_us) });
        true
    }

    /// The stream that was recorded.
    pub(crate) fn finish(self) -> Kept {
        Kept::Stream { bytes: self.bytes.freeze(), cuts: self.cuts.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_keeps_chunks_and_times() {
        let mut recording = Recording::new(1_000, 6);
        assert!(recording.add(b"ab", 1_500) && recording.add(b"cdef", 3_000));
        let cuts = Arc::from([Cut { end: 2, after_us: 500 }, Cut { end: 6, after_us: 2_000 }]);
        assert_eq!(recording.finish(), Kept::Stream { bytes: Bytes::from_static(b"abcdef"), cuts });
    }

    #[test]
    fn what_is_over_the_bound_is_not_kept() {
        let mut recording = Recording::new(0, 3);
        assert!(recording.add(b"ab", 1) && !recording.add(b"cd", 2));
    }
}
