//! A body whose chunks are still coming.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use tollhouse::{Error, ErrorKind};

use crate::bridge::{self, Outcome};
use crate::errors;
use crate::process::Owned;
use crate::runtime::Driver;

/// Chunks to pull, all that have come at a time. Closing it, or letting it go, cancels the upstream call.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Body {
    stream: Arc<Owned<Stream>>,
    home: Home,
}

/// Whose runtime a body's connection lives in: it moves only while that one is driven.
#[derive(Clone)]
pub(crate) enum Home {
    /// That of the thread that made the call; any thread that asks for a chunk drives it.
    Thread(Arc<Driver>),
    /// The background thread's.
    Background,
}

#[pymethods]
impl Body {
    /// The chunks that have come, at least one; waits for it. `None` at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stream = self.stream(py)?;
        let driver = match &self.home {
            Home::Thread(driver) => driver.clone(),
            Home::Background => Driver::background()?,
        };
        driver.drive(py, next(stream))?.into_python(py, &self.home)
    }

    /// `next`, awaited; for the answer to an async call.
    fn next_async<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stream = self.stream(py)?;
        match self.home {
            Home::Background => bridge::start(py, next(stream)),
            Home::Thread(_) => {
                let message = "a sync call made this answer: iterate over it without `async`, or call an AsyncGateway";
                Err(errors::raised(py, &Error::new(ErrorKind::InvalidRequest, message)))
            }
        }
    }

    /// Lets go of the upstream call; whoever waits for a chunk gets the end. Closing twice is harmless.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.let_go());
    }
}

impl Body {
    pub(crate) fn new(body: tollhouse::Body, home: Home) -> Self {
        let state = State { body: Some(body), came: None, waiting: None };
        Self { stream: Arc::new(Owned::new(Stream(Mutex::new(state)))), home }
    }

    fn stream(&self, py: Python<'_>) -> PyResult<Arc<Owned<Stream>>> {
        if self.stream.is_ours() {
            return Ok(self.stream.clone());
        }
        let message = "this answer belongs to the process that made the call; a forked child has to make its own";
        Err(errors::raised(py, &Error::new(ErrorKind::Closed, message)))
    }

    fn let_go(&self) {
        if self.stream.is_ours()
            && self.stream.close()
            && let Home::Thread(driver) = &self.home
        {
            driver.catch_up();
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.let_go();
    }
}

struct Stream(Mutex<State>);

struct State {
    /// `None` once it has ended or was closed.
    body: Option<tollhouse::Body>,
    /// What has come and was not handed over yet.
    came: Option<Result<Vec<Bytes>, Error>>,
    waiting: Option<Waker>,
}

/// Ends when something has come. It stays in the stream until Python takes it: who gives up waiting loses nothing.
async fn next(stream: Arc<Owned<Stream>>) -> Came {
    poll_fn(|cx| stream.poll_came(cx)).await;
    Came(stream)
}

impl Stream {
    fn poll_came(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        let state = &mut *state;
        let Some(body) = state.body.as_mut().filter(|_| state.came.is_none()) else { return Poll::Ready(()) };
        // The future holds no state before its first chunk, so it may be made anew each time.
        let polled = pin!(body.next_batch()).poll(cx);
        match polled {
            Poll::Pending => {
                state.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Some(batch)) => state.came = Some(batch),
            Poll::Ready(None) => state.body = None,
        }
        Poll::Ready(())
    }

    /// Drops the body, and tells whether there was one.
    fn close(&self) -> bool {
        let mut state = self.state();
        let (body, waiting) = (state.body.take(), state.waiting.take());
        state.came = None;
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        body.is_some()
    }

    /// A body whose poll panicked is not polled again.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.body = None;
            state
        })
    }
}

/// What waits in a stream to be taken.
struct Came(Arc<Owned<Stream>>);

impl Outcome for Came {
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        let mut state = self.0.state();
        let (came, open) = (state.came.take(), state.body.is_some());
        drop(state);
        match came {
            Some(Ok(chunks)) => chunk_list(py, &chunks),
            Some(Err(error)) => Err(errors::raised(py, &error)),
            // Somebody else who waited was quicker.
            None if open => chunk_list(py, &[]),
            None => Ok(py.None()),
        }
    }
}

fn chunk_list(py: Python<'_>, chunks: &[Bytes]) -> PyResult<Py<PyAny>> {
    Ok(PyList::new(py, chunks.iter().map(|chunk| PyBytes::new(py, chunk)))?.into_any().unbind())
}
