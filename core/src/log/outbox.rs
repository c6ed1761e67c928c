//! What waits to be sent to receivers: rows that point at logs, kept by triggers in the transaction of the log itself, so
//! that a record is in both or in none.

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};
use serde_json::{Map, Value, json};

use super::append::integer;
use super::entry;
use crate::outbox::{Fate, Handed, Order, Sink, Standing, Waiting};

/// How long a process may hold the right to send after its last word. A receiver may take longer to answer: then two send
/// the same, and it knows what it has.
const LEASE_US: i64 = 10_000_000;

/// How long a record that a receiver refused is kept apart.
const DEAD_FOR_US: i64 = 7 * 86_400_000_000;

/// The outbox's tables. A row of `outbox` is deleted when its record has been taken or given up; `seq` 0 stands for a
/// record that is to be forgotten.
pub(super) const TABLES: &str = "
    ALTER TABLE log ADD COLUMN gateway TEXT;
    CREATE TABLE sink (
        name TEXT PRIMARY KEY,
        payloads INTEGER NOT NULL,
        taken INTEGER NOT NULL DEFAULT 0,
        dead INTEGER NOT NULL DEFAULT 0,
        payloads_shed INTEGER NOT NULL DEFAULT 0,
        shed INTEGER NOT NULL DEFAULT 0,
        lost INTEGER NOT NULL DEFAULT 0,
        holder TEXT,
        held_until_us INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE outbox (
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        sink TEXT NOT NULL,
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        rev INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        created_at_us INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        payload_bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX outbox_by_sink ON outbox (sink, no);
    CREATE INDEX outbox_by_log ON outbox (seq);
    CREATE TABLE dead_letter (
        no INTEGER PRIMARY KEY,
        sink TEXT NOT NULL,
        id TEXT NOT NULL,
        rev INTEGER NOT NULL,
        at_us INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE TABLE forgotten (id TEXT PRIMARY KEY, rev INTEGER NOT NULL) STRICT;
    CREATE TRIGGER log_waits AFTER INSERT ON log BEGIN
        INSERT INTO outbox (sink, seq, id, rev, failed, created_at_us, bytes)
            SELECT name, new.seq, new.id, new.rev, NOT new.success, new.created_at_us,
                1000 + length(new.attempts) + length(new.trail) + length(new.metadata)
            FROM sink;
    END;
    CREATE TRIGGER log_waits_again AFTER UPDATE OF rev ON log BEGIN
        DELETE FROM outbox WHERE seq = new.seq;
        INSERT INTO outbox (sink, seq, id, rev, failed, created_at_us, bytes)
            SELECT name, new.seq, new.id, new.rev, NOT new.success, new.created_at_us,
                1000 + length(new.attempts) + length(new.trail) + length(new.metadata)
            FROM sink;
        UPDATE outbox SET payload_bytes = coalesce((SELECT coalesce(length(request), 0) + coalesce(length(response), 0)
                FROM payload WHERE payload.seq = new.seq), 0)
            WHERE seq = new.seq AND sink IN (SELECT name FROM sink WHERE payloads);
    END;
    CREATE TRIGGER payload_waits AFTER INSERT ON payload BEGIN
        UPDATE outbox SET payload_bytes = coalesce(length(new.request), 0) + coalesce(length(new.response), 0)
            WHERE seq = new.seq AND sink IN (SELECT name FROM sink WHERE payloads);
    END;
    CREATE TRIGGER log_lost AFTER DELETE ON log WHEN EXISTS (SELECT 1 FROM outbox WHERE seq = old.seq) BEGIN
        UPDATE sink SET lost = lost + (SELECT count(*) FROM outbox WHERE outbox.sink = name AND seq = old.seq);
        DELETE FROM outbox WHERE seq = old.seq;
    END;
";

/// Makes sure that `sinks` are there. One that is new gets all logs that are kept.
pub(super) fn register(connection: &mut Connection, sinks: &[Sink]) -> rusqlite::Result<()> {
    if sinks.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for sink in sinks {
        let is_new = transaction.execute(
            "INSERT INTO sink (name, payloads) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
            params![sink.name, sink.payloads],
        )? == 1;
        if is_new {
            transaction.execute(
                "INSERT INTO outbox (sink, seq, id, rev, failed, created_at_us, bytes, payload_bytes)
                    SELECT ?1, seq, id, rev, NOT success, created_at_us,
                        1000 + length(attempts) + length(trail) + length(metadata),
                        iif(?2, coalesce(length(request), 0) + coalesce(length(response), 0), 0)
                    FROM log LEFT JOIN payload USING (seq) ORDER BY seq",
                params![sink.name, sink.payloads],
            )?;
        }
        transaction.execute("UPDATE sink SET payloads = ?2 WHERE name = ?1", params![sink.name, sink.payloads])?;
        if !sink.payloads {
            // Bodies that wait were allowed once, and are not any more.
            let withdrawn = "UPDATE outbox SET payload_bytes = 0 WHERE sink = ?1 AND payload_bytes > 0";
            transaction.execute(withdrawn, [&sink.name])?;
        }
    }
    transaction.commit()
}

/// The oldest records that wait, to the one process that may send.
pub(super) fn hand_out(connection: &mut Connection, order: &Order) -> rusqlite::Result<Handed> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now_us = integer(order.now_us);
    let holder = "SELECT holder FROM sink WHERE name = ?1";
    let holder: Option<String> = transaction.prepare_cached(holder)?.query_row([&order.sink], |row| row.get(0))?;
    let is_free = holder.as_deref().is_none_or(has_ended);
    // A lease that ends later than one can was given under another clock.
    let ours = transaction
        .prepare_cached(
            "UPDATE sink SET holder = ?2, held_until_us = ?3 + ?4
                WHERE name = ?1 AND (?5 OR holder IS ?2 OR held_until_us NOT BETWEEN ?3 AND ?3 + ?4)",
        )?
        .execute(params![order.sink, order.holder, now_us, LEASE_US, is_free])?
        == 1;
    if ours {
        shed(&transaction, order)?;
    }
    let batch = if ours { read(&transaction, order)? } else { Vec::new() };
    let standing = standing(&transaction, &order.sink)?;
    transaction.commit()?;
    Ok(Handed { batch, standing, busy: !ours })
}

/// Whether the process that holds a lease is known to have ended, so that nobody waits for one that was killed. Where this
/// cannot be seen, the lease's end is waited for; if it is seen wrongly, as from another container, two send the same.
fn has_ended(holder: &str) -> bool {
    let Some(process) = holder.split('-').next().and_then(|process| process.parse::<u32>().ok()) else { return false };
    let processes = std::path::Path::new("/proc");
    processes.join("self").exists() && !processes.join(process.to_string()).exists()
}

/// Writes down what became of records that were handed out.
pub(super) fn settle(
    connection: &mut Connection,
    sink: &str,
    fates: &[(i64, Fate)],
    now_us: u64,
) -> rusqlite::Result<Standing> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (no, fate) in fates {
        let counter = match fate {
            Fate::Taken => "UPDATE sink SET taken = taken + 1 WHERE name = ?1",
            Fate::Dead(reason) => {
                transaction
                    .prepare_cached(
                        "INSERT INTO dead_letter (no, sink, id, rev, at_us, reason)
                            SELECT no, sink, id, rev, ?2, ?3 FROM outbox WHERE no = ?1 ON CONFLICT (no) DO NOTHING",
                    )?
                    .execute(params![no, integer(now_us), reason])?;
                "UPDATE sink SET dead = dead + 1 WHERE name = ?1"
            }
        };
        // One that another process settled first is counted already.
        if transaction.prepare_cached("DELETE FROM outbox WHERE no = ?1 AND sink = ?2")?.execute(params![no, sink])?
            == 1
        {
            transaction.prepare_cached(counter)?.execute([sink])?;
        }
    }
    transaction.execute("DELETE FROM dead_letter WHERE at_us < ?1", [integer(now_us) - DEAD_FOR_US])?;
    let standing = standing(&transaction, sink)?;
    transaction.commit()?;
    Ok(standing)
}

/// Lets another process send at once.
pub(super) fn leave(connection: &Connection, sink: &str, holder: &str) -> rusqlite::Result<()> {
    let leave = "UPDATE sink SET holder = NULL, held_until_us = 0 WHERE name = ?1 AND holder = ?2";
    connection.execute(leave, [sink, holder]).map(drop)
}

/// Gives up what is beyond the bound, and counts it: bodies of the oldest, then calls that succeeded, then the others.
fn shed(transaction: &Transaction<'_>, order: &Order) -> rusqlite::Result<()> {
    let total = "SELECT coalesce(sum(bytes + payload_bytes), 0) FROM outbox WHERE sink = ?1";
    let surplus = || {
        let waiting: i64 = transaction.query_row(total, [&order.sink], |row| row.get(0))?;
        Ok::<_, rusqlite::Error>(waiting - integer(order.max_bytes))
    };
    // The oldest ones whose sizes together reach what is too much.
    let oldest = |size: &str, kind: &str| {
        format!(
            "SELECT no FROM (SELECT no, sum({size}) OVER (ORDER BY no) - {size} AS before
                FROM outbox WHERE sink = ?1 AND {kind}) WHERE before < ?2"
        )
    };
    let steps = [
        ("payloads_shed", "UPDATE outbox SET payload_bytes = 0", oldest("payload_bytes", "payload_bytes > 0")),
        ("shed", "DELETE FROM outbox", oldest("bytes", "NOT failed")),
        ("shed", "DELETE FROM outbox", oldest("bytes", "failed")),
    ];
    for (counter, act, which) in steps {
        let surplus = surplus()?;
        if surplus <= 0 {
            return Ok(());
        }
        let given_up = transaction.execute(&format!("{act} WHERE no IN ({which})"), params![order.sink, surplus])?;
        let count = format!("UPDATE sink SET {counter} = {counter} + ?2 WHERE name = ?1");
        transaction.execute(&count, params![order.sink, integer(given_up as u64)])?;
    }
    Ok(())
}

