//! A body whose chunks are still to come.

use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi_derive::napi;
use tollhouse::Body;

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
        let Some(mut body) = self.slot.take() else {
            return Outcome::Nothing;
        };
        let slot = self.slot.clone();
        self.calls.start(env, async move {
            match body.next_batch().await {
                Some(Ok(chunks)) => {
                    slot.give_back(body);
                    Outcome::Chunks(chunks)
                }
                Some(Err(error)) => error.into(),
                None => Outcome::Nothing,
            }
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

/// Where a body waits between two reads.
pub struct Slot(Mutex<State>);

enum State {
    Idle(Body),
    Reading,
    Over,
}

impl Slot {
    /// Drops the body, now or when the read that goes on gives it back.
    pub fn close(&self) {
        let before = self.replace(State::Over);
        drop(before);
    }

    fn take(&self) -> Option<Body> {
        match self.replace(State::Reading) {
            State::Idle(body) => Some(body),
            State::Reading => None,
            State::Over => {
                self.close();
                None
            }
        }
    }

    fn give_back(&self, body: Body) {
        if let State::Over = self.replace(State::Idle(body)) {
            self.close();
        }
    }

    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}
