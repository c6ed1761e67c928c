//! A kept answer as bytes: a head that tells what it is, and the body. Both are compressed where that pays.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::entry::{Cut, Entry, Kept};
use super::store::{Asked, Field, Stored};
use crate::usage::NanoUsd;

/// What is smaller is not worth it, and what is larger takes longer than a caller should wait for its turn at the store.
const COMPRESSED: std::ops::Range<usize> = 200..1_000_000;

/// No head is larger than this; what says that it is was not written by us.
const MAX_HEAD_BYTES: u64 = 16_000_000;

/// Bodies as they are, and deflated (RFC 1951) with the length that they had.
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// A kept answer as a store outside of the process holds it.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    /// Each byte of a value is one character, since a header's value need not be UTF-8.
    headers: Vec<(String, String)>,
    model_served: Option<String>,
    cost: Option<NanoUsd>,
    /// Ends and times of a stream's chunks; absent for a whole body.
    cuts: Option<Vec<(usize, u64)>>,
    provider: String,
    model: String,
    scope: Option<String>,
    word: Option<u64>,
    fields: Vec<(String, u64)>,
    at_us: u64,
    ttl_us: u64,
    keep_us: u64,
}

impl Packed {
    pub(super) fn of(stored: &Stored) -> Self {
        let (entry, asked) = (&stored.entry, &stored.asked);
        let (body, cuts) = match &entry.body {
            Kept::Whole(body) => (body, None),
            Kept::Stream { bytes, cuts } => (bytes, Some(cuts.iter().map(|cut| (cut.end, cut.after_us)).collect())),
        };
        let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
        let head = Head {
            status: entry.status.as_u16(),
            headers: entry.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
            model_served: entry.model_served.clone(),
            cost: entry.cost,
            cuts,
            provider: asked.provider.clone(),
            model: asked.model.clone(),
            scope: asked.scope.clone(),
            word: asked.word,
            fields: asked.fields.iter().map(|field| (field.path.clone(), field.digest)).collect(),
            at_us: stored.at_us,
            ttl_us: microseconds(stored.ttl),
            keep_us: microseconds(stored.keep),
        };
        Self { head: pack(&serde_json::to_vec(&head).expect("texts and numbers are JSON")), body: pack(body) }
    }

    pub(super) fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// What was kept, or `None` for what this version did not write, or what is larger than an answer may be.
    pub(super) fn unpack(&self, max_body_bytes: u64) -> Option<Stored> {
        let (asked, head) = head(&self.head)?;
        let body = Bytes::from(unpack(&self.body, max_body_bytes)?);
        let mut headers = HeaderMap::with_capacity(head.headers.len());
        for (name, value) in &head.headers {
            let value: Option<Vec<u8>> = value.chars().map(|byte| u8::try_from(byte).ok()).collect();
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(&value?).ok()?);
        }
        let body = match head.cuts {
            None => Kept::Whole(body),
            Some(cuts) => {
                let cuts: Arc<[Cut]> = cuts.into_iter().map(|(end, after_us)| Cut { end, after_us }).collect();
                let is_sound = cuts.is_sorted_by_key(|cut| cut.end) && cuts.iter().all(|cut| cut.end <= body.len());
                is_sound.then_some(Kept::Stream { bytes: body, cuts })?
            }
        };
        let status = StatusCode::from_u16(head.status).ok()?;
        let entry = Entry { status, headers, body, model_served: head.model_served, cost: head.cost };
        Some(Stored {
            entry,
            asked: Arc::new(asked),
            at_us: head.at_us,
            ttl: Duration::from_micros(head.ttl_us),
            keep: Duration::from_micros(head.keep_us),
        })
    }
}

/// By what an answer was asked for, and when it was stored, without its body.
pub(super) fn asked(packed_head: &[u8]) -> Option<(Asked, u64)> {
    head(packed_head).map(|(asked, head)| (asked, head.at_us))
}

fn head(packed: &[u8]) -> Option<(Asked, Head)> {
    let mut head: Head = serde_json::from_slice(&unpack(packed, MAX_HEAD_BYTES)?).ok()?;
    let fields = std::mem::take(&mut head.fields).into_iter();
    let asked = Asked {
        provider: std::mem::take(&mut head.provider),
        model: std::mem::take(&mut head.model),
        scope: head.scope.take(),
        word: head.word,
        fields: fields.map(|(path, digest)| Field { path, digest }).collect(),
    };
    Some((asked, head))
}

