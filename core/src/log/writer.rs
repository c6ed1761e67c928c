//! The one thread that touches the database.

use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::append::Pending;
use super::database::Database;
use super::health::Health;
use super::settings::LogSettings;

/// A transaction takes what has gathered, up to this much, so that a question never waits for long behind it.
const BATCH_RECORDS: usize = 512;
const BATCH_BYTES: u64 = 8_000_000;

/// What the thread is told. It does one thing after the other, in the order of the calls.
pub(super) enum Command {
    Append(Pending),
    Ask(Box<dyn FnOnce(&mut Database) + Send>),
    Close,
}

/// The caller's end of the thread.
pub(super) struct Writer {
    commands: Sender<Command>,
    /// Disconnected when the thread is done, even if it panicked.
    ended: Mutex<(Receiver<Infallible>, Option<JoinHandle<()>>)>,
    /// The process that started the thread.
    pub(super) process: u32,
}

impl Writer {
    pub(super) fn start(settings: Arc<LogSettings>, health: Arc<Health>) -> Self {
        let (commands, received) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        let failed = Arc::clone(&health);
        let thread = std::thread::Builder::new().name(String::from("tollhouse-log")).spawn(move || {
            work(&received, Database::new(settings, health));
            drop(received);
            drop(ending);
        });
        if let Err(error) = &thread {
            failed.set_degraded(Some(format!("logs are lost, because their thread could not start: {error}")));
        }
        Self { commands, ended: Mutex::new((ended, thread.ok())), process: std::process::id() }
    }

    /// Hands a command over. Once the thread is gone it is dropped: a record counts itself, a question answers itself.
    pub(super) fn send(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Whether the thread lives in this process: a forked child has none.
    pub(super) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// Lets the thread finish what it was told, and waits for its end no longer than `budget`; says whether it came.
    pub(super) fn close(&self, budget: Duration) -> bool {
        self.send(Command::Close);
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.0.recv_timeout(budget) == Err(RecvTimeoutError::Timeout) {
            return false;
        }
        ended.1.take().is_none_or(|thread| thread.join().is_ok())
    }
}

fn work(commands: &Receiver<Command>, mut database: Database) {
    let mut next = commands.recv().ok();
    while let Some(command) = next {
        let after = match command {
            Command::Append(first) => {
                let (batch, after) = gather(first, commands);
                database.append(batch);
                after
            }
            Command::Ask(question) => {
                question(&mut database);
                None
            }
            Command::Close => return,
        };
        next = after.or_else(|| commands.recv().ok());
    }
}

/// Takes what has come meanwhile into the same batch, up to the first command that is no record.
fn gather(first: Pending, commands: &Receiver<Command>) -> (Vec<Pending>, Option<Command>) {
    let mut bytes = first.bytes;
    let mut batch = vec![first];
    while batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
        match commands.try_recv() {
            Ok(Command::Append(pending)) => {
                bytes += pending.bytes;
                batch.push(pending);
            }
            Ok(other) => return (batch, Some(other)),
            Err(_) => break,
        }
    }
    (batch, None)
}
