//! A database that processes share: how it is set up and recognised.

use rusqlite::{Connection, TransactionBehavior};

use super::file::{Unfit, is_damage};

/// Marks a file as one that processes of the gateway share (`PRAGMA application_id`).
const APPLICATION_ID: i32 = 0x746f_6c31;

/// The tables of a shared file, or those that one of its users needs: several may stand in one file. A change that older
/// processes would not understand goes into a table of another name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// Whether nothing of it may be lost: a damaged file stays where it is until somebody mends it, and what is committed
    /// outlives a power cut.
    pub(crate) is_precious: bool,
    /// Makes the tables where they are not there yet.
    pub(crate) script: &'static str,
    /// One of them: if it is there, all are.
    pub(crate) table: &'static str,
}

impl Schema {
    /// Sets a connection up, and makes the tables where there are none.
    pub(crate) fn prepare(&self, connection: &mut Connection) -> Result<(), Unfit> {
        match self.set_up(connection) {
            Err(Unfit::Sqlite(error)) if self.is_precious && is_damage(&error) => {
                Err(Unfit::Foreign("it is damaged; it stays as it is until it is mended, or replaced by a copy"))
            }
            outcome => outcome,
        }
    }

    fn set_up(&self, connection: &mut Connection) -> Result<(), Unfit> {
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
        let (owner, tables) = owner_and_tables(connection)?;
        if owner != APPLICATION_ID && tables > 0 {
            return Err(Unfit::Foreign("it is another program's database"));
        }
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
        // Readers never wait with a write-ahead log. What a power cut may cost is a cached answer or a count.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA journal_size_limit = 16777216;",
        )?;
        if self.is_precious {
            connection.execute_batch("PRAGMA synchronous = FULL;")?;
        }
        let is_there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        if owner == APPLICATION_ID && connection.query_row(is_there, [self.table], |row| row.get::<_, i64>(0))? > 0 {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(self.script)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        Ok(transaction.commit()?)
    }
}

/// Who made the file, and how many tables it has. Both of one moment: between them another process may make its own.
fn owner_and_tables(connection: &mut Connection) -> rusqlite::Result<(i32, i64)> {
    let transaction = connection.transaction()?;
    let owner = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok((owner, transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?))
}
