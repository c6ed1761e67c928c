//! Filters, orders, pages and deletions.

use serde_json::json;

use super::*;
use crate::usage::Usage;

/// Four calls that differ in everything.
fn four() -> LogStore {
    let metadata = |value: Value| value.as_object().expect("an object").clone();
    in_memory([
        Record {
            usage: Usage { tokens_in: Some(10), tokens_out: Some(5), ..Usage::default() },
            cost: Some(20_000_000),
            duration_us: 1_500,
            metadata: metadata(json!({"team": "red", "n": 5})),
            request_type: Some(String::from("chat")),
            ..record("a", 0)
        },
        Record {
            usage: Usage { tokens_in: Some(100), ..Usage::default() },
            cost: Some(20_000_001),
            provider: String::from("anthropic"),
            model: String::from("claude-sonnet"),
            metadata: metadata(json!({"team": "blue", "n": "5", "beta": true})),
            user_agent: Some(String::from("curl/8")),
            // Shown as 12:10:00.000, and found as that.
            created_at_us: NOON_US + 600_000_999,
            ..record("b", 10)
        },
        Record { success: false, status_code: Some(429), model: String::from("gpt-4o"), ..record("c", 20) },
        Record { cached: true, cost: Some(0), stream: true, model: String::from("GPT-4o-MINI"), ..record("d", 30) },
    ])
}

/// The ids that one filter finds, oldest first.
fn filtered(store: &LogStore, key: &str, operator: &str, value: &Value) -> String {
    let filters = json!([{"key": key, "operator": operator, "value": value}]);
    ids(store, &json!({"filters": filters, "direction": "asc"})).concat()
}

#[test]
fn every_operator_selects() {
    let store = four();
    for (key, operator, value, expected) in [
        ("provider", "eq", json!(["anthropic"]), "b"),
        ("provider", "neq", json!("anthropic"), "acd"),
        ("model", "eq", json!(["gpt-4o", "claude-sonnet"]), "bc"),
        ("model", "neq", json!(["gpt-4o", "claude-sonnet"]), "ad"),
        ("model", "contains", json!(["4O-mini"]), "ad"),
        ("success", "eq", json!([false]), "c"),
        ("cached", "eq", json!("true"), "d"),
        ("stream", "neq", json!(true), "abc"),
        ("status_code", "eq", json!(429), "c"),
        ("cost", "eq", json!([0.02]), "a"),
        ("cost", "gt", json!([0.02]), "b"),
        ("cost", "lt", json!(["0.02"]), "d"),
        ("cost", "eq", json!(null), "c"),
        ("cost", "neq", json!(null), "abd"),
        ("tokens", "gt", json!([14]), "ab"),
        ("tokens", "eq", json!([15]), "a"),
        ("tokens_out", "lt", json!([6]), "a"),
        ("duration", "eq", json!([1.5]), "a"),
        ("request_type", "eq", json!("chat"), "a"),
        ("model_type", "neq", json!("chat"), "bcd"),
        ("user_agent", "contains", json!("CURL"), "b"),
        ("id", "eq", json!(["c", "x"]), "c"),
        ("metadata.key", "eq", json!("beta"), "b"),
        ("metadata.key", "neq", json!("team"), "cd"),
        ("metadata.value", "eq", json!("5"), "ab"),
        ("metadata.value", "eq", json!(true), "b"),
        ("metadata.value", "contains", json!("RE"), "a"),
        ("metadata.value", "gt", json!(4), "a"),
        ("created_at", "gt", json!("2026-11-22T12:10:00.000Z"), "cd"),
        ("created_at", "lt", json!("2026-11-22T12:10:00+00:00"), "a"),
        ("created_at", "eq", json!("2026-11-22T12:10:00Z"), "b"),
        ("created_at", "gt", json!("45m"), "cd"),
    ] {
        assert_eq!(filtered(&store, key, operator, &value), expected, "{key} {operator} {value}");
    }
}

#[test]
fn filters_are_joined_with_and() {
    let store = four();
    let filters = json!([
        {"key": "provider", "operator": "eq", "value": ["openai"]},
        {"key": "success", "operator": "eq", "value": [true]},
        {"key": "cost", "operator": "gt", "value": [0]},
    ]);
    assert_eq!(ids(&store, &json!({ "filters": filters })), ["a"]);
}

#[test]
fn short_forms_mean_the_same() {
    let store = four();
    for (query, expected) in [
        (json!({"provider": "openai", "success": true}), "da"),
        (json!({"since": "40m", "until": "2026-11-22T12:30:00Z"}), "c"),
        (json!({"since": "2026-11-22T12:20:00Z"}), "dc"),
        (json!({"until": "2026-11-22"}), ""),
        (json!({"model": ["gpt-4o", "claude-sonnet"]}), "cb"),
        (json!({"metadata": {"team": "red", "n": 5}}), "a"),
        (json!({"metadata": {"team": 5}}), ""),
        (json!({"search": "CLAUDE"}), "b"),
        (json!({"search": "blue"}), "b"),
        (json!({"limit": 2}), "dc"),
        (json!({}), "dcba"),
    ] {
        assert_eq!(ids(&store, &query).concat(), expected, "{query}");
    }
}

