//! The ledger's tables, and what may be done with them: each a transaction that moves the same amount out of one account
//! and into another, so that all amounts together are zero at any moment.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::store::Schema;

/// How money moves. What is entered stays: triggers refuse changes. A wallet's credit lies in lots, each with its own
/// end; what was drawn beyond all of them is owed.
pub(super) const SCHEMA: Schema = Schema {
    is_precious: true,
    script: "
        CREATE TABLE IF NOT EXISTS posting (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, tx INTEGER NOT NULL, at_us INTEGER NOT NULL, kind TEXT NOT NULL,
            account TEXT NOT NULL, amount INTEGER NOT NULL, log_id TEXT, note TEXT
        ) STRICT;
        CREATE INDEX IF NOT EXISTS posting_account ON posting (account, seq);
        CREATE TRIGGER IF NOT EXISTS posting_stays BEFORE UPDATE ON posting BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER IF NOT EXISTS posting_stays_there BEFORE DELETE ON posting BEGIN
            SELECT raise(ABORT, 'the ledger is append-only');
        END;
        CREATE TABLE IF NOT EXISTS lot (
            id INTEGER PRIMARY KEY AUTOINCREMENT, wallet TEXT NOT NULL, remains INTEGER NOT NULL, expires_us INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS lot_wallet ON lot (wallet, expires_us, id) WHERE remains > 0;
        CREATE TABLE IF NOT EXISTS owed (wallet TEXT PRIMARY KEY, amount INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS hold (
            id INTEGER PRIMARY KEY AUTOINCREMENT, wallet TEXT NOT NULL, amount INTEGER NOT NULL, until_us INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS hold_wallet ON hold (wallet);
        CREATE TABLE IF NOT EXISTS done (
            wallet TEXT NOT NULL, key TEXT NOT NULL, at_us INTEGER NOT NULL, amount INTEGER NOT NULL, tx INTEGER NOT NULL,
            PRIMARY KEY (wallet, key)
        ) STRICT, WITHOUT ROWID;",
    table: "posting",
};

/// What stands on the other side of a wallet.
const OUTSIDE: &str = "outside";
const USAGE: &str = "usage";
const EXPIRED: &str = "expired";

/// A lot that never ends.
pub(super) const NEVER_US: i64 = i64::MAX;

/// What a call holds whose process died is free after this.
const HOLD_US: i64 = 15 * 60_000_000;

/// So long a request counts as the same one.
const REPLAY_US: i64 = 24 * 3_600_000_000;

/// Before the keys of requests. Those of top-ups and refunds stay for ever.
pub(super) const CALL: &str = "call:";

/// Something that is entered.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) wallet: String,
    pub(super) amount: i64,
    pub(super) at_us: i64,
    /// By which a repetition is known.
    pub(super) key: Option<String>,
    pub(super) log_id: Option<String>,
    pub(super) note: Option<String>,
    pub(super) expires_us: Option<i64>,
}

/// What a call has cost, and what it held for it.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    pub(super) hold: Option<i64>,
    pub(super) entry: Entry,
}

/// What was entered, now or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entered {
    pub(super) tx: i64,
    pub(super) amount: i64,
    /// Whether it had been entered before, under the same key.
    pub(super) replayed: bool,
}

/// What a wallet has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// Its credit without what it owes; below zero where it owes more.
    pub(super) balance: i64,
    /// What calls under way hold of it.
    pub(super) reserved: i64,
    /// Lots that end, as `(remains, expires_us)`.
    pub(super) ending: Vec<(i64, i64)>,
}

/// What a call got that asked for credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// The number of its hold.
    Held(i64),
    /// The same request has been paid for.
    Paid,
    /// There is only so much.
    Short(i64),
}

pub(super) fn top_up(connection: &mut Connection, entry: &Entry) -> rusqlite::Result<Entered> {
    credit(begin(connection)?, entry, "top_up", OUTSIDE)
}

/// Gives back what was drawn; `Err` is how much there is to give back, where that is less.
pub(super) fn refund(connection: &mut Connection, entry: &Entry) -> rusqlite::Result<Result<Entered, i64>> {
    let transaction = begin(connection)?;
    let drawn = "SELECT coalesce(-sum(amount), 0) FROM posting
        WHERE account = ?1 AND kind IN ('draw', 'refund') AND (?2 IS NULL OR log_id = ?2)";
    let drawn: i64 = transaction.query_row(drawn, params![account(&entry.wallet), entry.log_id], |row| row.get(0))?;
    if entry.amount > drawn && before(&transaction, entry)?.is_none() {
        return Ok(Err(drawn));
    }
    credit(transaction, entry, "refund", USAGE).map(Ok)
}

