//! A `SQLite` file that the processes of one host share.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{AHEAD_US, Waiting};
use crate::cache::lease::LEASE_US;
use crate::cache::purge::{Filter, PurgeReport};
use crate::cache::store::{Asked, Asking, Extent, Leased, Now, Outside, Stored};
use crate::cache::wire::{self, Packed, microseconds};
use crate::exchange::CacheKey;
use crate::store::{Schema, SharedFile, StoreHealth};

/// The bodies stand in a table of their own, so that what is looked through lies close together.
const SCHEMA: Schema = Schema {
    is_precious: false,
    script: "
        CREATE TABLE IF NOT EXISTS answers (
            id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, gateway TEXT NOT NULL, scope TEXT, provider TEXT NOT NULL,
            model TEXT NOT NULL, word INTEGER, at_us INTEGER NOT NULL, fresh_us INTEGER NOT NULL,
            until_us INTEGER NOT NULL, used_us INTEGER NOT NULL, bytes INTEGER NOT NULL, head BLOB NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS answers_until ON answers (until_us);
        CREATE INDEX IF NOT EXISTS answers_used ON answers (used_us);
        CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS answers_sum (one INTEGER PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
        INSERT OR IGNORE INTO answers_sum VALUES (1, 0);
        CREATE TRIGGER IF NOT EXISTS answers_added AFTER INSERT ON answers BEGIN
            UPDATE answers_sum SET bytes = bytes + new.bytes;
        END;
        CREATE TRIGGER IF NOT EXISTS answers_removed AFTER DELETE ON answers BEGIN
            UPDATE answers_sum SET bytes = bytes - old.bytes;
            DELETE FROM bodies WHERE id = old.id;
        END;
        CREATE TABLE IF NOT EXISTS leases (
            key BLOB PRIMARY KEY, holder INTEGER NOT NULL, until_us INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;",
    table: "answers",
};

/// What surrounds an answer in the file, in bytes: its row, its places in the indices, its part of a page.
const ROW_BYTES: usize = 512;

/// What is over its time is deleted so many at a time, with every answer that is stored.
const SWEPT: u32 = 16;

/// A purge takes so many away at a time.
const PURGED: u32 = 500;

/// How long a purge or a count may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer that is used is noted so often at most: every note is a write.
const NOTED_US: u64 = 60_000_000;

/// The answers in a file.
pub(crate) struct File {
    database: SharedFile,
    gateway: Arc<str>,
    max_bytes: u64,
    max_body_bytes: u64,
    waiting: Waiting,
}

impl File {
    /// Answers of `gateway` in the file at `path`, at most `max_bytes` of all that use the file, none larger than
    /// `max_body_bytes`.
    pub(crate) fn new(path: &Path, gateway: &str, max_bytes: u64, max_body_bytes: u64) -> Self {
        let database = SharedFile::new(path, SCHEMA);
        Self { database, gateway: gateway.into(), max_bytes, max_body_bytes, waiting: Waiting::default() }
    }

    /// What is not ours to read any more is taken away, so that it is not read again and again.
    fn unpack(&self, key: CacheKey, packed: &Packed) -> Option<Arc<Stored>> {
        let stored = packed.unpack(self.max_body_bytes).map(Arc::new);
        if stored.is_none() {
            self.database
                .tell(move |connection| connection.execute("DELETE FROM answers WHERE key = ?1", [key]).map(drop));
        }
        stored
    }
}

impl Outside for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn get(&self, key: CacheKey, now: Now) -> Asking<'_, Option<Arc<Stored>>> {
        Box::pin(async move {
            let Some(row) = self.database.ask(move |connection| look(connection, &key, now)).await? else {
                return Some(None);
            };
            if row.used_us + NOTED_US < now.wall_us {
                self.database.tell(move |connection| {
                    let mut note = connection.prepare_cached("UPDATE answers SET used_us = ?2 WHERE key = ?1")?;
                    note.execute(params![key, sql(now.wall_us)]).map(drop)
                });
            }
            Some(self.unpack(key, &row.packed))
        })
    }

    fn put(&self, key: CacheKey, stored: Arc<Stored>, now: Now) {
        let Some(place) = self.waiting.place(stored.weight()) else { return self.database.count_failure() };
        let (gateway, max_bytes) = (self.gateway.clone(), self.max_bytes);
        self.database.tell(move |connection| {
            let packed = Packed::of(&stored);
            let kept = keep(connection, &key, &gateway, &stored, &packed, max_bytes, now);
            drop(place);
            kept
        });
    }

    fn lease(&self, key: CacheKey, holder: u64, now: Now) -> Asking<'_, Leased> {
        Box::pin(async move {
            Some(match self.database.ask(move |connection| lease(connection, &key, holder, now)).await? {
                Turn::Ours => Leased::Ours,
                Turn::Theirs(holder) => Leased::Theirs(holder),
                Turn::Found(row) => self.unpack(key, &row.packed).map_or(Leased::Ours, Leased::Found),
            })
        })
    }

    fn renew(&self, key: CacheKey, holder: u64, now: Now) {
        self.database.tell(move |connection| {
            let mut renew =
                connection.prepare_cached("UPDATE leases SET until_us = ?3 WHERE key = ?1 AND holder = ?2")?;
            renew.execute(params![key, holder.cast_signed(), sql(now.wall_us + LEASE_US)]).map(drop)
        });
    }

    fn give_back(&self, key: CacheKey, holder: u64) {
        self.database.tell(move |connection| {
            let mut delete = connection.prepare_cached("DELETE FROM leases WHERE key = ?1 AND holder = ?2")?;
            delete.execute(params![key, holder.cast_signed()]).map(drop)
        });
    }

    fn newest(&self, filter: Filter, count: usize, now: Now) -> Asking<'_, Vec<(Asked, u64)>> {
        let gateway = self.gateway.clone();
        Box::pin(async move {
            let heads = self.database.ask(move |connection| heads(connection, &gateway, &filter, count, now)).await?;
            Some(heads.iter().filter_map(|head| wire::asked(head)).collect())
        })
    }

    fn purge(&self, filter: Filter) -> Asking<'_, PurgeReport> {
        let gateway = self.gateway.clone();
        Box::pin(self.database.ask_within(PATIENCE, move |connection| purge(connection, &gateway, &filter)))
    }

    fn extent(&self, now: Now) -> Asking<'_, Extent> {
        let gateway = self.gateway.clone();
        Box::pin(self.database.ask_within(PATIENCE, move |connection| {
            let count = "SELECT count(*), coalesce(sum(bytes), 0) FROM answers WHERE gateway = ?1 AND until_us > ?2";
            connection.query_row(count, params![gateway, sql(now.wall_us)], |row| {
                Ok(Extent { entries: number(row.get(0)?), bytes: number(row.get(1)?) })
            })
        }))
    }

    fn max_bytes(&self) -> Option<u64> {
        Some(self.max_bytes)
    }

    fn health(&self) -> StoreHealth {
        self.database.health()
    }

    fn release(&self, budget: Duration) -> bool {
        self.database.release(budget)
    }

    fn close(&self, budget: Duration) {
        self.database.close(budget);
    }
}