pub(super) fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    if COMPRESSED.contains(&bytes.len())
        && let Some(deflated) = deflate(bytes).filter(|deflated| deflated.len() < bytes.len())
    {
        return deflated;
    }
    let mut packed = Vec::with_capacity(bytes.len() + 1);
    packed.push(PLAIN);
    packed.extend_from_slice(bytes);
    packed
}

fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut start = vec![DEFLATED];
    start.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    let mut encoder = DeflateEncoder::new(start, Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// Never makes more than the bytes that are announced, and those are within the bound: a few bytes may claim to be many.
fn unpack(packed: &[u8], max_bytes: u64) -> Option<Vec<u8>> {
    match packed.split_first()? {
        (&PLAIN, bytes) if bytes.len() as u64 <= max_bytes => Some(bytes.to_vec()),
        (&DEFLATED, bytes) => {
            let (length, deflated) = bytes.split_first_chunk()?;
            let length = Some(u64::from_le_bytes(*length)).filter(|length| *length <= max_bytes)?;
            let mut bytes = Vec::with_capacity(usize::try_from(length).ok()?);
            DeflateDecoder::new(deflated).take(length + 1).read_to_end(&mut bytes).ok()?;
            (bytes.len() as u64 == length).then_some(bytes)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored() -> impl Strategy<Value = Stored> {
        let chunks = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..500), 0..6);
        let header = prop::collection::vec(prop_oneof![Just(b'\t'), 32..127_u8, 128..=255_u8], 0..40);
        let asked = ("[a-z]{1,9}", ".{0,9}", prop::option::of(".{0,9}"), any::<Option<u64>>());
        (chunks, any::<bool>(), header, asked, any::<Option<i64>>(), any::<(u64, u32)>()).prop_map(
            |(chunks, streamed, header, (provider, model, scope, word), cost, (at_us, ttl))| {
                let mut end = 0;
                let cut = |chunk: &Vec<u8>| {
                    end += chunk.len();
                    Cut { end, after_us: end as u64 }
                };
                let cuts: Arc<[Cut]> = chunks.iter().map(cut).collect();
                let bytes = Bytes::from(chunks.concat());
                let mut headers = HeaderMap::new();
                headers.append("x-a", HeaderValue::from_bytes(&header).expect("these bytes may stand in a header"));
                headers.append("x-a", HeaderValue::from_static("b"));
                let body = if streamed { Kept::Stream { bytes, cuts } } else { Kept::Whole(bytes) };
                let fields = Box::new([Field { path: "model".to_owned(), digest: at_us }]);
                let entry = Entry { status: StatusCode::OK, headers, body, model_served: Some(model.clone()), cost };
                let asked = Arc::new(Asked { provider, model, scope, word, fields });
                let ttl = Duration::from_micros(ttl.into());
                Stored { entry, asked, at_us, ttl, keep: ttl * 2 }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(stored in stored()) {
            let packed = Packed::of(&stored);
            let again = packed.unpack(1 << 20).expect("it was written just now");
            prop_assert_eq!(format!("{again:?}"), format!("{stored:?}"));
            prop_assert_eq!(asked(&packed.head), Some((Asked::clone(&stored.asked), stored.at_us)));
        }

        #[test]
        fn what_others_wrote_is_no_answer(head in prop::collection::vec(any::<u8>(), 0..60), body in prop::collection::vec(any::<u8>(), 0..60)) {
            let packed = Packed { head, body };
            prop_assert!(packed.unpack(1 << 20).is_none());
        }
    }

    #[test]
    fn text_gets_smaller() {
        let text = b"{\"role\": \"assistant\", \"content\": \"the same words again and again\"}".repeat(50);
        assert!(pack(&text).len() < text.len() / 5);
        assert_eq!(unpack(&pack(&text), 1 << 20), Some(text));
    }

    #[test]
    fn a_few_bytes_do_not_become_many() {
        let bomb = deflate(&vec![0; 1 << 20]).expect("memory can be written to");
        assert_eq!(unpack(&bomb, 1 << 19), None, "it says itself that it is too large");
        let mut liar = bomb;
        liar[1..9].copy_from_slice(&10_u64.to_le_bytes());
        assert_eq!(unpack(&liar, 1 << 19), None);
    }
}