fn read(transaction: &Transaction<'_>, order: &Order) -> rusqlite::Result<Vec<Waiting>> {
    let mut select = transaction.prepare_cached(
        "SELECT outbox.no AS outbox_no, outbox.id AS outbox_id, outbox.rev AS outbox_rev, outbox.seq AS outbox_seq,
                bytes + payload_bytes AS outbox_bytes, log.*,
                iif(payload_bytes > 0, request, NULL) AS request_body,
                iif(payload_bytes > 0, response, NULL) AS response_body
            FROM outbox LEFT JOIN log ON log.seq = outbox.seq LEFT JOIN payload ON payload.seq = outbox.seq
            WHERE sink = ?1 ORDER BY no LIMIT ?2",
    )?;
    let mut rows = select.query(params![order.sink, i64::try_from(order.records).unwrap_or(i64::MAX)])?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, i64>("outbox_bytes")?.unsigned_abs();
        if bytes > order.bytes && !batch.is_empty() {
            break;
        }
        batch.push(Waiting { no: row.get("outbox_no")?, record: record(row)? });
    }
    Ok(batch)
}

/// A log as receivers read it: as people do, and beside it what they need to have it exactly.
fn record(row: &Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    if row.get::<_, i64>("outbox_seq")? == 0 {
        let (id, rev): (String, i64) = (row.get("outbox_id")?, row.get("outbox_rev")?);
        return Ok(Map::from_iter([
            ("id".to_owned(), id.into()),
            ("rev".to_owned(), rev.into()),
            ("deleted".to_owned(), true.into()),
        ]));
    }
    let mut record = entry::entry(row)?;
    for (name, column) in EXACT {
        record.insert(name.to_owned(), row.get_ref(column).map(entry::plain)?);
    }
    for name in ["request_body", "response_body"] {
        if let Some(body) = row.get::<_, Option<Vec<u8>>>(name)? {
            record.insert(name.to_owned(), body_value(body));
        }
    }
    Ok(record)
}

