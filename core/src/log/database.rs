//! The database of one store, wherever it is just now: in its file, or in memory because the file cannot be used.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::append::{self, Pending};
use super::health::Health;
use super::memory;
use super::outbox;
use super::schema;
use super::settings::LogSettings;
use crate::config::WhenFull;
use crate::error::{Error, ErrorKind};
use crate::store::{SqliteFile, Unfit, is_damage};

/// How long one process waits for another to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the log stays in memory before its file is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Every failure mends one thing and tries again. A record of the largest size may have to push several others out.
const TRIES: u32 = 8;

/// Opened at first use. It belongs to one thread.
pub(super) struct Database {
    settings: Arc<LogSettings>,
    health: Arc<Health>,
    place: Option<Place>,
    /// Where the last damaged file went.
    damaged: Option<PathBuf>,
    /// [`RETRY_AFTER`], except in tests.
    pub(super) retry_after: Duration,
}

enum Place {
    File(SqliteFile),
    /// Where the settings name no file.
    Memory(Connection),
    /// The file at `path` cannot be used since `since`.
    Refuge {
        connection: Connection,
        path: PathBuf,
        since: Instant,
    },
}

impl Place {
    fn connection(&mut self) -> &mut Connection {
        match self {
            Self::File(file) => &mut file.connection,
            Self::Memory(connection) | Self::Refuge { connection, .. } => connection,
        }
    }
}

impl Database {
    pub(super) fn new(settings: Arc<LogSettings>, health: Arc<Health>) -> Self {
        Self { settings, health, place: None, damaged: None, retry_after: RETRY_AFTER }
    }

    /// Writes a batch of records. What cannot be written anywhere counts as dropped.
    pub(super) fn append(&mut self, batch: Vec<Pending>) {
        if batch.is_empty() {
            return;
        }
        for tries_left in (0..TRIES).rev() {
            let settings = Arc::clone(&self.settings);
            match self.ready().and_then(|connection| append::append(connection, &batch, &settings)) {
                Ok(appended) => {
                    self.health.written.fetch_add(appended.written, Relaxed);
                    self.health.refused.fetch_add(appended.refused, Relaxed);
                    return batch.into_iter().for_each(Pending::settle);
                }
                Err(error) if tries_left > 0 && self.mend(&error) => {}
                Err(error) => return self.health.set_degraded(Some(format!("logs are lost: {error}"))),
            }
        }
    }

