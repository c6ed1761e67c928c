//! Requests, tokens and cost by group.

use serde_json::json;

use super::*;
use crate::log::usage::{UsageQuery, UsageReport};
use crate::usage::{Usage, UsageSource};

fn report(store: &LogStore, query: &Value) -> UsageReport {
    let query = UsageQuery::from_json(query, NOON_US + 3_600_000_000).expect("the query is well formed");
    wait(store.usage(query)).expect("the store is open")
}

fn used(source: UsageSource, tokens_in: u64, tokens_out: u64) -> Usage {
    Usage { source, tokens_in: Some(tokens_in), tokens_out: Some(tokens_out), ..Usage::default() }
}

fn calls() -> LogStore {
    let red = json!({"team": "red"}).as_object().expect("an object").clone();
    let blue = json!({"team": "blue"}).as_object().expect("an object").clone();
    in_memory([
        Record { usage: used(UsageSource::Reported, 100, 10), cost: Some(7), metadata: red.clone(), ..record("a", 0) },
        Record { usage: used(UsageSource::Estimated, 50, 5), cost: Some(3), metadata: blue, ..record("b", 1) },
        Record {
            cached: true,
            usage: used(UsageSource::Reported, 100, 10),
            cost: Some(0),
            saved: Some(7),
            metadata: red,
            ..record("c", 2)
        },
        Record { success: false, status_code: Some(500), ..record("d", 3) },
        Record { success: false, cancelled: true, ..record("e", 4) },
        Record { model: String::from("local"), created_at_us: NOON_US + 86_400_000_000, ..record("f", 0) },
    ])
}

#[test]
fn totals_are_exact_and_say_how_they_are_counted() {
    let report = report(&calls(), &json!({}));
    assert!(report.basis.contains("however many attempts"));
    assert_eq!(report.rows, []);
    assert_eq!(
        serde_json::to_value(report.total).expect("a row is JSON"),
        json!({
            "group": {}, "requests": 6, "attempts": 0, "cached": 1, "errors": 1, "cancelled": 1, "tokens_in": 150,
            "tokens_out": 15, "cache_read": null, "cache_write": null, "reasoning": null, "audio": null,
            "estimated": 1, "cost": 1e-8, "cost_nano_usd": 10, "unpriced": 1, "saved": 7e-9, "saved_nano_usd": 7,
        })
    );
}

#[test]
fn rows_add_up_to_the_total() {
    let store = calls();
    for group_by in [json!("model"), json!(["day", "status"]), json!(["metadata.team", "cached"]), json!("hour")] {
        let report = report(&store, &json!({ "group_by": group_by }));
        let requests: u64 = report.rows.iter().map(|row| row.requests).sum();
        let cost: i64 = report.rows.iter().filter_map(|row| row.cost_nano_usd).sum();
        let tokens: u64 = report.rows.iter().filter_map(|row| row.tokens_in).sum();
        assert_eq!((requests, cost, tokens), (6, 10, 150), "{group_by}");
    }
}

#[test]
fn groups_carry_their_values() {
    let groups = |query: Value| {
        let rows = report(&calls(), &query).rows;
        Value::from(rows.into_iter().map(|row| json!([row.group, row.requests])).collect::<Vec<_>>())
    };
    assert_eq!(groups(json!({"group_by": ["model"]})), json!([[{"model": "gpt-4o-mini"}, 5], [{"model": "local"}, 1]]));
    assert_eq!(groups(json!({"group_by": "day"})), json!([[{"day": "2026-11-22"}, 5], [{"day": "2026-11-23"}, 1]]));
    assert_eq!(groups(json!({"group_by": "status"})), json!([[{"status": 200}, 5], [{"status": 500}, 1]]));
    assert_eq!(
        groups(json!({"group_by": ["cached", "metadata.team"], "until": "2026-11-23"})),
        json!([
            [{"cached": false, "metadata.team": "blue"}, 1],
            [{"cached": false, "metadata.team": "red"}, 1],
            [{"cached": false, "metadata.team": null}, 2],
            [{"cached": true, "metadata.team": "red"}, 1],
        ])
    );
}

