//! One thread for work that must go on while no caller drives it: a connection that many share, an answer that is made
//! new behind a stale one.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of the gateway's own. It starts with the first use, and a forked child leaves its parent's alone.
#[derive(Debug, Default)]
pub(crate) struct Background {
    runtime: OnceLock<io::Result<Ours>>,
}

#[derive(Debug)]
struct Ours {
    /// Present until it is dropped.
    runtime: Option<Runtime>,
    process: u32,
}

impl Background {
    /// The runtime, or why it could not start.
    pub(crate) fn handle(&self) -> Result<&Handle, String> {
        let started = self.runtime.get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            let runtime = builder.worker_threads(1).thread_name("tollhouse-store").enable_all().build()?;
            Ok(Ours { runtime: Some(runtime), process: std::process::id() })
        });
        match started {
            Ok(ours) => Ok(ours.runtime.as_ref().expect("only `drop` empties it").handle()),
            Err(error) => Err(format!("no thread could be started: {error}")),
        }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if self.process == std::process::id() {
            // Waiting could mean waiting for a server that does not answer.
            runtime.shutdown_background();
        } else {
            // Its thread does not exist here, and its locks may be held by nobody.
            std::mem::forget(runtime);
        }
    }
}
