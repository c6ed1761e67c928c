//! Where the ledger is: in a file that the processes of a host share, or in memory.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::tables::{self, Draw, Entry, Reserved, SCHEMA};
use super::unwritten::Unwritten;
use crate::error::{Error, ErrorKind};
use crate::store::{SharedFile, StoreHealth};

/// The ledger's database.
pub(super) enum Place {
    File(SharedFile, Unwritten),
    /// Opened when it is first asked.
    Memory(Mutex<Option<Connection>>),
}

impl Place {
    pub(super) fn new(path: Option<&Path>) -> Self {
        path.map_or_else(
            || Self::Memory(Mutex::default()),
            |path| Self::File(SharedFile::new(path, SCHEMA), Unwritten::default()),
        )
    }

    /// What the database answers.
    ///
    /// # Errors
    /// `Storage`, where it cannot be used or does not answer in time. What was asked may have been done.
    pub(super) async fn ask<T, Q>(&self, question: Q) -> Result<T, Error>
    where
        T: Send + 'static,
        Q: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        match self {
            Self::File(file, unwritten) => {
                let unwritten = unwritten.clone();
                let answer = file.ask(move |connection| {
                    unwritten.write(connection)?;
                    question(connection)
                });
                answer.await.ok_or_else(|| without(file))
            }
            Self::Memory(connection) => in_memory(connection, question).map_err(|error| failed(&error.to_string())),
        }
    }

    /// Holds credit for a call. Who leaves while it asks holds nothing.
    ///
    /// # Errors
    /// As of [`ask`](Self::ask).
    pub(super) async fn reserve(&self, entry: Entry) -> Result<Reserved, Error> {
        let Self::File(file, unwritten) = self else {
            return self.ask(move |connection| tables::reserve(connection, &entry)).await;
        };
        let (unwritten, unheard) = (unwritten.clone(), unwritten.clone());
        let nothing = Entry { amount: 0, ..entry.clone() };
        let question = move |connection: &mut Connection| {
            unwritten.write(connection)?;
            tables::reserve(connection, &entry)
        };
        let unheard = move |connection: &mut Connection, reserved| {
            if let Reserved::Held(hold) = reserved {
                unheard.add(Draw { hold: Some(hold), entry: nothing });
            }
            unheard.write(connection)
        };
        file.ask_or(question, unheard).await.ok_or_else(|| without(file))
    }

    /// Draws what a call has cost; nobody waits for it. What cannot be written now is written with the next question.
    pub(super) fn settle(&self, draw: Draw) {
        match self {
            Self::File(file, unwritten) => {
                unwritten.add(draw);
                let unwritten = unwritten.clone();
                file.tell(move |connection| unwritten.write(connection));
            }
            // It fails only where there is no memory left.
            Self::Memory(connection) => drop(in_memory(connection, |connection| tables::settle(connection, &[draw]))),
        }
    }

    pub(super) fn health(&self) -> Option<StoreHealth> {
        match self {
            Self::File(file, _) => Some(file.health()),
            Self::Memory(_) => None,
        }
    }

    pub(super) fn release(&self, budget: Duration) -> bool {
        match self {
            Self::File(file, _) => file.release(budget),
            Self::Memory(_) => true,
        }
    }

    pub(super) fn close(&self, budget: Duration) {
        if let Self::File(file, unwritten) = self {
            let left = unwritten.write_within(budget, file);
            file.close(left);
        }
    }
}

fn in_memory<T>(
    place: &Mutex<Option<Connection>>,
    question: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    if place.is_none() {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(SCHEMA.script)?;
        *place = Some(connection);
    }
    question(place.as_mut().expect("it was opened just now"))
}

fn without(file: &SharedFile) -> Error {
    failed(&file.health().degraded.unwrap_or_else(|| "it did not answer in time".to_owned()))
}

fn failed(reason: &str) -> Error {
    Error::new(ErrorKind::Storage, format!("the ledger of credits cannot be used: {reason}"))
}