#[test]
fn pages_follow_each_other() {
    let store = four();
    let second = page(&store, &json!({"per_page": 3, "page": 2, "provider": ["openai", "anthropic"]}));
    assert_eq!((second.total_count, second.page, second.per_page), (4, 2, 3));
    assert_eq!(second.logs.len(), 1);
    assert_eq!(second.logs[0]["id"], "a");
    assert_eq!(ids(&store, &json!({"order_by": "model", "direction": "asc"})).concat(), "dbca");
    assert_eq!(ids(&store, &json!({"order_by": "success", "order_by_direction": "desc"})).concat(), "dbac");
}

#[test]
fn errors_name_the_field_and_the_nearest_name() {
    let good = json!({"key": "model", "operator": "eq", "value": ["x"]});
    for (query, field, hint) in [
        (json!({"filters": [good, {"key": "modle", "operator": "eq", "value": [1]}]}), "filters[1].key", "model"),
        (
            json!({"filters": [good, {"key": "model", "operator": "equals", "value": [1]}]}),
            "filters[1].operator",
            "neq",
        ),
        (json!({"filters": [{"key": "model", "operator": "eq", "value": [1]}]}), "filters[0].value", "a text"),
        (json!({"filters": [{"key": "model", "operator": "eq"}]}), "filters[0].value", "missing"),
        (json!({"filters": [{"key": "cost", "operator": "gt", "value": [1, 2]}]}), "filters[0].value", "more"),
        (json!({"filters": [{"key": "cached", "operator": "gt", "value": [1]}]}), "filters[0].operator", "cached"),
        (json!({"filters": [{"key": "model", "operator": "eq", "values": []}]}), "filters[0].values", "value"),
        (json!({"filters": {}}), "filters", "list"),
        (json!({"filters": [1]}), "filters[0]", "object"),
        (json!({"since": "yesterday"}), "since", "1h"),
        (json!({"success": "maybe"}), "success", "true or false"),
        (json!({"limit": 0}), "limit", "1 to 1000"),
        (json!({"limit": 1001}), "limit", "1 to 1000"),
        (json!({"page": "2"}), "page", "whole number"),
        (json!({"order_by": "creatd_at"}), "order_by", "created_at"),
        (json!({"direction": "up"}), "direction", "asc"),
        (json!({"search": 5}), "search", "text"),
        (json!({"metadata": {"team": {}}}), "metadata.team", "text"),
        (json!({"limt": 5}), "limt", "limit"),
        (json!([]), "query", "object"),
    ] {
        let error = LogQuery::from_json(&query, NOON_US).expect_err("the query is not well formed");
        assert_eq!(error.kind(), crate::ErrorKind::InvalidRequest);
        assert_eq!(error.field(), Some(field), "{query}");
        assert!(error.message().contains(hint), "{query}: {error}");
    }
}

#[test]
fn values_are_never_read_as_sql() {
    let canary = "x'); DROP TABLE log; --\"]? ?1 :a \u{0}%_";
    let store = in_memory([
        Record {
            provider: canary.to_owned(),
            metadata: json!({ canary: canary }).as_object().expect("an object").clone(),
            ..record(canary, 0)
        },
        record("b", 1),
    ]);
    for query in [
        json!({"id": canary}),
        json!({"provider": canary}),
        json!({"search": canary}),
        json!({"metadata": {canary: canary}}),
        json!({"filters": [{"key": "metadata.key", "operator": "contains", "value": [canary]}]}),
        json!({"filters": [{"key": "provider", "operator": "contains", "value": [canary]}]}),
    ] {
        assert_eq!(ids(&store, &query), [canary], "{query}");
    }
    assert_eq!(wait(store.get(canary)).expect("it is there")["metadata"][canary], canary);
    assert_eq!(page(&store, &json!({})).total_count, 2);
}

#[test]
fn only_what_matches_is_deleted() {
    let store = four();
    let delete = |query: Value| {
        wait(store.delete(LogQuery::from_json(&query, NOON_US).expect("well formed"))).expect("the store is open")
    };
    assert_eq!(delete(json!({"provider": "nobody"})), 0);
    assert_eq!(delete(json!({"provider": "anthropic"})), 1);
    assert_eq!(delete(json!({"limit": 1, "direction": "asc"})), 1);
    assert_eq!(ids(&store, &json!({})), ["d", "c"]);
    assert_eq!(delete(json!({})), 2);
    assert_eq!(page(&store, &json!({})).total_count, 0);
}

#[test]
fn a_line_selects_as_people_type_it() {
    let store = four();
    for (line, expected) in [
        ("", "abcd"),
        ("provider:openai status:200", "ad"),
        ("cost:>=0.02", "ab"),
        ("cost:>0.02", "b"),
        ("duration:<=1.5 -cached:true", "abc"),
        ("-cost:>0", "cd"),
        ("meta.team:red", "a"),
        ("-meta.team:red", "bcd"),
        ("meta.n:>=5", "a"),
        ("model:~4O-mini", "ad"),
        ("CLAUDE", "b"),
        ("-claude", "acd"),
        ("created_at:<=2026-11-22T12:10:00Z", "ab"),
        ("agent:\"curl/8\"", "b"),
    ] {
        assert_eq!(ids(&store, &json!({"where": line, "direction": "asc"})).concat(), expected, "{line}");
    }
    for (line, part) in
        [("modle:x", "model"), ("status:many", "whole number"), ("cached:>true", "cannot"), ("meta.n:>x", "number")]
    {
        let error = LogQuery::from_json(&json!({ "where": line }), NOON_US).unwrap_err();
        assert!(error.to_string().contains(part), "{line}: {error}");
    }
}
