//! What the program itself answers for the gateway. A question waits until the JavaScript thread takes it: no other thread
//! enters JavaScript.

use std::sync::Arc;

use napi_derive::napi;
use tokio::sync::oneshot;
use tollhouse::{Embedder, Embedding, Error, ErrorKind};

use crate::calls::{Calls, Shared};

/// What the JavaScript thread is told.
#[napi(object)]
pub struct Question {
    /// The number of the question; 0 where its function is not needed any more.
    pub id: u32,
    /// The number of the function that answers.
    pub function: u32,
    /// The text to be embedded, or nothing where nobody waits for the answer any more.
    pub text: Option<String>,
}

/// Where the answer to a question goes.
pub type Reply = oneshot::Sender<Result<Vec<f32>, Error>>;

/// The program's own embedder, a function of one environment.
pub struct Embeds {
    pub calls: Arc<Shared>,
    pub function: u32,
}

impl Embeds {
    async fn ask(&self, text: String) -> Result<Vec<f32>, Error> {
        let (reply, answer) = oneshot::channel();
        let id = self.calls.ask(self.function, text, reply);
        let _asking = Asking { embeds: self, id };
        answer.await.unwrap_or_else(|_| Err(failed("it ended without an answer")))
    }
}

impl Embedder for Embeds {
    fn embed<'a>(&'a self, text: &'a str) -> Embedding<'a> {
        Box::pin(self.ask(text.to_owned()))
    }
}

impl Drop for Embeds {
    fn drop(&mut self) {
        self.calls.tell(Question { id: 0, function: self.function, text: None });
    }
}

/// Tells the program when nobody waits any more.
struct Asking<'a> {
    embeds: &'a Embeds,
    id: u32,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.embeds.calls.replied(self.id).is_some() {
            self.embeds.calls.tell(Question { id: self.id, function: self.embeds.function, text: None });
        }
    }
}

fn failed(why: &str) -> Error {
    Error::new(ErrorKind::Broken, format!("the program's own embedder: {why}"))
}

#[napi]
impl Calls {
    /// The questions since the last time.
    #[napi(catch_unwind)]
    pub fn questions(&self) -> Vec<Question> {
        self.shared.questions()
    }

    /// The vector of a text.
    #[napi]
    #[allow(clippy::cast_possible_truncation, reason = "vectors are of single precision")]
    pub fn answer(&self, id: u32, vector: Vec<f64>) {
        if let Some(reply) = self.shared.replied(id) {
            let _ = reply.send(Ok(vector.into_iter().map(|part| part as f32).collect()));
        }
    }

    /// A question has no answer; `error` is the name of what went wrong.
    #[napi]
    pub fn fail(&self, id: u32, error: String) {
        if let Some(reply) = self.shared.replied(id) {
            let _ = reply.send(Err(failed(&error)));
        }
    }
}
