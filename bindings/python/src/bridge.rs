//! From a Rust future to something that Python awaits, under asyncio and trio.
//!
//! The future is polled once where it stands. If it is ready (an answer from the cache, a refusal), nothing else happens. If
//! not, the background thread takes it over and rings a bell in the loop when it is done.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};
use tokio::task::AbortHandle;

use crate::body::Home;
use crate::runtime::Driver;
use crate::wake::Queue;

/// A result on its way to Python.
pub(crate) trait Outcome: Send + 'static {
    /// The Python value, or the exception to raise.
    fn into_python(self, py: Python<'_>, home: &Home) -> PyResult<Py<PyAny>>;
}

/// Starts `future` and gives an awaitable for its outcome. Letting go of the awaitable drops the future.
pub(crate) fn start<F>(py: Python<'_>, future: F) -> PyResult<Bound<'_, PyAny>>
where
    F: Future<Output: Outcome> + Send + 'static,
{
    let driver = Driver::background()?;
    let mut future = Box::pin(future);
    let first = py.detach(|| {
        let _context = driver.handle().enter();
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    });
    if let Poll::Ready(outcome) = first {
        let outcome = outcome.into_python(py, &Home::Background);
        return Ok(Bound::new(py, Ready(Mutex::new(Some(outcome))))?.into_any());
    }
    let host = Host::current(py)?;
    let bell = host.bell()?;
    let slot = Arc::new(Slot::default());
    let completion = Completion { slot: slot.clone(), queue: host.queue()?, bell: Some(bell.clone().unbind()) };
    let task = driver.handle().spawn(async move { completion.end(future.await) });
    let pending =
        Bound::new(py, Pending { bell: bell.clone().unbind(), slot, task: task.abort_handle(), asked: false.into() })?;
    match host {
        Host::Asyncio(_) => Ok(pending.into_any()),
        Host::Trio(_) => bell.call_method1(pyo3::intern!(py, "wait"), (pending,)),
    }
}

/// The event loop that runs the calling task.
enum Host<'py> {
    Asyncio(Bound<'py, PyAny>),
    /// The module `tollhouse._trio`.
    Trio(Bound<'py, PyAny>),
}

impl<'py> Host<'py> {
    fn current(py: Python<'py>) -> PyResult<Self> {
        static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
        static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        // A program that has not imported trio does not run under it.
        if MODULES.import(py, "sys", "modules")?.contains(pyo3::intern!(py, "trio"))? {
            let trio = py.import("tollhouse._trio")?;
            if trio.call_method0(pyo3::intern!(py, "in_task"))?.is_truthy()? {
                return Ok(Self::Trio(trio.into_any()));
            }
        }
        Ok(Self::Asyncio(RUNNING_LOOP.import(py, "asyncio", "get_running_loop")?.call0()?))
    }

    fn bell(&self) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Asyncio(event_loop) => event_loop.call_method0(pyo3::intern!(event_loop.py(), "create_future")),
            Self::Trio(trio) => trio.call_method0("Bell"),
        }
    }

    fn queue(&self) -> PyResult<Arc<Queue>> {
        match self {
            Self::Asyncio(event_loop) => Queue::of(event_loop, Queue::watched),
            Self::Trio(trio) => {
                let token = trio.call_method0("token")?;
                Queue::of(&token, |token| Ok(Queue::called(token.getattr("run_sync_soon")?)))
            }
        }
    }
}

/// An outcome that was there at once: awaiting it never reaches the event loop.
#[pyclass(frozen, module = "tollhouse._native")]
struct Ready(Mutex<Option<PyResult<Py<PyAny>>>>);

#[pymethods]
impl Ready {
    fn __await__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self) -> PyResult<Py<PyAny>> {
        let outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(PyStopIteration::new_err((outcome.unwrap_or_else(|| Err(awaited_twice()))?,)))
    }
}

/// An outcome that the background thread brings. Dropping this drops the future: a cancelled task lets go of it.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Pending {
    bell: Py<PyAny>,
    slot: Arc<Slot>,
    task: AbortHandle,
    asked: AtomicBool,
}

#[pymethods]
impl Pending {
    fn __await__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    /// First the bell, for asyncio to wait on, and once it has rung the outcome.
    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.asked.swap(true, Relaxed) {
            return Err(PyStopIteration::new_err((self.take(py)?,)));
        }
        // How a future tells a task that it was awaited; `asyncio.Future.__await__` does the same.
        self.bell.setattr(py, pyo3::intern!(py, "_asyncio_future_blocking"), true)?;
        Ok(self.bell.clone_ref(py))
    }

    /// The outcome, once the bell has rung.
    fn take(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let outcome = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match outcome {
            Some(outcome) => outcome.deliver(py),
            None => Err(awaited_twice()),
        }
    }

    /// Drops the future.
    fn cancel(&self) {
        self.task.abort();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.bell)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Where the background thread leaves an outcome.
type Slot = Mutex<Option<Box<dyn Deliver>>>;

trait Deliver: Send {
    fn deliver(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl<T: Outcome> Deliver for T {
    fn deliver(self: Box<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.into_python(py, &Home::Background)
    }
}

/// The background thread's end of a pending call. The bell rings also if the future panicked: nobody waits for ever.
struct Completion {
    slot: Arc<Slot>,
    queue: Arc<Queue>,
    bell: Option<Py<PyAny>>,
}

impl Completion {
    fn end(mut self, outcome: impl Outcome) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(outcome));
        self.ring();
    }

    fn ring(&mut self) {
        if let Some(bell) = self.bell.take() {
            self.queue.push(bell);
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        // Without a panic nobody waits: the task let go of the call, or the process ends.
        if std::thread::panicking() {
            self.ring();
        }
    }
}

fn awaited_twice() -> PyErr {
    PyRuntimeError::new_err("the call has ended without an outcome, or its outcome was awaited twice")
}
