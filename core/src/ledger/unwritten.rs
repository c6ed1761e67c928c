//! What calls have drawn that is not in the file yet. It is money, so it is kept until it is written: while another process
//! holds the file or the disk is full, calls that draw on a wallet are refused, and what the last ones drew waits here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::tables::{self, Draw};
use crate::store::SharedFile;

/// How often a file that cannot be used is looked at again at the end.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Draws in the order in which their calls ended.
#[derive(Clone, Default)]
pub(super) struct Unwritten(Arc<Mutex<VecDeque<Draw>>>);

impl Unwritten {
    pub(super) fn add(&self, draw: Draw) {
        self.draws().push_back(draw);
    }

    /// Writes all of them, or none: then they stay.
    pub(super) fn write(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let draws: Vec<_> = self.draws().iter().cloned().collect();
        if draws.is_empty() {
            return Ok(());
        }
        tables::settle(connection, &draws)?;
        // Only the file's one thread writes, so those at the front are the same.
        self.draws().drain(..draws.len());
        Ok(())
    }

    /// Has them written to `file` before the gateway ends, and says what is left of `budget`.
    pub(super) fn write_within(&self, budget: Duration, file: &SharedFile) -> Duration {
        let begun = Instant::now();
        let left = || budget.saturating_sub(begun.elapsed());
        while !self.draws().is_empty() && !left().is_zero() {
            let (done, written) = mpsc::channel();
            let own = self.clone();
            file.tell(move |connection| {
                let written = own.write(connection);
                let _ = done.send(written.is_ok());
                written
            });
            // Nothing was sent where the file is left alone for a while.
            if written.recv_timeout(left()) != Ok(true) {
                std::thread::sleep(LOOK_AGAIN.min(left()));
            }
        }
        left()
    }

    fn draws(&self) -> MutexGuard<'_, VecDeque<Draw>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
