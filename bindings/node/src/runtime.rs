//! The runtime that drives calls which have to wait. It starts with the first call, never at load.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use tollhouse::{Error, ErrorKind};

static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();

/// The runtime, shared by all threads of this process: it holds no JavaScript value.
///
/// # Errors
/// `Connect` if the system gives no thread.
pub fn get() -> Result<&'static Runtime, Error> {
    RUNTIME.get_or_init(start).as_ref().map_err(|error| {
        Error::new(ErrorKind::Connect, format!("no thread could be started: {error}. Nothing was sent"))
    })
}

/// Whether a call has been made in this process.
pub fn is_started() -> bool {
    RUNTIME.get().is_some()
}

/// One worker: it moves bytes between sockets and calls, while the JavaScript thread has the other core.
fn start() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).thread_name("tollhouse").enable_all().build()
}