/// Puts credit into a wallet, as a lot of its own, less what it owes.
fn credit(transaction: Transaction<'_>, entry: &Entry, kind: &str, from: &str) -> rusqlite::Result<Entered> {
    if let Some(before) = before(&transaction, entry)? {
        return Ok(before);
    }
    expire(&transaction, &entry.wallet, entry.at_us)?;
    let tx = post(&transaction, entry, kind, from)?;
    let owed = owed(&transaction, &entry.wallet)?;
    let paid_back = owed.min(entry.amount);
    owe(&transaction, &entry.wallet, owed - paid_back)?;
    transaction.execute(
        "INSERT INTO lot (wallet, remains, expires_us) VALUES (?1, ?2, ?3)",
        params![entry.wallet, entry.amount - paid_back, entry.expires_us.unwrap_or(NEVER_US)],
    )?;
    remember(&transaction, entry, tx)?;
    transaction.commit()?;
    Ok(Entered { tx, amount: entry.amount, replayed: false })
}

/// Holds credit for a call that is to be made.
pub(super) fn reserve(connection: &mut Connection, entry: &Entry) -> rusqlite::Result<Reserved> {
    // A hold that a power cut takes away is one whose call has ended too.
    connection.execute_batch("PRAGMA synchronous = NORMAL")?;
    let transaction = begin(connection)?;
    if before(&transaction, entry)?.is_some() {
        return Ok(Reserved::Paid);
    }
    expire(&transaction, &entry.wallet, entry.at_us)?;
    transaction
        .prepare_cached("DELETE FROM hold WHERE wallet = ?1 AND until_us <= ?2")?
        .execute(params![entry.wallet, entry.at_us])?;
    let held = held(&transaction, &entry.wallet)?;
    let available = balance(&transaction, &entry.wallet)?.saturating_sub(held);
    if entry.amount > available {
        transaction.commit()?;
        return Ok(Reserved::Short(available));
    }
    transaction.prepare_cached("INSERT INTO hold (wallet, amount, until_us) VALUES (?1, ?2, ?3)")?.execute(params![
        entry.wallet,
        entry.amount,
        entry.at_us.saturating_add(HOLD_US)
    ])?;
    let number = transaction.last_insert_rowid();
    transaction.commit()?;
    Ok(Reserved::Held(number))
}

/// Draws what calls have cost, and lets go of what they held: all in one transaction. Under a key that was drawn for
/// nothing is drawn.
pub(super) fn settle(connection: &mut Connection, draws: &[Draw]) -> rusqlite::Result<()> {
    let is_money = draws.iter().any(|draw| draw.entry.amount > 0);
    connection.execute_batch(if is_money { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })?;
    let transaction = begin(connection)?;
    for Draw { hold, entry } in draws {
        if let Some(hold) = hold {
            transaction.prepare_cached("DELETE FROM hold WHERE id = ?1")?.execute([hold])?;
        }
        if entry.amount > 0 && before(&transaction, entry)?.is_none() {
            expire(&transaction, &entry.wallet, entry.at_us)?;
            take(&transaction, entry)?;
            let out = Entry { amount: -entry.amount, ..entry.clone() };
            let tx = post(&transaction, &out, "draw", USAGE)?;
            remember(&transaction, entry, tx)?;
        }
    }
    transaction.commit()
}

