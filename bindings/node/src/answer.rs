//! The gateway's answer on its way to a WHATWG `Response`.

use std::sync::Arc;

use napi_derive::napi;
use tollhouse::Response;

use crate::body::Reader;
use crate::calls::Shared;
use crate::errors::Failure;
use crate::headers;
use crate::outcome::Chunk;

/// Head and body of an answer. The body is either `body` or `reader`.
#[napi(object, object_from_js = false)]
pub struct Answer {
    pub status: u16,
    /// `name\nvalue\n…`
    pub headers: String,
    /// The body, if it is all there.
    pub body: Option<Chunk>,
    /// The body, if chunks are to come.
    pub reader: Option<Reader>,
    /// Why no provider answered.
    pub failure: Option<Failure>,
}

impl Answer {
    pub fn new(calls: &Arc<Shared>, response: Response) -> Self {
        let mut content = response.body;
        let body = content.take_full().map(Chunk);
        let reader = body.is_none().then(|| Reader::new(calls, content));
        Self {
            status: response.status.as_u16(),
            headers: headers::to_text(&response.headers),
            body,
            reader,
            failure: response.failure.map(Failure::from),
        }
    }
}
