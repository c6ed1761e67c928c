//! What the ledger tells: a wallet's balance, an entry, and what was entered.

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Value, json};

use super::tables::{Entered, Holding, NEVER_US, account};
use crate::error::Error;

/// The largest page of entries.
const MAX_LIMIT: u64 = 1_000;

/// How the numbers are counted, printed beside them.
const BASIS: &str = "Each movement has two entries of the same amount: into one account and out of another, so that all \
    entries together are zero. An account wallet:NAME holds credit; outside is where it was paid in from, usage where calls \
    took it, expired where it went when it ended.";

/// Which entries are wanted.
#[derive(Clone, Debug)]
pub(super) struct LedgerQuery {
    conditions: Vec<&'static str>,
    values: Vec<SqlValue>,
    limit: u64,
    page: u64,
}

impl LedgerQuery {
    /// Reads `{wallet, kind, log_id, since_us, until_us, limit, page}`; all is optional.
    pub(super) fn from_json(query: &Value) -> Result<Self, Error> {
        let none = serde_json::Map::new();
        let fields = match query {
            Value::Null => &none,
            other => other
                .as_object()
                .ok_or_else(|| Error::invalid("query", "must be an object such as {\"wallet\": \"a\"}"))?,
        };
        let mut read = Self { conditions: Vec::new(), values: Vec::new(), limit: 100, page: 1 };
        for (name, value) in fields {
            let wrong = |expected: &str| Error::invalid(name, format!("must be {expected}"));
            let text = || value.as_str().ok_or_else(|| wrong("a text"));
            let whole = |max: u64| {
                value
                    .as_u64()
                    .filter(|number| (1..=max).contains(number))
                    .ok_or_else(|| wrong(&format!("a whole number from 1 to {max}")))
            };
            match name.as_str() {
                "wallet" => read.add("tx IN (SELECT tx FROM posting WHERE account = ?)", account(text()?).into()),
                "kind" => {
                    let kinds = ["top_up", "draw", "refund", "expiry"];
                    let kind = text()?;
                    if !kinds.contains(&kind) {
                        return Err(wrong(&format!("one of {}", kinds.join(", "))));
                    }
                    read.add("kind = ?", kind.to_owned().into());
                }
                "log_id" => read.add("log_id = ?", text()?.to_owned().into()),
                "limit" => read.limit = whole(MAX_LIMIT)?,
                "page" => read.page = whole(u64::from(u32::MAX))?,
                _ => {
                    return Err(Error::invalid(
                        name,
                        "is not known here; write one of wallet, kind, log_id, limit, page",
                    ));
                }
            }
        }
        Ok(read)
    }

    fn add(&mut self, condition: &'static str, value: SqlValue) {
        self.conditions.push(condition);
        self.values.push(value);
    }
}

/// The entries that a query selects, the newest first, and what all accounts hold.
pub(super) fn entries(connection: &mut Connection, query: &LedgerQuery) -> rusqlite::Result<Value> {
    let transaction = connection.transaction()?;
    let chosen = if query.conditions.is_empty() { "true".to_owned() } else { query.conditions.join(" AND ") };
    let values = || params_from_iter(query.values.iter());
    let count = format!("SELECT count(*) FROM posting WHERE {chosen}");
    let total_count: i64 = transaction.query_row(&count, values(), |row| row.get(0))?;
    let (limit, skipped) = (query.limit, (query.page - 1) * query.limit);
    let select = format!(
        "SELECT tx, at_us, kind, account, amount, log_id, note FROM posting WHERE {chosen} ORDER BY seq DESC LIMIT {limit} OFFSET {skipped}"
    );
    let mut select = transaction.prepare(&select)?;
    let entries: Vec<Value> = select.query_map(values(), entry)?.collect::<Result<_, _>>()?;
    let mut sums = transaction.prepare(
        "SELECT iif(account LIKE 'wallet:%', 'wallets', account), sum(amount) FROM posting GROUP BY 1 ORDER BY 1",
    )?;
    let sums: Vec<(String, i64)> =
        sums.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let balanced = sums.iter().map(|(_, sum)| i128::from(*sum)).sum::<i128>() == 0;
    let accounts: serde_json::Map<_, _> = sums.into_iter().map(|(account, sum)| (account, sum.into())).collect();
    Ok(json!({
        "basis": BASIS, "entries": entries, "total_count": total_count, "page": query.page, "per_page": limit,
        "accounts_nano_usd": accounts, "balanced": balanced,
    }))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Value> {
    let (tx, at_us, amount): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(4)?);
    let (kind, account): (String, String) = (row.get(2)?, row.get(3)?);
    let (log_id, note): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
    Ok(json!({
        "transaction": tx, "at": at(at_us), "kind": kind, "account": account, "amount": dollars(amount),
        "amount_nano_usd": amount, "log_id": log_id, "note": note,
    }))
}

pub(super) fn balance(wallet: &str, holding: &Holding) -> Value {
    let Holding { balance, reserved, ending } = holding;
    let ending: Vec<_> = ending
        .iter()
        .map(|(remains, expires_us)| {
            json!({ "amount": dollars(*remains), "amount_nano_usd": remains, "expires_at": at(*expires_us) })
        })
        .collect();
    let available = balance - reserved;
    json!({
        "wallet": wallet, "balance": dollars(*balance), "reserved": dollars(*reserved), "available": dollars(available),
        "balance_nano_usd": balance, "reserved_nano_usd": reserved, "available_nano_usd": available, "expiring": ending,
    })
}

pub(super) fn entered(wallet: &str, entered: &Entered, expires_us: Option<i64>, holding: &Holding) -> Value {
    json!({
        "transaction": entered.tx, "wallet": wallet, "amount": dollars(entered.amount), "amount_nano_usd": entered.amount,
        "replayed": entered.replayed, "expires_at": expires_us.filter(|at| *at < NEVER_US).map(at),
        "balance": dollars(holding.balance), "balance_nano_usd": holding.balance,
    })
}

#[expect(clippy::cast_precision_loss, reason = "the exact number stands beside it")]
fn dollars(nano: i64) -> f64 {
    nano as f64 / 1e9
}

/// RFC 3339, in UTC.
fn at(at_us: i64) -> Value {
    jiff::Timestamp::from_microsecond(at_us).map_or(Value::Null, |at| at.to_string().into())
}
