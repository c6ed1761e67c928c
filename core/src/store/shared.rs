//! A `SQLite` file that several processes share, asked by one thread of each.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::file::{SqliteFile, is_damage};
use super::health::{StoreHealth, Up};
use super::setup::Schema;
use super::waiting::Waiting;

/// How long one process waits for another to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// How long a call waits for its answer; in tests, which ask for it on machines of any load, as long as they take.
const ANSWER_WITHIN: Duration = if cfg!(test) { Duration::from_secs(60) } else { Duration::from_millis(500) };

/// As many questions as may wait for the thread; beyond that the store counts as too slow.
const MAX_WAITING: usize = 4_096;

type Question = Box<dyn FnOnce(&mut Database) + Send>;

/// A file that processes share. Nothing is opened and no thread starts before the first question.
///
/// A forked child makes one of its own; the parent calls [`release`](Self::release) before the fork, or the child goes
/// without the file.
pub(crate) struct SharedFile {
    path: PathBuf,
    schema: Schema,
    up: Arc<Up>,
    worker: OnceLock<Option<Worker>>,
}

struct Worker {
    questions: Mutex<Option<SyncSender<Question>>>,
    /// Disconnected when the thread has ended.
    ended: Mutex<Receiver<()>>,
    process: u32,
}

impl SharedFile {
    /// The file at `path`, which may not be there yet. A relative path is meant from the directory that is the current one
    /// now.
    pub(crate) fn new(path: &Path, schema: Schema) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, schema, up: Arc::default(), worker: OnceLock::new() }
    }

    /// What the database answers, or `None` where it cannot be used or does not answer in time. Needs a tokio runtime.
    pub(crate) async fn ask<T, Q>(&self, question: Q) -> Option<T>
    where
        T: Send + 'static,
        Q: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.ask_within(ANSWER_WITHIN, question).await
    }

    /// As [`ask`](Self::ask), with a time of its own: for what looks through many rows.
    pub(crate) async fn ask_within<T, Q>(&self, within: Duration, question: Q) -> Option<T>
    where
        T: Send + 'static,
        Q: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.tell(move |connection| {
            let answer = question(connection)?;
            // Nobody waits for an answer whose future was dropped.
            let _ = reply.send(answer);
            Ok(())
        });
        if let Ok(answer) = tokio::time::timeout(within, answer).await {
            return answer.ok();
        }
        self.up.count_failure();
        None
    }

    /// As [`ask`](Self::ask). An answer that nobody hears, because the future was dropped or the time was over, goes to
    /// `unheard`, which may take back what was done.
    pub(crate) async fn ask_or<T, Q, U>(&self, question: Q, unheard: U) -> Option<T>
    where
        T: Send + 'static,
        Q: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
        U: FnOnce(&mut Connection, T) -> rusqlite::Result<()> + Clone + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let too_late = unheard.clone();
        self.tell(move |connection| {
            let answer = question(connection)?;
            reply.send(answer).or_else(|answer| too_late(connection, answer))
        });
        let tell = |answer| self.tell(move |connection| unheard(connection, answer));
        let mut waiting = Waiting { answer, unheard: Some(tell) };
        if let Ok(answer) = tokio::time::timeout(ANSWER_WITHIN, &mut waiting.answer).await {
            waiting.unheard = None;
            return answer.ok();
        }
        self.up.count_failure();
        None
    }

    /// Has the database do something while nobody waits for it. What it cannot do is counted.
    pub(crate) fn tell(&self, command: impl FnOnce(&mut Connection) -> rusqlite::Result<()> + Send + 'static) {
        let asked = Instant::now();
        let sent = self.up.may_ask() && self.send(Box::new(move |database| database.run(asked, command)));
        if !sent {
            self.up.count_failure();
        }
    }

    /// Something that was not even asked, because too much waits already.
    pub(crate) fn count_failure(&self) {
        self.up.count_failure();
    }

    /// How the file is doing.
    pub(crate) fn health(&self) -> StoreHealth {
        self.up.report()
    }

    /// Does what waits and closes the file until the next question, so that the process may fork. Says whether that was
    /// done within `budget`.
    pub(crate) fn release(&self, budget: Duration) -> bool {
        if !self.is_ours() {
            return true;
        }
        let (done, released) = mpsc::channel();
        let sent = self.send(Box::new(move |database| {
            database.file = None;
            let _ = done.send(());
        }));
        !sent || released.recv_timeout(budget) != Err(mpsc::RecvTimeoutError::Timeout)
    }

    /// Does what waits and ends the thread, within `budget`.
    pub(crate) fn close(&self, budget: Duration) {
        let Some(worker) = self.worker.get().and_then(Option::as_ref).filter(|_| self.is_ours()) else { return };
        drop(worker.questions.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = worker.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(budget);
    }

    /// Whether a thread of this process was started: a forked child has none.
    fn is_ours(&self) -> bool {
        self.worker.get().and_then(Option::as_ref).is_some_and(|worker| worker.process == std::process::id())
    }

    fn send(&self, question: Question) -> bool {
        let Some(worker) = self.worker.get_or_init(|| self.start()) else { return false };
        if worker.process != std::process::id() {
            return false;
        }
        let questions = worker.questions.lock().unwrap_or_else(PoisonError::into_inner);
        match questions.as_ref().map(|questions| questions.try_send(question)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_))) => {
                self.up.is_down(format!("{} is too slow: {MAX_WAITING} questions wait", self.path.display()));
                false
            }
            Some(Err(TrySendError::Disconnected(_))) | None => false,
        }
    }

    fn start(&self) -> Option<Worker> {
        let (questions, asked) = mpsc::sync_channel::<Question>(MAX_WAITING);
        let (ending, ended) = mpsc::channel();
        let mut database = Database { path: self.path.clone(), schema: self.schema, up: self.up.clone(), file: None };
        let thread = std::thread::Builder::new().name("tollhouse-file".to_owned()).spawn(move || {
            for question in asked {
                question(&mut database);
            }
            drop((database, ending));
        });
        match thread {
            Ok(_) => {
                let ended = Mutex::new(ended);
                Some(Worker { questions: Mutex::new(Some(questions)), ended, process: std::process::id() })
            }
            Err(error) => {
                self.up.is_down(format!("no thread could be started: {error}"));
                None
            }
        }
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        let Some(Some(worker)) = self.worker.take() else { return };
        if worker.process != std::process::id() {
            // The parent's channel may be in any state here, and its thread does not exist.
            std::mem::forget(worker);
        }
    }
}