/// What stands beside what people read.
const EXACT: [(&str, &str); 6] = [
    ("user", "user"),
    ("key_digest", "key_digest"),
    ("rev", "rev"),
    ("created_at_us", "created_at_us"),
    ("duration_us", "duration_us"),
    ("first_byte_us", "first_byte_us"),
];

/// A text as it is; other bytes in base64.
fn body_value(body: Vec<u8>) -> Value {
    use base64::Engine as _;
    match String::from_utf8(body) {
        Ok(text) => text.into(),
        Err(bytes) => json!({"base64": base64::engine::general_purpose::STANDARD.encode(bytes.as_bytes())}),
    }
}

fn standing(transaction: &Transaction<'_>, sink: &str) -> rusqlite::Result<Standing> {
    let count = |row: &Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let waiting =
        "SELECT count(*), coalesce(sum(bytes + payload_bytes), 0), min(created_at_us) FROM outbox WHERE sink = ?1";
    let waiting = transaction.prepare_cached(waiting)?.query_row([sink], |row| {
        let oldest = row.get::<_, Option<i64>>(2)?.map(i64::unsigned_abs);
        Ok(Standing {
            waiting: count(row, 0)?,
            waiting_bytes: count(row, 1)?,
            oldest_us: oldest,
            ..Standing::default()
        })
    })?;
    let counters = "SELECT taken, dead, payloads_shed, shed, lost FROM sink WHERE name = ?1";
    transaction.prepare_cached(counters)?.query_row([sink], |row| {
        Ok(Standing {
            taken: count(row, 0)?,
            dead: count(row, 1)?,
            payloads_shed: count(row, 2)?,
            shed: count(row, 3)?,
            lost: count(row, 4)?,
            ..waiting
        })
    })
}
