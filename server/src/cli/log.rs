//! `log`.

use std::io::Write;

use serde_json::Value;

use super::Failure;
use super::arguments::Arguments;
use super::configuration::ask;
use super::table::{Side, Table, shown};
use super::words;

/// Shows one call: what is known of it, its attempts, its bodies.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let id = arguments.place(0).unwrap_or_default();
    let log = ask(arguments, async |gateway| gateway.get_log(id).await)?;
    if arguments.has("json") {
        return Ok(writeln!(out, "{log:#}")?);
    }
    write!(out, "{}", fields(&log))?;
    for body in ["request", "response"] {
        let Some(head) = log[format!("{body}_head")].as_str() else { continue };
        let part = if log[format!("{body}_head_complete")] == true { "" } else { ", its beginning" };
        writeln!(out, "\n{body}{part}:")?;
        head.lines().try_for_each(|line| writeln!(out, "  {}", shown(line)))?;
    }
    Ok(())
}

fn fields(log: &Value) -> Table {
    let mut fields = Table::of([Side::Left; 2]);
    for (name, value) in log.as_object().into_iter().flatten() {
        if name == "attempts" {
            value.as_array().into_iter().flatten().for_each(|one| fields.row(["attempt", &attempt(one)]));
        } else if let Some(text) = field(log, name, value) {
            fields.row([name.trim_end_matches("_ms"), &text]);
        }
    }
    fields
}

/// A field in words, unless it is as usual or said elsewhere in the list.
fn field(log: &Value, name: &str, value: &Value) -> Option<String> {
    let is_exact_form = name.ends_with("_nano_usd") || ["usage", "custom_cost"].contains(&name);
    let is_body = name.starts_with("request_head") || name.starts_with("response_head");
    match value {
        _ if is_exact_form || is_body || name == "model_type" => None,
        Value::Bool(false) if name != "success" => None,
        Value::Object(entries) if entries.is_empty() => None,
        Value::Null => None,
        _ => Some(match name {
            "cost" | "saved" => format!("{} USD", words::dollars(&log[format!("{name}_nano_usd")])),
            "duration" | "first_byte_ms" => words::duration(value),
            _ => words::text(value),
        }),
    }
}

/// `openai/gpt-4o-mini: 200 after 178 ms`.
fn attempt(one: &Value) -> String {
    let outcome = match (one["status"].as_u64(), one["reason"].as_str()) {
        (Some(status), Some(reason)) => format!("{status}, {reason},"),
        (Some(status), None) => status.to_string(),
        (None, reason) => format!("{},", reason.unwrap_or("no answer")),
    };
    let took = words::duration(&Value::from(one["duration_us"].as_f64().map(|us| us / 1e3)));
    format!("{}: {outcome} after {took}", words::model(one))
}
