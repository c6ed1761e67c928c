//! The tables, and how an older file becomes a newer one.

use rusqlite::{Connection, TransactionBehavior};

use super::latency;
use super::outbox;
use crate::store::Unfit;

/// Marks a file as a log of ours ("toll" in ASCII), so that another program's database is never written to.
const APPLICATION_ID: i32 = 0x746f_6c6c;

/// One script per version, oldest first: a file of version `n` still lacks everything from index `n` on.
const MIGRATIONS: [&str; NEWEST as usize] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5];

/// What `user_version` says in a file that lacks nothing.
const NEWEST: u32 = 5;

/// Rows keep the order in which they were written (`seq`, never used twice), and `rev` grows with every change.
/// Bodies stand apart so that lists do not read them. `tally` spares counting the table on every write.
const VERSION_1: &str = "
    CREATE TABLE log (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        rev INTEGER NOT NULL DEFAULT 0,
        event_id TEXT NOT NULL,
        created_at_us INTEGER NOT NULL,
        duration_us INTEGER NOT NULL,
        first_byte_us INTEGER,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        model_served TEXT,
        path TEXT NOT NULL,
        request_type TEXT,
        stream INTEGER NOT NULL,
        status_code INTEGER,
        success INTEGER NOT NULL,
        cached INTEGER NOT NULL,
        cancelled INTEGER NOT NULL,
        truncated INTEGER NOT NULL,
        error TEXT,
        step INTEGER NOT NULL,
        attempts TEXT NOT NULL,
        usage_source TEXT NOT NULL,
        tokens_in INTEGER,
        tokens_out INTEGER,
        cache_read INTEGER,
        cache_write INTEGER,
        reasoning INTEGER,
        audio INTEGER,
        cost_nano_usd INTEGER,
        custom_cost INTEGER NOT NULL,
        saved_nano_usd INTEGER,
        metadata TEXT NOT NULL,
        user_agent TEXT,
        request_content_type TEXT,
        response_content_type TEXT,
        request_size INTEGER NOT NULL,
        response_size INTEGER NOT NULL,
        feedback INTEGER,
        score REAL
    ) STRICT;
    CREATE INDEX log_by_time ON log (created_at_us);
    CREATE TABLE payload (seq INTEGER PRIMARY KEY, request BLOB, response BLOB) STRICT;
    CREATE TABLE tally (records INTEGER NOT NULL) STRICT;
    INSERT INTO tally VALUES (0);
    CREATE TRIGGER log_added AFTER INSERT ON log BEGIN
        UPDATE tally SET records = records + 1;
    END;
    CREATE TRIGGER log_removed AFTER DELETE ON log BEGIN
        UPDATE tally SET records = records - 1;
        DELETE FROM payload WHERE seq = old.seq;
    END;
";

/// What decided where a call went.
const VERSION_2: &str = "ALTER TABLE log ADD COLUMN trail TEXT NOT NULL DEFAULT '{}';";

/// What else is charged apart, and by which price.
const VERSION_3: &str = "
    ALTER TABLE log ADD COLUMN usage_details TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE log ADD COLUMN priced_by TEXT;
";

/// What waits to be sent elsewhere, and which gateway a log is of.
const VERSION_4: &str = outbox::TABLES;

/// Whom a call was made for, how many tries reached a provider, and up to when logs were removed or refused: a bill says
/// whether it has all of them.
const VERSION_5: &str = "
    ALTER TABLE log ADD COLUMN user TEXT;
    ALTER TABLE log ADD COLUMN key_digest TEXT;
    ALTER TABLE log ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
    UPDATE log SET sent =
        (SELECT count(*) FROM json_each(attempts) WHERE json_extract(value, '$.state') <> 'not_sent');
    ALTER TABLE tally ADD COLUMN missing_until_us INTEGER NOT NULL DEFAULT 0;
    DROP TRIGGER log_removed;
    CREATE TRIGGER log_removed AFTER DELETE ON log BEGIN
        UPDATE tally SET records = records - 1, missing_until_us = max(missing_until_us, old.created_at_us + 1);
        DELETE FROM payload WHERE seq = old.seq;
    END;
";

/// Sets the connection up, and brings an empty or older database to the newest version.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Unfit> {
    // Sorting must not put prompts into temporary files; a file from elsewhere must not run functions of its choice.
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
    latency::teach(connection)?;
    check_owner(connection)?;
    // Takes effect in a new file only: what a deletion frees can then be given back to the disk.
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
    // With a write-ahead log, NORMAL loses nothing when the process is killed: it syncs at checkpoints only, so a
    // power cut may cost the last moments. A file system that cannot do it keeps its own mode.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 16777216;",
    )?;
    migrate(connection)
}

fn check_owner(connection: &mut Connection) -> Result<(), Unfit> {
    // Both answers of one moment: between them another process may make its tables.
    let connection = connection.transaction()?;
    let owner: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if owner == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 { Err(Unfit::Foreign("it is another program's database")) } else { Ok(()) }
}

fn migrate(connection: &mut Connection) -> Result<(), Unfit> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(missing) = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version..)) else {
        return Err(Unfit::Foreign("it was written by a newer version of tollhouse"));
    };
    if missing.is_empty() {
        return Ok(());
    }
    for script in missing {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", NEWEST)?;
    Ok(transaction.commit()?)
}
