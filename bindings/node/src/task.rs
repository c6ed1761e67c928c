//! A call that has to wait, and that the JavaScript thread can let go of at any moment.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::errors::Failure;
use crate::outcome::Outcome;

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A future that is dropped where and when it is cancelled: the log of a cancelled call is there as soon as
/// [`cancel`](Self::cancel) returns.
pub struct Task(Mutex<Option<Work>>);

impl Task {
    pub fn new(work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self(Mutex::new(Some(Box::pin(work))))
    }

    /// Ready with `None` once the task was cancelled. A panic is an outcome, for it must not unwind into Node.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(work) = slot.as_mut() else {
            return Poll::Ready(None);
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(_) => Outcome::Failure(Failure::of_panic()),
        };
        *slot = None;
        Poll::Ready(Some(outcome))
    }

    /// Drops the future, which ends the call.
    pub fn cancel(&self) {
        let work = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(work);
    }
}
