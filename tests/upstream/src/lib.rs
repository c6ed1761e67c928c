//! A provider of models that lives in a test: real HTTP, documented wire formats, exact numbers, and faults on demand.
//!
//! The README beside this crate has the paths, the script format and how words are counted.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use tollhouse_upstream::{Fail, Step, Upstream};
//!
//! let upstream = Upstream::start().await;
//! upstream.script([Step::status(503), Step::ok(), Step::fail(Fail::Cut)]);
//! assert!(upstream.url().starts_with("http://127.0.0.1:"));
//! assert!(upstream.ledger().is_empty());
//! # });
//! ```

mod answer;
mod body;
mod call;
mod dialect;
mod form;
mod ledger;
mod path;
mod plan;
mod reply;
mod script;
mod server;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

pub use call::{Call, Ending, Tokens};
pub use form::{File, Form};
pub use script::{Fail, Step};

use server::World;

/// A running upstream on 127.0.0.1. Dropping it closes its port and every connection.
pub struct Upstream {
    url: String,
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How to start an [`Upstream`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// A file to which every call is appended, as a line of JSON, once its answer has ended.
    pub ledger: Option<PathBuf>,
}

impl Upstream {
    /// Starts on a free port.
    ///
    /// # Panics
    /// If no port can be had, which leaves a test nothing to do.
    pub async fn start() -> Self {
        Options::default().start().await.expect("a port on 127.0.0.1 is free")
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every provider call so far, in the order of arrival.
    pub fn ledger(&self) -> Vec<Call> {
        self.world.ledger.calls()
    }

    /// Waits until no answer is under way, then returns the ledger. An answer that stalls ends when its client leaves.
    pub async fn settled(&self) -> Vec<Call> {
        self.world.ledger.settled().await
    }

    /// Waits until `count` calls have arrived, answered or not, then returns the ledger.
    pub async fn arrived(&self, count: usize) -> Vec<Call> {
        self.world.ledger.arrived(count).await
    }

    /// Adds steps for the next provider calls, one per call.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        self.world.script.add(steps);
    }

    /// Forgets the ledger and the steps that are left; the next call is number 1 again.
    pub fn reset(&self) {
        self.world.script.clear();
        self.world.ledger.clear();
    }
}

impl Options {
    /// Starts the server on a thread of its own, so that a caller which blocks its runtime is still answered.
    ///
    /// # Errors
    /// When the port is taken or the ledger file cannot be opened.
    pub async fn start(self) -> io::Result<Upstream> {
        let world = Arc::new(World::new(self.ledger.as_deref())?);
        let (ready, bound) = oneshot::channel::<io::Result<SocketAddr>>();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("upstream".into()).spawn({
            let world = Arc::clone(&world);
            move || server::run(self.port, &world, ready, stopped)
        })?;
        let address = bound.await.map_err(io::Error::other)??;
        Ok(Upstream { url: format!("http://{address}"), world, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed already; a second one here would hide the test's own.
            let _ = thread.join();
        }
    }
}
