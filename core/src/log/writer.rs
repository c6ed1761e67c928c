//! The one thread that touches the database.

use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::database::Database;
use super::health::Health;
use super::queue::{Command, Queue, is_full};
use super::settings::LogSettings;

/// The caller's end of the thread.
pub(super) struct Writer {
    queue: Arc<Queue>,
    /// Disconnected when the thread is done, even if it panicked.
    ended: Mutex<(Receiver<Infallible>, Option<JoinHandle<()>>)>,
    /// The process that started the thread.
    pub(super) process: u32,
}

impl Writer {
    pub(super) fn start(settings: Arc<LogSettings>, health: Arc<Health>) -> Self {
        let queue = Arc::<Queue>::default();
        let reader = Leaving(Arc::clone(&queue));
        let (ending, ended) = mpsc::channel();
        let failed = Arc::clone(&health);
        let thread = std::thread::Builder::new().name(String::from("tollhouse-log")).spawn(move || {
            work(&reader.0, Database::new(settings, health));
            drop(reader);
            drop(ending);
        });
        if let Err(error) = &thread {
            failed.set_degraded(Some(format!("logs are lost, because their thread could not start: {error}")));
        }
        Self { queue, ended: Mutex::new((ended, thread.ok())), process: std::process::id() }
    }

    /// Hands a command over.
    pub(super) fn send(&self, command: Command) {
        self.queue.send(command);
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

/// Leaves the queue when the thread ends, however it ends, and if it never began.
struct Leaving(Arc<Queue>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leave();
    }
}

fn work(queue: &Queue, mut database: Database) {
    loop {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for command in queue.receive() {
            if let Command::Append(pending) = command {
                bytes += pending.bytes;
                batch.push(pending);
                if is_full(batch.len(), bytes) {
                    database.append(std::mem::take(&mut batch));
                    bytes = 0;
                }
                continue;
            }
            database.append(std::mem::take(&mut batch));
            bytes = 0;
            match command {
                Command::Ask(question) => question(&mut database),
                Command::Append(_) | Command::Close => return,
            }
        }
        database.append(batch);
    }
}
