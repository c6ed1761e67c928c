//! A log in memory: bounded in bytes, and carried over to the file if it is the file's stand-in.

use std::path::Path;

use rusqlite::Connection;

use super::schema;
use crate::store::Unfit;

/// What a log in memory may take. Bodies give way first, then the oldest logs.
const MAX_BYTES: u32 = 16 << 20;

pub(super) fn open() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    match schema::prepare(&mut connection) {
        Ok(()) => {}
        Err(Unfit::Sqlite(error)) => return Err(error),
        Err(Unfit::Foreign(reason)) => unreachable!("a new database has no history, yet {reason}"),
    }
    let page_size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    connection.pragma_update_and_check(None, "max_page_count", MAX_BYTES / page_size, |_| Ok(()))?;
    Ok(connection)
}

/// Gives up the older half of the bodies, or, where none is left and `logs_too`, of the logs. Says whether it helped.
pub(super) fn make_room(connection: &Connection, logs_too: bool) -> bool {
    let older_half = |table: &str| {
        let half = format!("SELECT seq FROM {table} ORDER BY seq LIMIT (SELECT (count(*) + 1) / 2 FROM {table})");
        connection.execute(&format!("DELETE FROM {table} WHERE seq IN ({half})"), []).is_ok_and(|deleted| deleted > 0)
    };
    older_half("payload") || (logs_too && older_half("log"))
}

/// Copies everything into the log file at `path`, which is open and up to date; what is there already stays as it is.
pub(super) fn carry_over(memory: &Connection, path: &Path) -> rusqlite::Result<()> {
    memory.execute("ATTACH DATABASE ?1 AS file", [path.to_string_lossy()])?;
    let outcome = copy_to_file(memory);
    memory.execute_batch("DETACH DATABASE file")?;
    outcome
}

fn copy_to_file(memory: &Connection) -> rusqlite::Result<()> {
    // All columns but `seq`, which the file gives anew.
    let columns: String = memory.query_row(
        "SELECT group_concat(name) FROM pragma_table_info('log', 'main') WHERE name <> 'seq'",
        [],
        |row| row.get(0),
    )?;
    let transaction = memory.unchecked_transaction()?;
    transaction.execute_batch(&format!(
        "INSERT INTO file.log ({columns})
            SELECT {columns} FROM main.log ORDER BY seq
            ON CONFLICT (id) DO NOTHING;
         INSERT INTO file.payload (seq, request, response)
            SELECT there.seq, body.request, body.response
            FROM main.payload AS body JOIN main.log AS here USING (seq) JOIN file.log AS there ON there.id = here.id
            WHERE true
            ON CONFLICT (seq) DO NOTHING;"
    ))?;
    transaction.commit()
}
