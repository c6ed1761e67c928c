//! A `SQLite` file that the processes of one host share. Each call is one transaction: all of its rules, or none.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Answer, Outside, PEER_US, PLACE_US};
use crate::held::LimitKey;
use crate::limit::rule::{Pace, Terms};
use crate::limit::store::{Ask, Change, Full, Taken};
use crate::limit::window::{Room, Window};
use crate::store::{Schema, SharedFile, StoreHealth};

const SCHEMA: Schema = Schema {
    is_precious: false,
    script: "
        CREATE TABLE IF NOT EXISTS counts (
            key BLOB PRIMARY KEY, at_us INTEGER NOT NULL, used INTEGER NOT NULL, older TEXT NOT NULL,
            until_us INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS counts_until ON counts (until_us);
        CREATE TABLE IF NOT EXISTS places (key BLOB NOT NULL, holder INTEGER NOT NULL, until_us INTEGER NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS places_key ON places (key, until_us);
        CREATE INDEX IF NOT EXISTS places_until ON places (until_us);
        CREATE TABLE IF NOT EXISTS peers (holder INTEGER PRIMARY KEY, until_us INTEGER NOT NULL) STRICT;",
    table: "counts",
};

/// Whose budgets the keys are. A file that was begun without budgets gets this table with its first one.
const NAMES: &str = "
    CREATE TABLE IF NOT EXISTS names (key BLOB PRIMARY KEY, whose TEXT NOT NULL, until_us INTEGER NOT NULL) STRICT;";

/// Rows that count nothing any more are deleted so many at a time, with every call that takes something.
const SWEPT: u32 = 8;

/// The counts in a file.
pub(crate) struct File {
    database: SharedFile,
    terms: Arc<[Terms]>,
    /// This process among those that share the file.
    holder: i64,
}

impl File {
    pub(crate) fn new(path: &Path, terms: impl Iterator<Item = Terms>) -> Self {
        let holder = getrandom::u64().unwrap_or_else(|_| std::process::id().into()).cast_signed();
        Self { database: SharedFile::new(path, SCHEMA), terms: terms.collect(), holder }
    }
}

impl Outside for File {
    async fn take(&self, asks: &[Ask], now_us: u64) -> Option<Answer> {
        let (asks, terms, holder) = (asks.to_vec(), self.terms.clone(), self.holder);
        // Who leaves while it asks has taken nothing.
        let (own_asks, own_terms) = (asks.clone(), terms.clone());
        let unheard = move |connection: &mut Connection, answer: Answer| match answer.taken {
            Ok(taken) => settle(connection, &Ask::undone(&own_asks, &taken), &own_terms, holder, now_us),
            Err(_) => Ok(()),
        };
        self.database.ask_or(move |connection| take(connection, &asks, &terms, holder, now_us), unheard).await
    }

    fn settle(&self, changes: Vec<Change>, now_us: u64) {
        let (terms, holder) = (self.terms.clone(), self.holder);
        self.database.tell(move |connection| settle(connection, &changes, &terms, holder, now_us));
    }

    async fn used(&self, keys: &[(usize, LimitKey)], now_us: u64) -> Option<Vec<u64>> {
        let (keys, terms) = (keys.to_vec(), self.terms.clone());
        self.database.ask(move |connection| used(connection, &keys, &terms, now_us)).await
    }

    fn name(&self, key: LimitKey, whose: String, until_us: u64) {
        self.database.tell(move |connection| {
            connection.execute_batch(NAMES)?;
            let insert = "INSERT OR REPLACE INTO names VALUES (?1, ?2, ?3)";
            connection.execute(insert, params![key, whose, sql(until_us)]).map(drop)
        });
    }

    async fn named(&self, now_us: u64) -> Option<Vec<(LimitKey, String)>> {
        self.database.ask(move |connection| named(connection, now_us)).await
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

fn take(
    connection: &mut Connection,
    asks: &[Ask],
    terms: &[Terms],
    holder: i64,
    now_us: u64,
) -> rusqlite::Result<Answer> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut taken = Vec::with_capacity(asks.len());
    for (which, ask) in asks.iter().enumerate() {
        let terms = &ask.terms(&terms[ask.rule]);
        let mut window = load(&transaction, ask.key, terms, now_us)?;
        let room = window.room(terms, ask.amount, now_us);
        let over = room != Room::Now;
        if over && !ask.observed {
            // Dropped without a commit, the transaction takes back what the rules before this one have counted.
            let full = Full { which, room, used: window.total() };
            return Ok(Answer { taken: Err(full), peers: peers(&transaction, now_us)? });
        }
        window.add(terms, ask.amount, now_us);
        let reset_us = window.reset_us(terms, now_us);
        taken.push(Taken { used: window.total(), reset_us, over, at_us: now_us });
        if terms.pace == Pace::Held {
            hold(&transaction, ask, holder, now_us)?;
        } else {
            save(&transaction, ask.key, &window, now_us.saturating_add(reset_us))?;
        }
    }
    let mut peer = transaction.prepare_cached("INSERT OR REPLACE INTO peers VALUES (?1, ?2)")?;
    peer.execute(params![holder, sql(now_us + PEER_US)])?;
    drop(peer);
    sweep(&transaction, now_us)?;
    let peers = peers(&transaction, now_us)?;
    transaction.commit()?;
    Ok(Answer { taken: Ok(taken), peers })
}

fn settle(
    connection: &mut Connection,
    changes: &[Change],
    terms: &[Terms],
    holder: i64,
    now_us: u64,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        let terms = &terms[change.rule];
        if terms.pace == Pace::Held {
            give_back(&transaction, change, holder)?;
            continue;
        }
        let mut window = load(&transaction, change.key, terms, now_us)?;
        change.apply(&mut window, terms, now_us);
        let until_us = now_us.saturating_add(window.reset_us(terms, now_us));
        save(&transaction, change.key, &window, until_us)?;
    }
    transaction.commit()
}

fn used(
    connection: &mut Connection,
    keys: &[(usize, LimitKey)],
    terms: &[Terms],
    now_us: u64,
) -> rusqlite::Result<Vec<u64>> {
    let transaction = connection.transaction()?;
    let used = |(rule, key): &(usize, LimitKey)| {
        Ok(load(&transaction, *key, &terms[*rule], now_us)?.total_at(&terms[*rule], now_us))
    };
    keys.iter().map(used).collect()
}

fn named(connection: &mut Connection, now_us: u64) -> rusqlite::Result<Vec<(LimitKey, String)>> {
    connection.execute_batch(NAMES)?;
    connection.execute("DELETE FROM names WHERE until_us <= ?1", [sql(now_us)])?;
    let mut select = connection.prepare_cached("SELECT key, whose FROM names")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// What counts under a key. Places are rows of their own, so that those of a process that died come free.
fn load(transaction: &Transaction<'_>, key: [u8; 16], terms: &Terms, now_us: u64) -> rusqlite::Result<Window> {
    if terms.pace == Pace::Held {
        let mut select = transaction.prepare_cached("SELECT count(*) FROM places WHERE key = ?1 AND until_us > ?2")?;
        let held: i64 = select.query_row(params![key, sql(now_us)], |row| row.get(0))?;
        return Ok(Window::of_parts(0, held.unsigned_abs(), std::iter::empty()));
    }
    let mut select = transaction.prepare_cached("SELECT at_us, used, older FROM counts WHERE key = ?1")?;
    let found = select.query_row(params![key], |row| {
        let (at_us, used, older): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let numbers: Vec<u64> = older.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let pairs = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        Ok(Window::of_parts(at_us.unsigned_abs(), used.unsigned_abs(), pairs))
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn save(transaction: &Transaction<'_>, key: [u8; 16], window: &Window, until_us: u64) -> rusqlite::Result<()> {
    let (at_us, used, older) = window.parts();
    let older: Vec<String> = older.map(|(at_us, used)| format!("{at_us} {used}")).collect();
    let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO counts VALUES (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute(params![key, sql(at_us), sql(used), older.join(" "), sql(until_us)])?;
    Ok(())
}

fn hold(transaction: &Transaction<'_>, ask: &Ask, holder: i64, now_us: u64) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO places VALUES (?1, ?2, ?3)")?;
    insert.execute(params![ask.key, holder, sql(now_us + PLACE_US)])?;
    Ok(())
}

fn give_back(transaction: &Transaction<'_>, change: &Change, holder: i64) -> rusqlite::Result<()> {
    let mut delete = transaction.prepare_cached(
        "DELETE FROM places WHERE rowid =
            (SELECT rowid FROM places WHERE key = ?1 AND holder = ?2 AND until_us = ?3 LIMIT 1)",
    )?;
    delete.execute(params![change.key, holder, sql(change.at_us + PLACE_US)])?;
    Ok(())
}

fn sweep(transaction: &Transaction<'_>, now_us: u64) -> rusqlite::Result<()> {
    for table in ["counts", "places"] {
        let key = if table == "counts" { "key" } else { "rowid" };
        let delete = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE until_us <= ?1 LIMIT {SWEPT})"
        );
        transaction.prepare_cached(&delete)?.execute([sql(now_us)])?;
    }
    transaction.prepare_cached("DELETE FROM peers WHERE until_us <= ?1")?.execute([sql(now_us)])?;
    Ok(())
}

fn peers(transaction: &Transaction<'_>, now_us: u64) -> rusqlite::Result<u64> {
    let mut select = transaction.prepare_cached("SELECT count(*) FROM peers WHERE until_us > ?1")?;
    select.query_row([sql(now_us)], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// `SQLite` counts no further than this; no limit and no time does either.
fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
