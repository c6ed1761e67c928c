//! `usage`.

use std::io::Write;

use serde_json::{Value, json};

use super::Failure;
use super::arguments::Arguments;
use super::configuration::ask;
use super::table::{Side, Table};
use super::words;

/// Sums up by group.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let groups: Vec<_> = arguments.value("by").unwrap_or("model").split(',').map(str::trim).collect();
    let mut query = json!({ "group_by": groups });
    for name in ["since", "where"] {
        if let Some(value) = arguments.value(name) {
            query[name] = value.into();
        }
    }
    let report = ask(arguments, async |gateway| gateway.usage(&query).await)?;
    let report = serde_json::to_value(&report).map_err(std::io::Error::from)?;
    if arguments.has("json") {
        return Ok(writeln!(out, "{report:#}")?);
    }
    let rows = report["rows"].as_array().map_or(&[][..], Vec::as_slice);
    write!(out, "{}", table(&groups, rows, &report["total"]))?;
    writeln!(out, "\n{}", report["basis"].as_str().unwrap_or_default())?;
    Ok(())
}

/// The numbers of a row: the title of each and its field, and whether it is money.
const NUMBERS: [(&str, &str, bool); 9] = [
    ("REQUESTS", "requests", false),
    ("CACHED", "cached", false),
    ("ERRORS", "errors", false),
    ("TOKENS IN", "tokens_in", false),
    ("OUT", "tokens_out", false),
    ("ESTIMATED", "estimated", false),
    ("USD", "cost_nano_usd", true),
    ("UNPRICED", "unpriced", false),
    ("SAVED USD", "saved_nano_usd", true),
];

fn table(groups: &[&str], rows: &[Value], total: &Value) -> Table {
    let mut table = Table::of(groups.iter().map(|_| Side::Left).chain(NUMBERS.map(|_| Side::Right)));
    let titles = groups.iter().map(|group| group.to_uppercase());
    table.row(titles.chain(NUMBERS.map(|(title, ..)| title.to_owned())));
    let number = |value: &Value, is_money| if is_money { words::dollars(value) } else { words::number(value) };
    let numbers = |row: &Value| NUMBERS.map(|(_, field, is_money)| number(&row[field], is_money));
    for row in rows {
        table.row(groups.iter().map(|group| name(&row["group"][*group])).chain(numbers(row)));
    }
    let label = std::iter::once("total").chain(std::iter::repeat("")).take(groups.len()).map(str::to_owned);
    table.row(label.chain(numbers(total)));
    table
}

/// What a group has in common.
fn name(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        value => words::text(value),
    }
}
