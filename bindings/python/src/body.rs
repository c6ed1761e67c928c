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
        let open = Open { body, waiting: None };
        Self { stream: Arc::new(Owned::new(Stream(Mutex::new(Some(open))))), home }
    }

    fn let_go(&self) {
        if !self.stream.is_ours() {
            return;
        }
        let Some(Open { body, waiting }) = self.stream.open().take() else { return };
        drop(body);
        if let Some(waker) = waiting {
            waker.wake();
        }
        if let Home::Thread(driver) = &self.home {
            driver.catch_up();
        }
    }

    fn stream(&self, py: Python<'_>) -> PyResult<Arc<Owned<Stream>>> {
        if self.stream.is_ours() {
            return Ok(self.stream.clone());
        }
        let message = "this answer belongs to the process that made the call; a forked child has to make its own";
        Err(errors::raised(py, &Error::new(ErrorKind::Closed, message)))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.let_go();
    }
}

struct Stream(Mutex<Option<Open>>);

struct Open {
    body: tollhouse::Body,
    waiting: Option<Waker>,
}

type Batch = Option<Result<Vec<Bytes>, Error>>;

/// Dropping the future loses nothing: what has come is still there for the next one.
async fn next(stream: Arc<Owned<Stream>>) -> Batch {
    poll_fn(|cx| stream.poll_next(cx)).await
}

impl Stream {
    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Batch> {
        let mut stream = self.open();
        let Some(open) = stream.as_mut() else { return Poll::Ready(None) };
        // The future holds no state before its first chunk, so it may be made anew each time.
        let polled = pin!(open.body.next_batch()).poll(cx);
        open.waiting = polled.is_pending().then(|| cx.waker().clone());
        if matches!(polled, Poll::Ready(None)) {
            *stream = None;
        }
        polled
    }

    /// A body whose poll panicked is not polled again.
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(|poisoned| {
            let mut stream = poisoned.into_inner();
            *stream = None;
            stream
        })
    }
}

impl Outcome for Batch {
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        match self {
            None => Ok(py.None()),
            Some(Ok(chunks)) => {
                Ok(PyList::new(py, chunks.iter().map(|chunk| PyBytes::new(py, chunk)))?.into_any().unbind())
            }
            Some(Err(error)) => Err(errors::raised(py, &error)),
        }
    }
}
