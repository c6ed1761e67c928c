//! A body whose chunks are still to come.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use napi::Env;
use napi_derive::napi;
use tollhouse::{Body, Error};

use crate::calls::Shared;
use crate::outcome::Outcome;

/// Reads a body. Letting go of it cancels the upstream call.
#[napi]
pub struct Reader {
    calls: Arc<Shared>,
    id: u32,
    slot: Arc<Slot>,
}

impl Reader {
    pub fn new(calls: &Arc<Shared>, body: Body) -> Self {
        let slot = Arc::new(Slot(Mutex::new(State::Idle(body))));
        Self { id: calls.keep_body(slot.clone()), calls: calls.clone(), slot }
    }
}

#[napi]
impl Reader {
    /// All chunks that have come, at least one; `null` at the end. One read at a time.
    #[napi]
    pub fn next(&self, env: Env) -> Outcome {
        let body = match self.slot.replace(State::Reading) {
            State::Idle(body) => body,
            State::Broken(error) => {
                self.slot.close();
                return error.into();
            }
            State::Reading => return Outcome::Nothing,
            State::Over => {
                self.slot.close();
                return Outcome::Nothing;
            }
        };
        let slot = self.slot.clone();
        // Not polled here first: the connection hands over one chunk at a time, so a batch is gathered beside it.
        self.calls.spawn(env, async move {
            let (chunks, rest) = gather(body).await;
            let end = match rest {
                State::Broken(error) if chunks.is_empty() => error.into(),
                _ if chunks.is_empty() => Outcome::Nothing,
                rest => {
                    slot.give_back(rest);
                    return Outcome::Chunks(chunks);
                }
            };
            slot.close();
            end
        })
    }

    /// Lets go of the body.
    #[napi]
    pub fn cancel(&self) {
        self.slot.close();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.slot.close();
        self.calls.forget_body(self.id);
    }
}

/// Waits for a chunk, and takes what the connection has read behind it: it gets its turn after each chunk that is taken.
async fn gather(mut body: Body) -> (Vec<Bytes>, State) {
    let mut chunks = Vec::new();
    let mut next = body.next_batch().await;
    loop {
        match next {
            Some(Ok(more)) => chunks.extend(more),
            Some(Err(error)) => return (chunks, State::Broken(error)),
            None => return (chunks, State::Over),
        }
        tokio::task::yield_now().await;
        // The future may be dropped while it waits: it holds nothing before its first chunk, and does not wait after it.
        next = match poll_fn(|cx| Poll::Ready(pin!(body.next_batch()).poll(cx))).await {
            Poll::Ready(next) => next,
            Poll::Pending => return (chunks, State::Idle(body)),
        };
    }
}

/// Where a body is between two reads.
pub struct Slot(Mutex<State>);

enum State {
    Idle(Body),
    Reading,
    /// What came before the error is read already.
    Broken(Error),
    Over,
}

impl Slot {
    /// Drops the body, now or when the read that goes on gives it back.
    pub fn close(&self) {
        let before = self.replace(State::Over);
        drop(before);
    }

    fn give_back(&self, rest: State) {
        if let State::Over = self.replace(rest) {
            self.close();
        }
    }

    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}
