//! The gateway's answer on its way to the host.

use std::sync::Arc;

use tollhouse::Response;

use crate::body::Body;
use crate::errors::Failure;
use crate::headers::{self, Header};

/// Status, headers, and either the whole body or one to pull.
#[derive(uniffi::Record)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, duplicates kept.
    pub headers: Vec<Header>,
    /// The whole body, if it is there.
    pub content: Option<Vec<u8>>,
    /// The body to pull, if it is not.
    pub body: Option<Arc<Body>>,
    /// Why no provider answered; not thrown.
    pub failure: Option<Failure>,
}

impl From<Response> for Answer {
    fn from(mut response: Response) -> Self {
        let content = response.body.take_full().map(Vec::from);
        let body = content.is_none().then(|| Arc::new(Body::new(response.body)));
        Self {
            status: response.status.as_u16(),
            headers: headers::listed(&response.headers),
            content,
            body,
            failure: response.failure.map(Failure::from),
        }
    }
}
