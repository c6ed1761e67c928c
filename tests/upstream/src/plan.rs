//! What a step does to an answer: gzip, the size of its chunks, the pauses between them, and where it breaks off.

use std::collections::VecDeque;
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::answer::Answer;
use crate::body::Beat;
use crate::call::Ending;
use crate::script::{Fail, Step};

/// The beats of a body, and what its end means when they have all been played.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) beats: VecDeque<Beat>,
    pub(crate) ending: Ending,
    /// The `content-length` to announce, in bytes. A stream announces none.
    pub(crate) content_length: Option<usize>,
}

impl Plan {
    pub(crate) fn new(answer: Answer, step: &Step) -> Self {
        let Answer { mut chunks, stream, status, .. } = answer;
        if step.gzip {
            chunks = gzip(&chunks);
        }
        if let Some(size) = step.chunk_bytes {
            chunks = in_pieces(&chunks, size.max(1));
        }
        let whole = length(&chunks);
        let fail = step.fail.or(step.cut_after_bytes.map(|_| Fail::Cut));
        match (fail, step.cut_after_bytes) {
            (None, _) => {}
            (Some(_), Some(bytes)) => shorten(&mut chunks, bytes),
            (Some(_), None) if stream => chunks.truncate(chunks.len() / 2),
            (Some(_), None) => shorten(&mut chunks, whole / 2),
        }
        // A truncated whole answer is complete as HTTP: only what it says is cut.
        let announced = if fail == Some(Fail::Truncate) { length(&chunks) } else { whole };
        let has_length = !stream && status != 204 && status != 304;

        let mut beats = paced(chunks, step.chunk_delay_ms.map(Duration::from_millis));
        let ending = match fail {
            None => Ending::Complete,
            Some(Fail::Truncate) => Ending::Truncated,
            Some(Fail::Stall) => {
                beats.push_back(Beat::Stall);
                Ending::ClientGone
            }
            Some(Fail::Cut | Fail::Refuse) => {
                beats.push_back(Beat::Break(Ending::Cut));
                Ending::Cut
            }
            Some(Fail::Reset) => {
                beats.push_back(Beat::Break(Ending::Reset));
                Ending::Reset
            }
        };
        Self { beats, ending, content_length: has_length.then_some(announced) }
    }
}

fn paced(chunks: Vec<Bytes>, pause: Option<Duration>) -> VecDeque<Beat> {
    let mut beats = VecDeque::new();
    for chunk in chunks {
        if let Some(pause) = pause
            && !beats.is_empty()
        {
            beats.push_back(Beat::Pause(pause));
        }
        beats.push_back(Beat::Chunk(chunk));
    }
    beats
}

/// One gzip stream over all chunks, flushed after each, so that a reader can decode every chunk when it comes.
fn gzip(chunks: &[Bytes]) -> Vec<Bytes> {
    const IN_MEMORY: &str = "a vector takes all that is written to it";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut packed = Vec::new();
    for chunk in chunks {
        encoder.write_all(chunk).expect(IN_MEMORY);
        encoder.flush().expect(IN_MEMORY);
        packed.push(Bytes::from(std::mem::take(encoder.get_mut())));
    }
    packed.push(Bytes::from(encoder.finish().expect(IN_MEMORY)));
    packed
}

fn in_pieces(chunks: &[Bytes], size: usize) -> Vec<Bytes> {
    chunks.concat().chunks(size).map(Bytes::copy_from_slice).collect()
}

fn shorten(chunks: &mut Vec<Bytes>, mut bytes: usize) {
    chunks.retain_mut(|chunk| {
        chunk.truncate(bytes);
        bytes -= chunk.len();
        !chunk.is_empty()
    });
}

fn length(chunks: &[Bytes]) -> usize {
    chunks.iter().map(Bytes::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(stream: bool, step: &Step) -> Plan {
        let chunks = ["abcd", "ef", "gh", "i"].map(Bytes::from).to_vec();
        Plan::new(Answer { status: 200, headers: Vec::new(), chunks, stream, usage: None }, step)
    }

    fn chunk(text: &'static str) -> Beat {
        Beat::Chunk(Bytes::from(text))
    }

    #[test]
    fn a_stream_breaks_between_events_and_a_whole_answer_within() {
        let cut = Step::fail(Fail::Cut);
        assert_eq!(plan(true, &cut).beats, [chunk("abcd"), chunk("ef"), Beat::Break(Ending::Cut)]);
        let whole = plan(false, &cut);
        assert_eq!((whole.content_length, whole.beats), (Some(9), [chunk("abcd"), Beat::Break(Ending::Cut)].into()));
    }

    #[test]
    fn a_truncated_answer_announces_what_it_sends() {
        let whole = plan(false, &Step { cut_after_bytes: Some(5), ..Step::fail(Fail::Truncate) });
        assert_eq!((whole.content_length, whole.beats), (Some(5), [chunk("abcd"), chunk("e")].into()));
        assert_eq!(whole.ending, Ending::Truncated);
    }

    #[test]
    fn pieces_are_paced() {
        let step = Step { chunk_bytes: Some(5), chunk_delay_ms: Some(7), ..Step::ok() };
        let pause = Beat::Pause(Duration::from_millis(7));
        assert_eq!(plan(true, &step).beats, [chunk("abcde"), pause, chunk("fghi")]);
    }
}
