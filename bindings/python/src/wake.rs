//! How the background thread rouses an event loop. Where it can, it writes a byte that the loop watches for, and so never waits
//! for the interpreter; elsewhere it calls the loop's own thread-safe method.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

/// The finished calls of one event loop. However many finish at once, the loop is roused once.
pub(crate) struct Queue {
    finished: Mutex<Vec<Py<PyAny>>>,
    wake: Wake,
}

enum Wake {
    #[cfg(unix)]
    Socket(std::os::unix::net::UnixStream),
    /// Runs a callable in the loop, from any thread.
    Call(Py<PyAny>),
}

impl Queue {
    /// The queue of `host`: an object that lives exactly as long as its event loop. `open` makes one where there is none.
    pub(crate) fn of<'py>(
        host: &Bound<'py, PyAny>,
        open: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<Arc<Self>>,
    ) -> PyResult<Arc<Self>> {
        if let Some(queue) = Known::find(host) {
            return Ok(queue);
        }
        let queue = open(host)?;
        Known::add(host, &queue)?;
        Ok(queue)
    }

    /// A queue that asyncio's `event_loop` watches, if it can watch sockets.
    pub(crate) fn watched(event_loop: &Bound<'_, PyAny>) -> PyResult<Arc<Self>> {
        #[cfg(unix)]
        {
            use std::os::fd::AsRawFd;
            let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            writer.set_nonblocking(true)?;
            let descriptor = reader.as_raw_fd();
            let queue = Self::with(Wake::Socket(writer));
            // The loop owns the reader: both go when it is closed.
            let rung = Rung { queue: queue.clone(), socket: Some(reader) };
            if event_loop.call_method1("add_reader", (descriptor, ring(event_loop.py())?, rung)).is_ok() {
                return Ok(queue);
            }
        }
        Ok(Self::called(event_loop.getattr("call_soon_threadsafe")?))
    }

    /// A queue that is emptied by what `call` runs in the loop.
    pub(crate) fn called(call: Bound<'_, PyAny>) -> Arc<Self> {
        Self::with(Wake::Call(call.unbind()))
    }

    /// Hands over the bell of a finished call: an object with `done()` and `set_result(value)`. From any thread.
    pub(crate) fn push(self: &Arc<Self>, bell: Py<PyAny>) {
        let first = {
            let mut finished = self.finished();
            finished.push(bell);
            finished.len() == 1
        };
        if first {
            self.rouse();
        }
    }

    fn rouse(self: &Arc<Self>) {
        match &self.wake {
            #[cfg(unix)]
            Wake::Socket(socket) => {
                // It fails when the loop is gone, and then nobody waits; or when it is full, and then the loop is roused.
                let _ = std::io::Write::write(&mut &*socket, &[1]);
            }
            Wake::Call(call) => {
                let roused = Python::try_attach(|py| call.call1(py, (ring(py)?, Rung::new(self))));
                if !matches!(roused, Some(Ok(_))) {
                    // The loop is closed: nobody waits.
                    self.finished().clear();
                }
            }
        }
    }

    fn with(wake: Wake) -> Arc<Self> {
        Arc::new(Self { finished: Mutex::default(), wake })
    }

    fn finished(&self) -> MutexGuard<'_, Vec<Py<PyAny>>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the loop calls when it is roused, with the [`Rung`] of its queue. It is written in Python because it runs other
/// Python code: a thread that the interpreter's exit ends in the middle of that must not have Rust frames below it.
fn ring(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static RING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    RING.import(py, "tollhouse._bells", "ring")
}

/// The bells of a queue that wait to be rung.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Rung {
    queue: Arc<Queue>,
    #[cfg(unix)]
    socket: Option<std::os::unix::net::UnixStream>,
}

impl Rung {
    fn new(queue: &Arc<Queue>) -> Self {
        Self {
            queue: queue.clone(),
            #[cfg(unix)]
            socket: None,
        }
    }
}

#[pymethods]
impl Rung {
    /// Takes them.
    fn take(&self) -> Vec<Py<PyAny>> {
        // First the bytes, then the list: a call that finishes in between rouses the loop once more for nothing.
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            let _ = std::io::Read::read(&mut &*socket, &mut [0; 64]);
        }
        std::mem::take(&mut *self.queue.finished())
    }
}

/// A loop that has a queue. Loops are told apart by identity, held weakly: an address may be used again.
struct Known {
    process: u32,
    host: Py<PyWeakrefReference>,
    queue: Weak<Queue>,
}

/// Locked only while the interpreter is held and no Python code runs, so that neither threads nor forks can block on it.
static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

impl Known {
    fn find(host: &Bound<'_, PyAny>) -> Option<Arc<Queue>> {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|known| known.is(host)).and_then(|known| known.queue.upgrade())
    }

    fn add(host: &Bound<'_, PyAny>, queue: &Arc<Queue>) -> PyResult<()> {
        let weak = PyWeakrefReference::new(host)?.unbind();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.queue.strong_count() > 0);
        known.push(Self { process: std::process::id(), host: weak, queue: Arc::downgrade(queue) });
        Ok(())
    }

    fn is(&self, host: &Bound<'_, PyAny>) -> bool {
        self.process == std::process::id() && self.host.bind(host.py()).upgrade().is_some_and(|known| known.is(host))
    }
}
