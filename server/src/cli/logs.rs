//! `logs`.

use std::io::Write;

use serde_json::{Map, Value};

use super::Failure;
use super::arguments::Arguments;
use super::configuration::ask;
use super::table::{Side, Table};
use super::words;

/// Lists calls.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut query = Map::new();
    if let Some(limit) = arguments.number::<u64>("limit")? {
        query.insert("limit".to_owned(), limit.into());
    }
    for name in ["provider", "since", "where"] {
        if let Some(value) = arguments.value(name) {
            query.insert(name.to_owned(), value.into());
        }
    }
    let page = ask(arguments, async |gateway| gateway.logs(&Value::Object(query)).await)?;
    if arguments.has("json") {
        return page.logs.iter().try_for_each(|log| Ok(writeln!(out, "{log}")?));
    }
    if page.logs.is_empty() {
        return Ok(writeln!(out, "no calls")?);
    }
    write!(out, "{}", table(&page.logs))?;
    if page.total_count > page.logs.len() as u64 {
        writeln!(out, "{} of {} calls; --limit shows more", page.logs.len(), page.total_count)?;
    }
    Ok(())
}

fn table(logs: &[Value]) -> Table {
    let (words, numbers) = ([Side::Left; 3], [Side::Right; 4]);
    let mut table = Table::of(words.into_iter().chain(numbers).chain([Side::Left; 2]));
    table.row(["TIME (UTC)", "MODEL", "STATUS", "IN", "OUT", "USD", "TOOK", "CACHE", "ID"]);
    for log in logs {
        table.row([
            words::time(&log["created_at"]),
            words::model(log),
            status(log),
            words::number(&log["tokens_in"]),
            words::number(&log["tokens_out"]),
            words::dollars(&log["cost_nano_usd"]),
            words::duration(&log["duration"]),
            if log["cached"] == true { "hit".to_owned() } else { String::new() },
            words::text(&log["id"]),
        ]);
    }
    table
}

fn status(log: &Value) -> String {
    let status = words::number(&log["status_code"]);
    match (log["cancelled"] == true, log["truncated"] == true) {
        (true, _) => format!("{status} let go"),
        (_, true) => format!("{status} broken"),
        _ => status,
    }
}
