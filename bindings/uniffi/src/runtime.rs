//! The runtime for sockets and timers. It starts with the first call, never at load.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle, Runtime};
use tollhouse::{Error, ErrorKind};

use crate::errors::Failure;

static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();

/// A future that the host polls on threads of its own, with the runtime's sockets and timers at hand. A panic becomes a
/// failure, and dropping it ends the call there and then.
pub fn driven<T>(
    work: impl Future<Output = Result<T, Error>> + Send,
) -> impl Future<Output = Result<T, Failure>> + Send {
    Driven(Some(Box::pin(work)))
}

/// Drives `work` on this thread, which it blocks.
pub fn block_on<T>(work: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Failure> {
    get()?.block_on(driven(work))
}

/// Runs `work` with the runtime at hand, if there is one: what is dropped may have to tell a connection.
pub fn entered<T>(work: impl FnOnce() -> T) -> T {
    let entered = RUNTIME.get().and_then(|runtime| runtime.as_ref().ok()).map(Runtime::enter);
    let result = work();
    drop(entered);
    result
}

/// Whether a call has been made in this process.
pub fn is_started() -> bool {
    RUNTIME.get().is_some()
}

/// Runs what blocks on a thread for that.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    Handle::current().spawn_blocking(work).await.map_err(|error| Error::new(ErrorKind::Broken, error.to_string()))
}

fn get() -> Result<&'static Runtime, Error> {
    RUNTIME.get_or_init(start).as_ref().map_err(|error| {
        Error::new(ErrorKind::Connect, format!("no thread could be started: {error}. Nothing was sent"))
    })
}

/// One worker: it moves bytes between sockets and calls, while the host's threads do the rest.
fn start() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).thread_name("tollhouse").enable_all().build()
}

struct Driven<F>(Option<Pin<Box<F>>>);

impl<T, F: Future<Output = Result<T, Error>>> Future for Driven<F> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let runtime = match get() {
            Ok(runtime) => runtime,
            Err(error) => return Poll::Ready(Err(error.into())),
        };
        let entered = runtime.enter();
        let work = self.0.as_mut().expect("it is not polled after its end");
        let polled = match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => result.map_err(Failure::from),
            Err(_) => Err(Failure::of_panic()),
        };
        self.0 = None;
        drop(entered);
        Poll::Ready(polled)
    }
}

impl<F> Drop for Driven<F> {
    fn drop(&mut self) {
        let work = self.0.take();
        entered(|| drop(work));
    }
}
