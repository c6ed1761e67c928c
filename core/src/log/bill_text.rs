//! A bill as a document: CSV for other programs, and HTML to be printed, a page for each customer.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::bill::{Bill, BillLine, Customer};
use super::usage::BASIS;
use crate::usage::NanoUsd;

/// The numbers of a line, in the order of the CSV's columns.
const NUMBERS: [&str; 14] = [
    "requests",
    "attempts",
    "cached",
    "errors",
    "cancelled",
    "tokens_in",
    "tokens_out",
    "cache_read",
    "cache_write",
    "reasoning",
    "audio",
    "estimated",
    "unpriced",
    "cost_usd",
];

/// RFC 4180, with a line of names. What is unknown is empty.
pub(super) fn csv(bill: &Bill) -> String {
    let mut names: Vec<String> = bill.customers.first().map_or_else(Vec::new, |customer| keys(&customer.customer));
    let by = names.len();
    let lines = bill.customers.iter().flat_map(|customer| &customer.lines).next();
    names.extend(lines.map_or_else(Vec::new, |line| keys(&line.usage.group)));
    let mut text = String::new();
    let headers = names.iter().map(String::as_str).chain(NUMBERS).chain(["saved_usd", "charge_usd"]);
    row(&mut text, headers.map(str::to_owned));
    for customer in &bill.customers {
        for line in &customer.lines {
            let whose = names[..by].iter().map(|name| shown(&customer.customer[name]));
            let what = names[by..].iter().map(|name| shown(&line.usage.group[name]));
            row(&mut text, whose.chain(what).chain(numbers(line)));
        }
    }
    text
}

fn keys(group: &Map<String, Value>) -> Vec<String> {
    group.keys().cloned().collect()
}

fn numbers(line: &BillLine) -> impl Iterator<Item = String> {
    let usage = &line.usage;
    let known = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let counts =
        [usage.requests, usage.attempts, usage.cached, usage.errors, usage.cancelled].map(|count| count.to_string());
    let tokens = [usage.tokens_in, usage.tokens_out, usage.cache_read, usage.cache_write, usage.reasoning, usage.audio];
    let money = [usage.cost_nano_usd, usage.saved_nano_usd, line.charge_nano_usd];
    counts
        .into_iter()
        .chain(tokens.map(known))
        .chain([usage.estimated.to_string(), usage.unpriced.to_string()])
        .chain(money.map(|nano| nano.map(dollars).unwrap_or_default()))
}

fn row(text: &mut String, fields: impl Iterator<Item = String>) {
    let quoted = |field: String| {
        // A spreadsheet takes what begins so for a formula, and these are the caller's own words.
        let is_formula =
            field.starts_with(['=', '@', '\t']) || field.starts_with(['+', '-']) && field.parse::<f64>().is_err();
        let field = if is_formula { format!("'{field}") } else { field };
        if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
    };
    let fields: Vec<_> = fields.map(quoted).collect();
    text.push_str(&fields.join(","));
    text.push_str("\r\n");
}

/// One page for each customer, ready to be printed, without anything from elsewhere. Customers read it, so it tells what they are
/// charged and not what that cost.
pub(super) fn html(bill: &Bill) -> String {
    let (since, until) = (moment(&bill.since), moment(&bill.until));
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Bill {since} – {until}</title>\n<style>{STYLE}</style></head><body>\n"
    );
    for customer in &bill.customers {
        page(&mut text, bill, customer);
    }
    text.push_str("</body></html>\n");
    text
}

const STYLE: &str = "@page{size:A4;margin:18mm}body{font:10pt/1.4 system-ui,sans-serif;color:#111;max-width:180mm;margin:0 auto}\
    section{break-after:page;padding:2em 0}section:last-of-type{break-after:auto}@media print{section{padding:0}}\
    h1{font-size:16pt;margin:0;overflow-wrap:anywhere}header p{margin:.2em 0 1.5em;color:#555}\
    table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}\
    th,td{padding:.35em .5em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}\
    th{font-weight:600;border-bottom:2px solid #111;white-space:normal}\
    th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:42mm}\
    tfoot td{font-weight:600;border-top:2px solid #111;border-bottom:0}thead{display:table-header-group}tr{break-inside:avoid}\
    small{display:block;color:#a00}footer{margin-top:2em;font-size:8pt;color:#555}.note{color:#a00}";

