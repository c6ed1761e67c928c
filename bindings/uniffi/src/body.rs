//! A body whose chunks are still to come.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tollhouse::Error;

use crate::errors::Failure;
use crate::runtime::driven;

/// Reads a body. Letting it go cancels the upstream call. `close` would be a word of Kotlin's own.
#[derive(uniffi::Object)]
pub struct Body(Mutex<State>);

struct State {
    /// `None` once it has ended or was cancelled.
    body: Option<tollhouse::Body>,
    /// Everybody who waits: whoever comes first takes what has come, and the others look again.
    waiting: Vec<Waker>,
}

#[uniffi::export]
impl Body {
    /// All bytes that have come, at least one; `None` at the end. Whoever gives up waiting loses nothing.
    pub async fn next(&self) -> Result<Option<Vec<u8>>, Failure> {
        // But for what comes in that very moment. In Kotlin, whose readers may give up, the body goes with its reader.
        driven(poll_fn(|cx| self.poll_next(cx))).await
    }

    /// `next` on the calling thread, which it blocks.
    pub fn next_blocking(&self) -> Result<Option<Vec<u8>>, Failure> {
        crate::runtime::block_on(poll_fn(|cx| self.poll_next(cx)))
    }

    /// Lets go of the upstream call; whoever waits gets the end. Doing it twice is harmless.
    pub fn cancel(&self) {
        let mut state = self.state();
        let (body, waiting) = (state.body.take(), std::mem::take(&mut state.waiting));
        drop(state);
        crate::runtime::entered(|| drop(body));
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Body {
    pub fn new(body: tollhouse::Body) -> Self {
        Self(Mutex::new(State { body: Some(body), waiting: Vec::new() }))
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Error>> {
        let mut state = self.state();
        let Some(body) = state.body.as_mut() else { return Poll::Ready(Ok(None)) };
        // The future holds no state before its first chunk, so it may be made anew each time.
        let polled = pin!(body.next_batch()).poll(cx);
        if polled.is_ready() {
            state.waiting.drain(..).for_each(Waker::wake);
        }
        match polled {
            Poll::Pending => {
                if !state.waiting.iter().any(|waiting| waiting.will_wake(cx.waker())) {
                    state.waiting.push(cx.waker().clone());
                }
                Poll::Pending
            }
            Poll::Ready(Some(Ok(chunks))) => Poll::Ready(Ok(Some(chunks.concat()))),
            Poll::Ready(Some(Err(error))) => {
                state.body = None;
                Poll::Ready(Err(error))
            }
            Poll::Ready(None) => {
                state.body = None;
                Poll::Ready(Ok(None))
            }
        }
    }

    /// A body whose poll panicked is not polled again.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut state = poisoned.into_inner();
            state.body = None;
            state
        })
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.cancel();
    }
}
