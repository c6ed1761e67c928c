//! Who drives a future: the calling thread for a sync call, one background thread for an async one. Neither exists before
//! its first use, and a forked child begins with new ones.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::process::Owned;

/// How often a blocked call looks for Ctrl-C: soon enough for a person, too rarely to cost anything.
const SIGNAL_CHECK: Duration = Duration::from_millis(100);

/// After so long without a call, a thread's runtime first looks at what its connections have met meanwhile.
const STALE: Duration = Duration::from_millis(50);

static BACKGROUND: ArcSwapOption<Driver> = ArcSwapOption::const_empty();

thread_local! {
    static OF_THREAD: RefCell<Option<Arc<Driver>>> = const { RefCell::new(None) };
}

/// A runtime that nobody waits for when it ends.
pub(crate) struct Driver {
    runtime: Option<Owned<Runtime>>,
    last_driven: Mutex<Instant>,
}

impl Driver {
    /// This thread's own runtime: driving a call here saves the hop to another thread, which costs more than the call.
    pub(crate) fn of_thread() -> PyResult<Arc<Self>> {
        OF_THREAD.with_borrow_mut(|current| match current {
            Some(driver) if driver.runtime().is_ours() => Ok(driver.clone()),
            _ => Ok(current.insert(Self::start(&mut Builder::new_current_thread())?).clone()),
        })
    }

    /// The runtime behind all event loops of this process: one thread.
    pub(crate) fn background() -> PyResult<Arc<Self>> {
        let current = BACKGROUND.load();
        if let Some(driver) = current.as_ref().filter(|driver| driver.runtime().is_ours()) {
            return Ok(driver.clone());
        }
        let mut builder = Builder::new_multi_thread();
        let fresh = Self::start(builder.worker_threads(1).thread_name("tollhouse"))?;
        let before = BACKGROUND.compare_and_swap(&current, Some(fresh.clone()));
        // Another thread may have been quicker; then its runtime is the one, and ours was never used.
        match &*before {
            Some(winner) if winner.runtime().is_ours() => Ok(winner.clone()),
            _ => Ok(fresh),
        }
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.runtime().handle()
    }

    /// Drives `future` here, with the interpreter released, until it ends or a signal's handler raises.
    pub(crate) fn drive<F>(&self, py: Python<'_>, future: F) -> PyResult<F::Output>
    where
        F: Future + Send,
        F::Output: Send,
    {
        let output = self.drive_to_end(py, future);
        if output.is_err() {
            py.detach(|| self.catch_up());
        }
        output
    }

    fn drive_to_end<F>(&self, py: Python<'_>, future: F) -> PyResult<F::Output>
    where
        F: Future + Send,
        F::Output: Send,
    {
        let mut future = pin!(future);
        loop {
            let turn = async {
                if self.is_stale() {
                    look_around().await;
                }
                tokio::time::timeout(SIGNAL_CHECK, future.as_mut()).await
            };
            match py.detach(|| self.runtime().block_on(turn)) {
                Ok(output) => return Ok(output),
                Err(_elapsed) => py.check_signals()?,
            }
        }
    }

    /// Lets the connections notice what was let go of: they live in this runtime and stand still between two calls.
    pub(crate) fn catch_up(&self) {
        if Handle::try_current().is_err() {
            self.runtime().block_on(look_around());
        }
    }

    /// Whether nobody has driven this runtime for a while: a provider may have closed a connection that looks open here.
    fn is_stale(&self) -> bool {
        let mut last_driven = self.last_driven.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *last_driven, Instant::now()).elapsed() > STALE
    }

    fn start(builder: &mut Builder) -> PyResult<Arc<Self>> {
        let runtime = builder.enable_all().build().map_err(|error| {
            PyOSError::new_err(format!("tollhouse cannot start its runtime ({error}); too many open files or threads?"))
        })?;
        Ok(Arc::new(Self { runtime: Some(Owned::new(runtime)), last_driven: Mutex::new(Instant::now()) }))
    }

    fn runtime(&self) -> &Owned<Runtime> {
        self.runtime.as_ref().expect("only `drop` empties it")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Waiting could mean waiting for a name server that does not answer.
        if let Some(runtime) = self.runtime.take().and_then(Owned::take) {
            runtime.shutdown_background();
        }
    }
}

/// Takes note of what sockets and timers have to say, and runs the tasks that this wakes.
async fn look_around() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

/// Ends the background thread; calls in flight are dropped. For the interpreter's exit, before it tears itself down.
#[pyfunction]
pub(crate) fn shutdown(py: Python<'_>) {
    py.detach(|| drop(BACKGROUND.swap(None)));
}
