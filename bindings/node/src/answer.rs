//! The gateway's answer on its way to a WHATWG `Response`.

use std::sync::Arc;

use bytes::Bytes;
use napi::bindgen_prelude::Either3;
use tollhouse::Response;

use crate::body::Reader;
use crate::calls::Shared;
use crate::errors::Failure;
use crate::headers;
use crate::outcome::Chunk;

/// Head, body, and why no provider answered. An array: JavaScript makes one quicker than an object with named fields.
///
/// The head is `status\nname\nvalue\nname\nvalue\n…`.
pub type Answer = (String, Content, Option<Failure>);

/// A body that is all there, or the reader of one whose chunks are to come.
type Content = Either3<String, Chunk, Reader>;

/// A text is read as text nearly always, and a JavaScript string costs a fraction of a buffer. Beyond this many bytes the
/// rare reader of bytes would pay too much for the way back.
const MAX_TEXT_BYTES: usize = 1 << 20;

pub fn answer(calls: &Arc<Shared>, response: Response) -> Answer {
    let head = headers::to_text(response.status, &response.headers);
    let mut body = response.body;
    let content = match body.take_full() {
        Some(bytes) => whole(bytes),
        None => Either3::C(Reader::new(calls, body)),
    };
    (head, content, response.failure.map(Failure::from))
}

fn whole(bytes: Bytes) -> Content {
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.len() <= MAX_TEXT_BYTES => Either3::A(text.to_owned()),
        _ => Either3::B(Chunk(bytes)),
    }
}