/// An answer as it stands in the file.
struct Row {
    packed: Packed,
    fresh_us: u64,
    used_us: u64,
}

fn look(connection: &Connection, key: &CacheKey, now: Now) -> rusqlite::Result<Option<Row>> {
    let mut select = connection.prepare_cached(
        "SELECT head, body, fresh_us, used_us FROM answers JOIN bodies USING (id)
         WHERE key = ?1 AND until_us > ?2 AND at_us <= ?3",
    )?;
    let row = |row: &rusqlite::Row<'_>| {
        let packed = Packed { head: row.get(0)?, body: row.get(1)? };
        Ok(Row { packed, fresh_us: number(row.get(2)?), used_us: number(row.get(3)?) })
    };
    select.query_row(params![key, sql(now.wall_us), sql(now.wall_us + AHEAD_US)], row).optional()
}

fn keep(
    connection: &mut Connection,
    key: &CacheKey,
    gateway: &str,
    stored: &Stored,
    packed: &Packed,
    max_bytes: u64,
    now: Now,
) -> rusqlite::Result<()> {
    let bytes = (packed.len() + ROW_BYTES) as u64;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.prepare_cached("DELETE FROM answers WHERE key = ?1")?.execute([key])?;
    if bytes <= max_bytes {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO answers (key, gateway, scope, provider, model, word, at_us, fresh_us, until_us, used_us, bytes, head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        let asked = &stored.asked;
        let id = insert.insert(params![
            key,
            gateway,
            asked.scope,
            asked.provider,
            asked.model,
            asked.word.map(u64::cast_signed),
            sql(stored.at_us),
            sql(stored.at_us.saturating_add(microseconds(stored.ttl))),
            sql(stored.at_us.saturating_add(microseconds(stored.keep))),
            sql(now.wall_us),
            sql(bytes),
            packed.head,
        ])?;
        transaction.prepare_cached("INSERT INTO bodies VALUES (?1, ?2)")?.execute(params![id, packed.body])?;
    }
    let sweep = "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE until_us <= ?1 LIMIT ?2)";
    transaction.prepare_cached(sweep)?.execute(params![sql(now.wall_us), SWEPT])?;
    make_room(&transaction, max_bytes)?;
    transaction.commit()
}

/// What was not used for longest goes, until the rest is within the bound.
fn make_room(transaction: &Transaction<'_>, max_bytes: u64) -> rusqlite::Result<()> {
    let mut sum = transaction.prepare_cached("SELECT bytes FROM answers_sum")?;
    let mut evict = transaction
        .prepare_cached("DELETE FROM answers WHERE id = (SELECT id FROM answers ORDER BY used_us, id LIMIT 1)")?;
    while number(sum.query_row([], |row| row.get(0))?) > max_bytes {
        if evict.execute([])? == 0 {
            break;
        }
    }
    Ok(())
}

enum Turn {
    Found(Row),
    Ours,
    /// By the holder.
    Theirs(u64),
}

fn lease(connection: &mut Connection, key: &CacheKey, holder: u64, now: Now) -> rusqlite::Result<Turn> {
    // Who only waits reads, and is in nobody's way.
    if let Some(turn) = taken(connection, key, now)? {
        return Ok(turn);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(turn) = taken(&transaction, key, now)? {
        return Ok(turn);
    }
    let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO leases VALUES (?1, ?2, ?3)")?;
    insert.execute(params![key, holder.cast_signed(), sql(now.wall_us + LEASE_US)])?;
    drop(insert);
    let sweep = "DELETE FROM leases WHERE key IN (SELECT key FROM leases WHERE until_us <= ?1 LIMIT ?2)";
    transaction.prepare_cached(sweep)?.execute(params![sql(now.wall_us), SWEPT])?;
    transaction.commit()?;
    Ok(Turn::Ours)
}

/// The answer, or that another one calls for it; `None` where neither is.
fn taken(connection: &Connection, key: &CacheKey, now: Now) -> rusqlite::Result<Option<Turn>> {
    if let Some(row) = look(connection, key, now)?.filter(|row| row.fresh_us > now.wall_us) {
        return Ok(Some(Turn::Found(row)));
    }
    // One that ends much later than any that is taken now was taken under a clock that was wrong. A little later is usual:
    // this moment was read before the question waited for its turn.
    let mut select =
        connection.prepare_cached("SELECT holder FROM leases WHERE key = ?1 AND until_us > ?2 AND until_us <= ?3")?;
    let values = params![key, sql(now.wall_us), sql(now.wall_us + 2 * LEASE_US)];
    let holder = select.query_row(values, |row| row.get::<_, i64>(0)).optional()?;
    Ok(holder.map(|holder| Turn::Theirs(holder.cast_unsigned())))
}

/// The condition that a filter is, with the parameters `?1` to `?6`.
const MEANT: &str = "gateway = ?1 AND (?2 IS NULL OR scope = ?2) AND (?3 IS NULL OR provider = ?3)
    AND (?4 IS NULL OR model = ?4) AND (?5 IS NULL OR word = ?5) AND (?6 IS NULL OR at_us <= ?6)";

fn heads(
    connection: &Connection,
    gateway: &str,
    filter: &Filter,
    count: usize,
    now: Now,
) -> rusqlite::Result<Vec<Vec<u8>>> {
    let select = format!("SELECT head FROM answers WHERE {MEANT} AND until_us > ?7 ORDER BY id DESC LIMIT ?8");
    let mut select = connection.prepare_cached(&select)?;
    let Filter { scope, provider, model, word, until_us } = filter;
    let values = params![
        gateway,
        scope,
        provider,
        model,
        word.map(u64::cast_signed),
        until_us.map(sql),
        sql(now.wall_us),
        sql(count as u64)
    ];
    select.query_map(values, |row| row.get(0))?.collect()
}

/// In small parts, so that other processes get their turn between them.
fn purge(connection: &Connection, gateway: &str, filter: &Filter) -> rusqlite::Result<PurgeReport> {
    let Filter { scope, provider, model, word, until_us } = filter;
    let values = params![gateway, scope, provider, model, word.map(u64::cast_signed), until_us.map(sql)];
    let delete = format!(
        "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE {MEANT} LIMIT {PURGED}) RETURNING bytes"
    );
    let mut delete = connection.prepare_cached(&delete)?;
    let mut report = PurgeReport::default();
    loop {
        let bytes: Vec<i64> = delete.query_map(values, |row| row.get(0))?.collect::<Result<_, _>>()?;
        if bytes.is_empty() {
            break;
        }
        report.entries += bytes.len() as u64;
        report.bytes += bytes.iter().copied().map(number).sum::<u64>();
    }
    // The file gets smaller too, page by page.
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(report)
}

/// `SQLite` counts no further than this; no time and no size does either.
fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(sql: i64) -> u64 {
    sql.max(0).unsigned_abs()
}