fn page(text: &mut String, bill: &Bill, customer: &Customer) {
    let whose: Vec<_> = customer.customer.values().map(named).collect();
    let whose = if whose.is_empty() { "All calls".to_owned() } else { whose.join(" / ") };
    let (since, until) = (moment(&bill.since), moment(&bill.until));
    let _ = writeln!(
        text,
        "<section><header><h1>{}</h1><p>Bill from {since} to {until}, in {}</p></header>",
        escaped(&whose),
        bill.currency
    );
    text.push_str("<table><thead><tr><th>Model</th><th>Requests</th><th>From the cache</th><th>Tokens in</th><th>Tokens out</th><th>Saved</th><th>Charge</th></tr></thead><tbody>\n");
    let scale = scale(customer);
    for line in &customer.lines {
        let what: Vec<_> = line.usage.group.values().map(named).collect();
        cells(text, &what.join(" / "), line, scale);
    }
    text.push_str("</tbody><tfoot>\n");
    cells(text, "Total", &customer.total, scale);
    text.push_str("</tfoot></table>\n");
    let usage = &customer.total.usage;
    if usage.unpriced > 0 {
        let requests = if usage.unpriced == 1 { "1 request has" } else { &format!("{} requests have", usage.unpriced) };
        let _ = writeln!(text, "<p class=\"note\">{requests} no known price, and no part in the total.</p>");
    }
    if usage.estimated > 0 {
        let of = if usage.estimated == 1 { "1 request" } else { &format!("{} requests", usage.estimated) };
        let _ = writeln!(text, "<p class=\"note\">The tokens of {of} were estimated.</p>");
    }
    if !bill.complete {
        text.push_str("<p class=\"note\">Logs of this period are missing: this is not the whole of it.</p>\n");
    }
    let _ = writeln!(text, "<footer>{} Charges are exact, each line for itself.</footer></section>", escaped(BASIS));
}

fn cells(text: &mut String, name: &str, line: &BillLine, scale: u32) {
    let usage = &line.usage;
    let known = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), grouped);
    let money = |nano: Option<NanoUsd>| {
        let shown = |nano: NanoUsd| {
            let mut amount = Decimal::from_i128_with_scale(nano.into(), 9);
            amount.rescale(scale);
            amount.to_string()
        };
        nano.map_or_else(|| "unknown".to_owned(), shown)
    };
    let unpriced = match usage.unpriced {
        0 => String::new(),
        unpriced => format!("<small>{} without a price</small>", grouped(unpriced)),
    };
    let cells = [
        escaped(name) + &unpriced,
        grouped(usage.requests),
        grouped(usage.cached),
        known(usage.tokens_in),
        known(usage.tokens_out),
        money(usage.saved_nano_usd),
        money(line.charge_nano_usd),
    ];
    let _ = writeln!(text, "<tr><td>{}</td></tr>", cells.join("</td><td>"));
}

/// As many decimals as the finest amount of a page has, and at least those of a cent, so that points stand below each other and
/// nothing is rounded.
fn scale(customer: &Customer) -> u32 {
    let lines = customer.lines.iter().chain([&customer.total]);
    let amounts = lines.flat_map(|line| [line.usage.saved_nano_usd, line.charge_nano_usd]).flatten();
    let decimals = amounts.map(|nano| Decimal::from_i128_with_scale(nano.into(), 9).normalize().scale());
    decimals.chain([2]).max().unwrap_or(2)
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    parts.join(",")
}

/// `2026-11-01 00:00 UTC`, or the day alone where it is midnight.
fn moment(at: &str) -> String {
    match (at.get(..10), at.get(11..16)) {
        (Some(day), Some("00:00")) => day.to_owned(),
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => at.to_owned(),
    }
}

/// Exact, without zeros at the end.
fn dollars(nano: NanoUsd) -> String {
    Decimal::from_i128_with_scale(nano.into(), 9).normalize().to_string()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn named(value: &Value) -> String {
    if value.is_null() { "(none)".to_owned() } else { shown(value) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
