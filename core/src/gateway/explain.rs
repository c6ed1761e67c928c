//! A call's walk, told from its log: what happened at each stage, in words and with the numbers beside them.

use serde_json::{Value, json};

use crate::cache::Miss;

/// `{log_id, lines: [{stage, text, …}]}`, in the order in which a call walks.
pub(super) fn explained(log: &Value) -> Value {
    let mut lines = vec![resolved(log), cache(log)];
    lines.extend(limits(log));
    lines.extend(notes(log));
    lines.extend(tries(log));
    lines.push(answer(log));
    lines.push(cost(log));
    json!({ "log_id": log["id"], "lines": lines })
}

fn resolved(log: &Value) -> Value {
    let target = target(&log["provider"], &log["model"]);
    let (route, trail) = (&log["trail"]["route"], &log["trail"]);
    let text = match route.as_str() {
        Some(route) => format!("route {route}, version {}: {target}", trail["version"]),
        None => target,
    };
    json!({
        "stage": "resolve", "text": text, "provider": log["provider"], "model": log["model"], "path": log["path"],
        "step": log["step"], "route": route, "version": trail["version"], "elements": trail["elements"],
    })
}

fn cache(log: &Value) -> Value {
    let hit = log["cached"] == true;
    let miss = log["trail"]["miss"].as_str().and_then(Miss::of).filter(|_| !hit);
    let text = match log["saved"].as_f64() {
        Some(saved) if hit => format!("a hit: nothing was sent, {saved} USD saved"),
        _ if hit => "a hit: nothing was sent".to_owned(),
        _ => match miss {
            Some(miss) => format!("not from the cache: {}", miss.text()),
            None => "not from the cache".to_owned(),
        },
    };
    json!({ "stage": "cache", "text": text, "hit": hit, "miss": miss.map(Miss::word) })
}

/// The rules that the call passed. Who was refused reads it in the answer.
fn limits(log: &Value) -> impl Iterator<Item = Value> {
    let passed = log["trail"]["limits"].as_array().into_iter().flatten();
    passed.map(|one| {
        let waited_ms = one["waited_us"].as_u64().unwrap_or(0) / 1_000;
        let waited = if waited_ms > 0 { format!(", after a wait of {waited_ms} ms") } else { String::new() };
        let observed = if one["observed"] == true { ", which would have been too much (it only observes)" } else { "" };
        let text =
            format!("{} ({}): took {}{waited}{observed}", words(&one["rule"]), words(&one["allows"]), one["took"]);
        let mut line = json!({ "stage": "limit", "text": text });
        if let (Some(line), Some(one)) = (line.as_object_mut(), one.as_object()) {
            line.extend(one.clone());
        }
        line
    })
}

fn notes(log: &Value) -> impl Iterator<Item = Value> {
    let notes = log["trail"]["notes"].as_array().into_iter().flatten();
    let is_budget = |note: &Value| note.as_str().is_some_and(|note| note.starts_with("budgets."));
    let notes =
        notes.map(move |note| json!({ "stage": if is_budget(note) { "limit" } else { "route" }, "text": note }));
    let changes = log["trail"]["changes"].as_array().into_iter().flatten();
    notes.chain(changes.map(|change| {
        let text = format!("{}: {}", words(&change["path"]), words(&change["reason"]));
        json!({ "stage": "prepare", "text": text, "path": change["path"], "reason": change["reason"] })
    }))
}

/// Tries, and between them the targets that were passed over.
fn tries(log: &Value) -> Vec<Value> {
    let none = Vec::new();
    let attempts = log["attempts"].as_array().unwrap_or(&none);
    let skipped = log["trail"]["skipped"].as_array().unwrap_or(&none);
    let mut lines = Vec::new();
    for number in 0..=attempts.len() {
        lines.extend(skipped.iter().filter(|one| one["after"] == number).map(|one| {
            let text = format!("{} was passed over: {}", target(&one["provider"], &one["model"]), words(&one["reason"]));
            json!({
                "stage": "skip", "text": text, "provider": one["provider"], "model": one["model"], "reason": one["reason"],
            })
        }));
        lines.extend(attempts.get(number).map(attempt));
    }
    lines
}

fn attempt(attempt: &Value) -> Value {
    let ms = |key: &str| attempt[key].as_u64().unwrap_or(0) / 1_000;
    let what = match (attempt["status"].as_u64(), attempt["reason"].as_str()) {
        (Some(status), _) => format!("answered {status} after {} ms", ms("duration_us")),
        (None, Some(reason)) => format!("gave no answer ({reason}) after {} ms", ms("duration_us")),
        (None, None) => "was under way when the call ended".to_owned(),
    };
    let failure = attempt["failure"].as_str().map(|failure| format!(", {failure}")).unwrap_or_default();
    let waited = if ms("waited_us") > 0 { format!(", after a wait of {} ms", ms("waited_us")) } else { String::new() };
    let beside = if attempt["hedge"] == true { ", beside one that was slow" } else { "" };
    let sent = if attempt["state"] == "not_sent" { "; nothing was sent" } else { "" };
    let text = format!("{} {what}{failure}{waited}{beside}{sent}", target(&attempt["provider"], &attempt["model"]));
    let mut line = json!({ "stage": "attempt", "text": text });
    if let (Some(line), Some(attempt)) = (line.as_object_mut(), attempt.as_object()) {
        line.extend(attempt.clone());
    }
    line
}

fn answer(log: &Value) -> Value {
    let status = log["status_code"].as_u64().map_or("no answer".to_owned(), |status| status.to_string());
    let whole = match (log["cancelled"] == true, log["truncated"] == true) {
        (true, _) => "the caller left before its end",
        (_, true) => "it broke off",
        _ => "whole",
    };
    let error = log["error"].as_str().map(|error| format!(": {error}")).unwrap_or_default();
    let text = format!("{status} in {} ms, {whole}{error}", log["duration"]);
    json!({
        "stage": "answer", "text": text, "status_code": log["status_code"], "duration": log["duration"],
        "first_byte_ms": log["first_byte_ms"], "success": log["success"], "error": log["error"],
    })
}

fn cost(log: &Value) -> Value {
    let usage = &log["usage"];
    let tokens = match (usage["tokens_in"].as_u64(), usage["tokens_out"].as_u64()) {
        (None, None) => "tokens not known".to_owned(),
        (tokens_in, tokens_out) => format!("{} tokens in, {} out", tokens_in.unwrap_or(0), tokens_out.unwrap_or(0)),
    };
    let price = if log["custom_cost"] == true { "the caller's own price" } else { "the price list" };
    let text = match log["cost"].as_f64() {
        Some(cost) if log["cached"] == true => format!("{cost} USD: a hit costs nothing"),
        Some(cost) => format!("{cost} USD by {price}; {tokens}"),
        None => format!("not known; {tokens}"),
    };
    json!({
        "stage": "cost", "text": text, "cost": log["cost"], "cost_nano_usd": log["cost_nano_usd"], "usage": usage, "priced_by": log["priced_by"],
    })
}

fn target(provider: &Value, model: &Value) -> String {
    match model.as_str().unwrap_or_default() {
        "" => words(provider).to_owned(),
        model => format!("{}/{model}", words(provider)),
    }
}

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