/// The file as its thread sees it.
struct Database {
    path: PathBuf,
    schema: Schema,
    up: Arc<Up>,
    file: Option<SqliteFile>,
}

impl Database {
    fn run(&mut self, asked: Instant, command: impl FnOnce(&mut Connection) -> rusqlite::Result<()>) {
        if self.up.went_down_since(asked) {
            return self.up.count_failure();
        }
        let connection = match self.ready() {
            Ok(connection) => connection,
            Err(reason) => return self.fail(&reason),
        };
        match command(connection) {
            Ok(()) => self.up.answered(),
            Err(error) => {
                if !self.schema.is_precious
                    && is_damage(&error)
                    && let Some(file) = self.file.take()
                {
                    let _ = file.abandon();
                }
                self.fail(&error.to_string());
            }
        }
    }

    fn ready(&mut self) -> Result<&mut Connection, String> {
        if self.file.as_ref().is_none_or(SqliteFile::was_replaced) {
            self.file = None;
            let schema = self.schema;
            self.file = Some(SqliteFile::open(&self.path, &|connection| schema.prepare(connection), BUSY_TIMEOUT)?);
        }
        Ok(&mut self.file.as_mut().expect("it was opened just now").connection)
    }

    fn fail(&self, reason: &str) {
        self.up.count_failure();
        self.up.is_down(format!("{} cannot be used: {reason}", self.path.display()));
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::Folder;

    const SCHEMA: Schema =
        Schema { is_precious: false, script: "CREATE TABLE IF NOT EXISTS t (n INTEGER) STRICT;", table: "t" };

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be made")
    }

