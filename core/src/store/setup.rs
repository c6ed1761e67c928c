//! A database that processes share: how it is set up and recognised.

use rusqlite::{Connection, TransactionBehavior};

use super::file::Unfit;

/// The tables of a shared file. A change that older processes would not understand goes into a file of another name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// Marks a file as ours and of this kind (`PRAGMA application_id`).
    pub(crate) application_id: i32,
    /// Makes the tables of a new file.
    pub(crate) script: &'static str,
}

impl Schema {
    /// Sets a connection up, and makes the tables where there are none.
    pub(crate) fn prepare(&self, connection: &mut Connection) -> Result<(), Unfit> {
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
        let owner: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if owner != self.application_id && tables > 0 {
            return Err(Unfit::Foreign("it is another program's database"));
        }
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
        // Readers never wait with a write-ahead log. What a power cut may cost is a cached answer or a count.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA journal_size_limit = 16777216;",
        )?;
        if owner == self.application_id {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been quicker.
        let owner: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
        if owner != self.application_id {
            transaction.execute_batch(self.script)?;
            transaction.pragma_update(None, "application_id", self.application_id)?;
        }
        Ok(transaction.commit()?)
    }
}
