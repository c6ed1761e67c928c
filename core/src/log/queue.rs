//! What waits for the writer. Records gather for a moment, so that many share one transaction and one wake-up; a question
//! wakes it at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::append::Pending;
use super::database::Database;

/// How long records wait for others: short against what a person notices, long against what a call takes.
const GATHERING: Duration = Duration::from_millis(10);

/// A transaction takes what has gathered, up to this much, so that a question never waits for long behind it.
const BATCH_RECORDS: usize = 512;
const BATCH_BYTES: u64 = 8_000_000;

/// What the writer is told. It does one thing after the other, in the order of the calls.
pub(super) enum Command {
    Append(Pending),
    Ask(Box<dyn FnOnce(&mut Database) + Send>),
    Close,
}

/// A queue with one reader.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    commands: Vec<Command>,
    /// Bytes of the records among them.
    bytes: u64,
    /// Whether something else than records is among them.
    urgent: bool,
    reader: Reader,
}

#[derive(Default, PartialEq, Eq)]
enum Reader {
    #[default]
    Busy,
    /// Waits for anything.
    Idle,
    /// Has records, and waits for more.
    Gathering,
    /// Will never read again.
    Gone,
}

/// Whether so many records, of so many bytes, are enough for one transaction.
pub(super) fn is_full(records: usize, bytes: u64) -> bool {
    records >= BATCH_RECORDS || bytes >= BATCH_BYTES
}

impl State {
    fn is_due(&self) -> bool {
        self.urgent || is_full(self.commands.len(), self.bytes)
    }
}

impl Queue {
    /// Adds a command. Once the reader is gone it is dropped: a record counts itself, a question answers itself.
    pub(super) fn send(&self, command: Command) {
        let mut state = self.state();
        if state.reader == Reader::Gone {
            // Dropped outside of the lock: what a command does then may come back here.
            drop(state);
            return drop(command);
        }
        match &command {
            Command::Append(pending) => state.bytes += pending.bytes,
            Command::Ask(_) | Command::Close => state.urgent = true,
        }
        state.commands.push(command);
        let wakes = state.reader == Reader::Idle || (state.reader == Reader::Gathering && state.is_due());
        drop(state);
        if wakes {
            self.changed.notify_one();
        }
    }

    /// Everything that has come, in order; waits until there is something.
    pub(super) fn receive(&self) -> Vec<Command> {
        let mut state = self.state();
        while state.commands.is_empty() {
            state.reader = Reader::Idle;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.reader = Reader::Gathering;
        let gathered = self.changed.wait_timeout_while(state, GATHERING, |state| !state.is_due());
        let mut state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        state.reader = Reader::Busy;
        (state.bytes, state.urgent) = (0, false);
        std::mem::take(&mut state.commands)
    }

    /// Says that nobody reads any more, and drops what waits.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.reader = Reader::Gone;
        let left = std::mem::take(&mut state.commands);
        drop(state);
        drop(left);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
