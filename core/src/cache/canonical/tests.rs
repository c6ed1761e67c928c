use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn spelled(body: &str, ignored: &[&str]) -> Option<Vec<u8>> {
    let ignored = Ignored::new(ignored.iter().map(|path| path.split('/').collect()));
    let spelling = Spelling::of(body.as_bytes(), &ignored)?;
    if spelling.members.is_empty() {
        return Some(spelling.out);
    }
    Some(spelling.members.iter().flat_map(|member| spelling.out[member.clone()].to_vec()).collect())
}

#[track_caller]
fn same(one: &str, other: &str) {
    assert!(spelled(one, &[]).is_some(), "{one} is JSON");
    assert_eq!(spelled(one, &[]), spelled(other, &[]), "{one} {other}");
}

#[track_caller]
fn differ(one: &str, other: &str) {
    assert_ne!(spelled(one, &[]), spelled(other, &[]), "{one} {other}");
}

#[test]
fn order_blanks_and_spelling_make_no_difference() {
    same(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#, " { \"b\" : {\"d\":\"x\",\n\"c\" : [ 1 ,\t2 ] }, \"a\": 1 }\r\n");
    for (one, other) in [("1", "1.0"), ("100", "1e2"), ("0.1", "1.0E-1"), ("0.25", "25e-2"), ("-1.50", "-15e-1")] {
        same(one, other);
    }
    same("[0, 0.0, 0e9]", "[0.000,0e-1,0]");
    same(r#""A\/\u00e9\ud83d\ude00\n""#, "\"\\u0041/é😀\\u000a\"");
}

#[test]
fn what_says_something_else_is_something_else() {
    for (one, other) in [
        ("[1,2]", "[2,1]"),
        ("{}", "[]"),
        (r#"{"a":[]}"#, r#"{"a":{}}"#),
        (r#"["a"]"#, r#"{"a":"a"}"#),
        ("0", "-0"),
        ("1", "\"1\""),
        ("1", "10"),
        ("0.1", "0.1000000000000000055"),
        ("18446744073709551616", "18446744073709551617"),
        ("1e400", "1e401"),
        ("1e99999999999999999999", "1e99999999999999999998"),
        (r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#),
        (r#""\ud83d""#, "\"\\ud83e\""),
        (r#""\\n""#, r#""\n""#),
        (r#"{"a":null}"#, "{}"),
    ] {
        differ(one, other);
    }
}

#[test]
fn what_is_no_json_is_left_as_it_is() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    for body in [
        "",
        "{",
        "{}x",
        "{\"a\":1,}",
        "[1,]",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "nul",
        "\"\n\"",
        "\"\\x\"",
        "'a'",
        "{a:1}",
        "\u{feff}{}",
        "[\"",
        "[\"\\u12\"]",
        "{\"a\"}",
        &deep,
    ] {
        assert_eq!(spelled(body, &[]), None, "{body}");
    }
    assert!(Spelling::of(b"\"\xff\"", &Ignored::default()).is_none());
}

#[test]
fn long_texts_stand_as_their_digests() {
    let long = |last: char| format!("{{\"b\":\"{}{last}\",\"a\":1}}", "x".repeat(MAX_TEXT_BYTES));
    assert!(spelled(&long('y'), &[]).is_some_and(|spelled| spelled.len() < 64));
    differ(&long('y'), &long('z'));
    same(&long('n'), &long('n').replacen("xx", "\\u0078x", 1));
}

#[test]
fn fields_are_left_out_where_they_are_named_and_nowhere_else() {
    let ignored = ["user", "metadata/id", "messages/*/name"];
    let body =
        r#"{"user":"u","model":"m","metadata":{"id":1,"user":"v"},"messages":[{"name":"n","user":"w","content":"c"}]}"#;
    let left = r#"{"model":"m","metadata":{"user":"v"},"messages":[{"user":"w","content":"c"}]}"#;
    assert_eq!(spelled(body, &ignored), spelled(left, &[]));
    assert_eq!(spelled(r#"{"us\u0065r":1}"#, &["user"]), spelled("{}", &[]));
    assert_eq!(spelled(r#"[{"user":1}]"#, &["user"]), spelled(r#"[{"user":1}]"#, &[]));
    assert_eq!(spelled(r#"{"user":nul}"#, &["user"]), None, "what is left out must be JSON too");
    let many: Vec<String> = (0..64).map(|number| format!("field{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(spelled(r#"{"field63":1,"field0":2,"a":3}"#, &many), spelled(r#"{"a":3}"#, &[]));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        "[a-c\"\\\\\n\u{1}é😀]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"]{0,2}", inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The same, with the fields of every object the other way round.
fn turned(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().rev().map(|(name, value)| (name.clone(), turned(value))).collect(),
        Value::Array(items) => items.iter().map(turned).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn equal_values_have_one_spelling_and_others_have_another(one in any_json(), other in any_json()) {
        let (text, pretty) = (one.to_string(), serde_json::to_string_pretty(&turned(&one)).expect("a value is JSON"));
        prop_assert_eq!(spelled(&text, &[]), spelled(&pretty, &[]));
        prop_assert_eq!(one == other, spelled(&text, &[]) == spelled(&other.to_string(), &[]));
    }

    #[test]
    fn nothing_panics_and_what_is_json_is_known(body in "[\\[\\]{}\",:\\\\0-9eE.+\\- tnu]{0,12}") {
        let is_json = serde_json::from_str::<&serde_json::value::RawValue>(&body).is_ok();
        prop_assert_eq!(spelled(&body, &[]).is_some(), is_json);
    }
}

#[test]
fn a_value_may_be_large() {
    let items: Vec<Value> = (0..10_000).map(|number| json!({"b": number, "a": [number]})).collect();
    let text = Value::from(items).to_string();
    assert!(spelled(&text, &[]).is_some_and(|spelled| spelled.len() > text.len()));
}