#[test]
fn what_is_unknown_is_not_zero() {
    let store = calls();
    let unpriced = report(&store, &json!({"model": "local"})).total;
    assert_eq!((unpriced.cost_nano_usd, unpriced.tokens_in, unpriced.unpriced), (None, None, 1));
    let hits = report(&store, &json!({"cached": true})).total;
    assert_eq!((hits.cost_nano_usd, hits.tokens_in, hits.saved_nano_usd), (Some(0), Some(0), Some(7)));
    let nothing = report(&store, &json!({"model": "none"})).total;
    assert_eq!((nothing.requests, nothing.cost_nano_usd, nothing.tokens_in), (0, Some(0), Some(0)));
}

#[test]
fn selections_work_as_in_queries() {
    let store = calls();
    let filters = json!([{"key": "metadata.value", "operator": "eq", "value": ["red"]}]);
    assert_eq!(report(&store, &json!({ "filters": filters })).total.requests, 2);
    let both = json!({"group_by": "metadata.team", "metadata": {"team": "red"}, "since": "2h"});
    assert_eq!(report(&store, &both).rows.len(), 1);
}

#[test]
fn keys_of_metadata_are_never_read_as_sql() {
    let canary = "x' || \"]) FROM log; DROP TABLE log; -- $.[0] ?2";
    let metadata = json!({ canary: [true] }).as_object().expect("an object").clone();
    let store = in_memory([Record { metadata, ..record("a", 0) }, record("b", 1)]);
    let name = format!("metadata.{canary}");
    let rows = report(&store, &json!({"group_by": [name, "provider"]})).rows;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().any(|row| row.group[&name].is_null() && row.group["provider"] == "openai"));
}

#[test]
fn errors_name_the_field() {
    for (query, field, hint) in [
        (json!({"group_by": "modle"}), "group_by", "model"),
        (json!({"group_by": ["day", "weak"]}), "group_by[1]", "metadata.KEY"),
        (json!({"group_by": [1]}), "group_by[0]", "text"),
        (json!({"group_by": ["metadata."]}), "group_by[0]", "metadata.KEY"),
        (json!({"groupby": "model"}), "groupby", "group_by"),
        (json!({"limit": 5}), "limit", "is not known here"),
        (json!("model"), "query", "object"),
    ] {
        let error = UsageQuery::from_json(&query, NOON_US).expect_err("the query is not well formed");
        assert_eq!(error.field(), Some(field), "{query}");
        assert!(error.message().contains(hint), "{query}: {error}");
    }
}

#[test]
fn parts_of_time_and_outcomes_tell_rows_apart() {
    let store = calls();
    let steps = report(&store, &json!({"step": "1d", "group_by": "outcome"}));
    let rows: Vec<_> =
        steps.rows.iter().map(|row| (row.group["at"].clone(), row.group["outcome"].clone(), row.requests)).collect();
    let (first, second) = ("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
    assert_eq!(
        rows,
        [
            (json!(first), json!("answered"), 2),
            (json!(first), json!("cached"), 1),
            (json!(first), json!("cancelled"), 1),
            (json!(first), json!("server_error"), 1),
            (json!(second), json!("answered"), 1),
        ]
    );
    for wrong in [json!("59s"), json!("often"), json!(5)] {
        let error = UsageQuery::from_json(&json!({ "step": wrong }), NOON_US).unwrap_err();
        assert_eq!(error.field(), Some("step"));
    }
}

#[test]
fn latency_is_of_what_providers_answered_and_told_when_asked_for() {
    let told = |query: Value| serde_json::to_value(report(&calls(), &query).total).expect("a row is JSON");
    assert_eq!(told(json!({})).get("duration_ms"), None);
    let with = told(json!({"latency": true}));
    assert!(with["duration_ms"]["p95"].as_f64().is_some_and(|ms| ms > 0.0), "{with}");
    assert_eq!(told(json!({"latency": true, "cached": true})).get("duration_ms"), None);
}