    /// Asks the database, once more if it had to be mended.
    ///
    /// # Errors
    /// `Storage`, with what `SQLite` says; it never repeats values.
    pub(super) fn ask<T>(&mut self, question: impl Fn(&mut Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut answer = self.ready().and_then(&question);
        if let Err(error) = &answer
            && is_damage(error)
            && self.set_aside()
        {
            answer = self.ready().and_then(&question);
        }
        answer.map_err(|error| Error::new(ErrorKind::Storage, format!("the log cannot be read or changed: {error}")))
    }

    /// Asks the file, and nothing that stands in for it: what is in memory is no promise.
    ///
    /// # Errors
    /// `Storage`, with what is wrong with the file.
    pub(super) fn ask_file<T>(
        &mut self,
        question: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let storage = |reason: String| Error::new(ErrorKind::Storage, reason);
        self.ready().map_err(|error| storage(format!("the log cannot be opened: {error}")))?;
        let Some(Place::File(file)) = &mut self.place else {
            return Err(storage(self.health.report().degraded.unwrap_or_else(|| "the log has no file".to_owned())));
        };
        question(&mut file.connection).map_err(|error| {
            if is_damage(&error) {
                self.set_aside();
            }
            storage(format!("the log cannot be written: {error}"))
        })
    }

    /// Closes the file until it is needed again. What is in memory stays.
    pub(super) fn release(&mut self) {
        if matches!(self.place, Some(Place::File(_))) {
            self.place = None;
        }
    }

    fn ready(&mut self) -> rusqlite::Result<&mut Connection> {
        let place = match self.place.take() {
            Some(Place::File(file)) if file.was_replaced() => self.open()?,
            Some(Place::Refuge { connection, path, since }) if since.elapsed() >= self.retry_after => {
                self.leave_refuge(connection, path)
            }
            Some(place) => place,
            None => self.open()?,
        };
        Ok(self.place.insert(place).connection())
    }

    fn open(&mut self) -> rusqlite::Result<Place> {
        let Some(path) = &self.settings.path else {
            return self.open_memory().map(Place::Memory);
        };
        let path = path.clone();
        match self.open_file(&path) {
            Ok(file) => Ok(self.welcome(file)),
            Err(reason) => self.take_refuge(path, &reason),
        }
    }

    fn open_file(&self, path: &Path) -> Result<SqliteFile, String> {
        let prepare = |connection: &mut Connection| {
            schema::prepare(connection)?;
            if self.settings.durable {
                // Synced at every commit: a power cut costs nothing that was acknowledged.
                connection.execute_batch("PRAGMA synchronous = FULL;")?;
            }
            outbox::register(connection, &self.settings.sinks).map_err(Unfit::Sqlite)
        };
        SqliteFile::open(path, &prepare, BUSY_TIMEOUT)
    }

    fn open_memory(&self) -> rusqlite::Result<Connection> {
        let mut connection = memory::open()?;
        outbox::register(&mut connection, &self.settings.sinks)?;
        Ok(connection)
    }

    fn take_refuge(&self, path: PathBuf, reason: &str) -> rusqlite::Result<Place> {
        Ok(self.stay(self.open_memory()?, path, reason))
    }

    /// Back to the file with all that was written meanwhile, or another while in memory.
    fn leave_refuge(&mut self, connection: Connection, path: PathBuf) -> Place {
        let file = self.open_file(&path).and_then(|file| match memory::carry_over(&connection, &path) {
            Ok(()) => Ok(file),
            Err(error) => Err(error.to_string()),
        });
        match file {
            Ok(file) => self.welcome(file),
            Err(reason) => self.stay(connection, path, &reason),
        }
    }

    fn welcome(&mut self, mut file: SqliteFile) -> Place {
        self.damaged = file.set_aside.take().or(self.damaged.take());
        self.health.set_degraded(self.damaged.as_deref().map(damage_notice));
        Place::File(file)
    }

    fn stay(&self, connection: Connection, path: PathBuf, reason: &str) -> Place {
        self.health.set_degraded(Some(format!(
            "the log is kept in memory because {} cannot be used: {reason}; it is tried again every {} s",
            path.display(),
            self.retry_after.as_secs()
        )));
        Place::Refuge { connection, path, since: Instant::now() }
    }

    /// Makes another try at writing worth while, or says that there is nothing left to do.
    fn mend(&mut self, error: &rusqlite::Error) -> bool {
        if is_damage(error) && self.set_aside() {
            return true;
        }
        match self.place.take() {
            Some(Place::File(file)) => {
                self.place = self.take_refuge(file.path, &error.to_string()).ok();
                true
            }
            Some(place) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                let may_delete = self.settings.when_full == WhenFull::DeleteOldest;
                memory::make_room(self.place.insert(place).connection(), may_delete)
            }
            place => {
                self.place = place;
                false
            }
        }
    }

    /// Renames the open file, which is damaged, so that the next use begins a new one. Does nothing in memory.
    fn set_aside(&mut self) -> bool {
        let file = match self.place.take() {
            Some(Place::File(file)) => file,
            place => {
                self.place = place;
                return false;
            }
        };
        let path = file.path.clone();
        match file.abandon() {
            Ok(aside) => self.damaged = aside.or(self.damaged.take()),
            Err(error) => self.place = self.take_refuge(path, &format!("it is damaged, and stays: {error}")).ok(),
        }
        true
    }
}

fn damage_notice(aside: &Path) -> String {
    format!("the log file was damaged; it is kept as {}, and a new one was begun", aside.display())
}
