//! Who turns a text into a vector.

use std::future::Future;
use std::pin::Pin;

use serde::Deserialize;

use super::point::Vector;
use crate::error::Error;

/// The future of one embedding.
pub type Embedding<'a> = Pin<Box<dyn Future<Output = Result<Vec<f32>, Error>> + Send + 'a>>;

/// Turns texts into vectors in this process: a model on the device, a library. All of them must have the same number of parts.
///
/// An error, or one that takes longer than `cache.semantic.timeout`, costs the call nothing but the chance of a near hit.
pub trait Embedder: Send + Sync {
    /// The vector of `text`; its length makes no difference.
    fn embed<'a>(&'a self, text: &'a str) -> Embedding<'a>;
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    embedding: Vec<f32>,
}

/// The vector in an answer of OpenAI's embeddings endpoint.
pub(crate) fn read_embedding(body: &[u8]) -> Option<Vector> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    Vector::of(answer.data.into_iter().next()?.embedding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_one_vector() {
        assert!(
            read_embedding(br#"{"object":"list","data":[{"index":0,"embedding":[0.6,0.8]}],"usage":{}}"#).is_some()
        );
        for body in
            ["{}", "{\"data\":[]}", "{\"data\":[{\"embedding\":[]}]}", "{\"data\":[{\"embedding\":\"AAAA\"}]}", "no"]
        {
            assert!(read_embedding(body.as_bytes()).is_none(), "{body}");
        }
    }
}
