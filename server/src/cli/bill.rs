//! `bill`.

use std::io::Write;

use serde_json::{Value, json};

use super::Failure;
use super::arguments::Arguments;
use super::configuration::ask;
use super::table::{Side, Table};
use super::words;

/// What calls have cost, by customer.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut query = json!({});
    for name in ["by", "lines"] {
        if let Some(names) = arguments.value(name) {
            query[name] = names.split(',').map(str::trim).collect();
        }
    }
    for name in ["since", "until", "where", "format"] {
        if let Some(value) = arguments.value(name) {
            query[name] = value.into();
        }
    }
    if let Some(percent) = arguments.value("markup") {
        let percent = percent.trim_end_matches('%').parse::<u64>();
        query["markup_percent"] =
            percent.map_err(|_| Failure::Usage("--markup takes a whole number of percent".to_owned()))?.into();
    }
    let bill = ask(arguments, async |gateway| gateway.bill(&query).await)?;
    let bill = serde_json::to_value(&bill).map_err(std::io::Error::from)?;
    match (arguments.value("format"), bill["text"].as_str()) {
        (_, Some(text)) => write!(out, "{text}")?,
        (Some(_), None) => writeln!(out, "{bill:#}")?,
        (None, None) => {
            write!(out, "{}", table(&bill))?;
            if bill["complete"] == false {
                writeln!(out, "\nLogs of this period are missing: this is not the whole of it.")?;
            }
            writeln!(out, "\n{}", bill["basis"].as_str().unwrap_or_default())?;
        }
    }
    Ok(())
}

/// The numbers of a line: the title of each and its field, and whether it is money.
const NUMBERS: [(&str, &str, bool); 8] = [
    ("REQUESTS", "requests", false),
    ("ATTEMPTS", "attempts", false),
    ("TOKENS IN", "tokens_in", false),
    ("OUT", "tokens_out", false),
    ("UNPRICED", "unpriced", false),
    ("SAVED USD", "saved_nano_usd", true),
    ("COST USD", "cost_nano_usd", true),
    ("CHARGE USD", "charge_nano_usd", true),
];

fn table(bill: &Value) -> Table {
    let mut table = Table::of([Side::Left, Side::Left].into_iter().chain(NUMBERS.map(|_| Side::Right)));
    table.row(["CUSTOMER", "MODEL"].into_iter().chain(NUMBERS.map(|(title, ..)| title)).map(str::to_owned));
    let number = |value: &Value, is_money| if is_money { words::exact_dollars(value) } else { words::number(value) };
    let numbers = |line: &Value| NUMBERS.map(|(_, field, is_money)| number(&line[field], is_money));
    for customer in bill["customers"].as_array().into_iter().flatten() {
        let whose = names(&customer["customer"]);
        for line in customer["lines"].as_array().into_iter().flatten() {
            table.row([whose.clone(), names(&line["group"])].into_iter().chain(numbers(line)));
        }
        table.row([whose, "total".to_owned()].into_iter().chain(numbers(&customer["total"])));
    }
    table.row(["total".to_owned(), String::new()].into_iter().chain(numbers(&bill["total"])));
    table
}

fn names(group: &Value) -> String {
    let name = |value: &Value| if value.is_null() { "(none)".to_owned() } else { words::text(value) };
    group.as_object().into_iter().flatten().map(|(_, value)| name(value)).collect::<Vec<_>>().join("/")
}