/// Takes from the lots that end first; what is beyond all of them is owed.
fn take(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
    let mut missing = entry.amount;
    while missing > 0 {
        let mut first = transaction.prepare_cached(
            "SELECT id, remains FROM lot WHERE wallet = ?1 AND remains > 0 ORDER BY expires_us, id LIMIT 1",
        )?;
        let first: Option<(i64, i64)> =
            first.query_row([&entry.wallet], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((lot, remains)) = first else {
            return owe(transaction, &entry.wallet, owed(transaction, &entry.wallet)?.saturating_add(missing));
        };
        let taken = missing.min(remains);
        transaction.prepare_cached("UPDATE lot SET remains = remains - ?2 WHERE id = ?1")?.execute([lot, taken])?;
        missing -= taken;
    }
    Ok(())
}

/// What a wallet has at `now_us`.
pub(super) fn holding(connection: &mut Connection, wallet: &str, now_us: i64) -> rusqlite::Result<Holding> {
    let transaction = begin(connection)?;
    expire(&transaction, wallet, now_us)?;
    let mut select = transaction.prepare_cached(
        "SELECT remains, expires_us FROM lot WHERE wallet = ?1 AND remains > 0 AND expires_us < ?2 ORDER BY expires_us, id",
    )?;
    let ending = select.query_map(params![wallet, NEVER_US], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let ending = ending.collect::<Result<_, _>>()?;
    drop(select);
    let reserved = "SELECT coalesce(sum(amount), 0) FROM hold WHERE wallet = ?1 AND until_us > ?2";
    let reserved = transaction.query_row(reserved, params![wallet, now_us], |row| row.get(0))?;
    let holding = Holding { balance: balance(&transaction, wallet)?, reserved, ending };
    transaction.commit()?;
    Ok(holding)
}

/// Lets go of the credit that has ended.
fn expire(transaction: &Transaction<'_>, wallet: &str, now_us: i64) -> rusqlite::Result<()> {
    let mut ended = transaction.prepare_cached(
        "SELECT id, remains, expires_us FROM lot WHERE wallet = ?1 AND remains > 0 AND expires_us <= ?2",
    )?;
    let ended: Vec<(i64, i64, i64)> = ended
        .query_map(params![wallet, now_us], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (lot, remains, at_us) in ended {
        transaction.execute("UPDATE lot SET remains = 0 WHERE id = ?1", [lot])?;
        let entry = Entry { wallet: wallet.to_owned(), amount: -remains, at_us, ..Entry::default() };
        post(transaction, &entry, "expiry", EXPIRED)?;
    }
    Ok(())
}

/// Enters both sides of a movement: into the wallet, and out of `other`.
fn post(transaction: &Transaction<'_>, entry: &Entry, kind: &str, other: &str) -> rusqlite::Result<i64> {
    let tx: i64 = transaction.query_row("SELECT coalesce(max(seq), 0) + 1 FROM posting", [], |row| row.get(0))?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO posting (tx, at_us, kind, account, amount, log_id, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (account, amount) in [(account(&entry.wallet).as_str(), entry.amount), (other, -entry.amount)] {
        insert.execute(params![tx, entry.at_us, kind, account, amount, entry.log_id, entry.note])?;
    }
    Ok(tx)
}

/// What was entered under the same key before.
fn before(connection: &Connection, entry: &Entry) -> rusqlite::Result<Option<Entered>> {
    let Some(key) = &entry.key else { return Ok(None) };
    let since_us = if key.starts_with(CALL) { entry.at_us.saturating_sub(REPLAY_US) } else { 0 };
    let mut select =
        connection.prepare_cached("SELECT tx, amount FROM done WHERE wallet = ?1 AND key = ?2 AND at_us >= ?3")?;
    let entered = |row: &rusqlite::Row<'_>| Ok(Entered { tx: row.get(0)?, amount: row.get(1)?, replayed: true });
    select.query_row(params![entry.wallet, key, since_us], entered).optional()
}

fn remember(transaction: &Transaction<'_>, entry: &Entry, tx: i64) -> rusqlite::Result<()> {
    let Some(key) = &entry.key else { return Ok(()) };
    transaction.prepare_cached("INSERT OR REPLACE INTO done VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        entry.wallet,
        key,
        entry.at_us,
        entry.amount,
        tx
    ])?;
    Ok(())
}

/// Lots that have not ended, less what is owed.
fn balance(transaction: &Transaction<'_>, wallet: &str) -> rusqlite::Result<i64> {
    let mut lots =
        transaction.prepare_cached("SELECT coalesce(sum(remains), 0) FROM lot WHERE wallet = ?1 AND remains > 0")?;
    let lots: i64 = lots.query_row([wallet], |row| row.get(0))?;
    Ok(lots - owed(transaction, wallet)?)
}

fn held(transaction: &Transaction<'_>, wallet: &str) -> rusqlite::Result<i64> {
    let mut held = transaction.prepare_cached("SELECT coalesce(sum(amount), 0) FROM hold WHERE wallet = ?1")?;
    held.query_row([wallet], |row| row.get(0))
}

fn owed(transaction: &Transaction<'_>, wallet: &str) -> rusqlite::Result<i64> {
    let mut owed = transaction.prepare_cached("SELECT amount FROM owed WHERE wallet = ?1")?;
    Ok(owed.query_row([wallet], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn owe(transaction: &Transaction<'_>, wallet: &str, amount: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT OR REPLACE INTO owed VALUES (?1, ?2)")?.execute(params![wallet, amount])?;
    Ok(())
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// The account of a wallet.
pub(super) fn account(wallet: &str) -> String {
    format!("wallet:{wallet}")
}