    fn add(file: &SharedFile) {
        file.tell(|connection| connection.execute("INSERT INTO t VALUES (1)", []).map(drop));
    }

    async fn count(file: &SharedFile) -> Option<i64> {
        file.ask(|connection| connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))).await
    }

    #[test]
    fn two_stores_share_a_file() {
        let folder = Folder::new();
        let (one, two) = (SharedFile::new(&folder.path("s.db"), SCHEMA), SharedFile::new(&folder.path("s.db"), SCHEMA));
        runtime().block_on(async {
            add(&one);
            assert_eq!(count(&one).await, Some(1));
            add(&two);
            assert_eq!(count(&two).await, Some(2));
            assert_eq!(count(&one).await, Some(2));
        });
        assert!(one.release(Duration::from_secs(5)));
        assert_eq!(runtime().block_on(count(&one)), Some(2), "it is opened again");
        one.close(Duration::from_secs(5));
        assert_eq!(runtime().block_on(count(&one)), None);
    }

    #[test]
    fn two_kinds_of_tables_stand_in_one_file() {
        let folder = Folder::new();
        let other =
            Schema { is_precious: false, script: "CREATE TABLE IF NOT EXISTS u (n INTEGER) STRICT;", table: "u" };
        let (one, two) = (SharedFile::new(&folder.path("s.db"), SCHEMA), SharedFile::new(&folder.path("s.db"), other));
        runtime().block_on(async {
            add(&one);
            // The other thread finds no table, or an empty one, while this one is still at it.
            assert_eq!(count(&one).await, Some(1));
            two.tell(|connection| connection.execute("INSERT INTO u SELECT n + 1 FROM t", []).map(drop));
            let number = two.ask(|connection| connection.query_row("SELECT n FROM u", [], |row| row.get::<_, i64>(0)));
            assert_eq!(number.await, Some(2));
        });
    }

    #[cfg(unix)]
    #[test]
    fn it_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let file = SharedFile::new(&folder.path("deep/s.db"), SCHEMA);
        assert_eq!(runtime().block_on(count(&file)), Some(0));
        let mode = std::fs::metadata(folder.path("deep/s.db")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_opened_is_down_and_counted() {
        let folder = Folder::new();
        std::fs::write(folder.path("s.db"), vec![b'x'; 2_000]).expect("the folder is ours");
        let file = SharedFile::new(&folder.path("s.db"), SCHEMA);
        runtime().block_on(async {
            assert_eq!(count(&file).await, None);
            assert_eq!(count(&file).await, None, "it is not tried again so soon");
        });
        let health = file.health();
        assert_eq!(health.failures, 2);
        assert!(health.degraded.is_some_and(|reason| reason.contains("another kind")));
        assert_eq!(std::fs::read(folder.path("s.db")).expect("it stays").len(), 2_000);
    }

    #[test]
    fn a_damaged_file_is_begun_anew() {
        let folder = Folder::new();
        let file = SharedFile::new(&folder.path("s.db"), SCHEMA);
        runtime().block_on(async {
            add(&file);
            assert_eq!(count(&file).await, Some(1));
        });
        file.close(Duration::from_secs(5));
        let mut bytes = std::fs::read(folder.path("s.db")).expect("it is there");
        bytes[100..].fill(0x55);
        std::fs::write(folder.path("s.db"), bytes).expect("the folder is ours");
        let file = SharedFile::new(&folder.path("s.db"), SCHEMA);
        assert_eq!(runtime().block_on(count(&file)), Some(0));
    }
}
