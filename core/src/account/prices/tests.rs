use std::collections::BTreeMap;

use super::*;
use crate::usage::{Tier, UsageDetails};

pub(super) fn table_only() -> Prices {
    Prices::new(&BTreeMap::new())
}

fn with(own: &str) -> Prices {
    Prices::new(&serde_json::from_str(own).unwrap())
}

fn usage(tokens_in: u64, cache_read: u64, cache_write: u64, tokens_out: u64) -> Usage {
    Usage {
        tokens_in: Some(tokens_in),
        tokens_out: Some(tokens_out),
        cache_read: Some(cache_read),
        cache_write: Some(cache_write),
        ..Usage::default()
    }
}

fn tier(tier: Tier) -> Usage {
    Usage {
        details: Some(Box::new(UsageDetails { tier: Some(tier), ..UsageDetails::default() })),
        ..usage(1_000_000, 0, 0, 0)
    }
}

/// 2026-11-24, noon.
const NOON: u64 = 1_795_521_600_000_000;
const DAY_US: u64 = 86_400_000_000;

fn cost_at(prices: &Prices, provider: &str, model: &str, usage: &Usage, at_us: u64) -> Option<NanoUsd> {
    prices.cost(&Asked { provider, model, at_us }, usage).cost
}

pub(super) fn cost(prices: &Prices, provider: &str, model: &str, usage: &Usage) -> Option<NanoUsd> {
    cost_at(prices, provider, model, usage, NOON)
}

#[test]
fn names_resolve() {
    let (prices, million) = (table_only(), usage(1_000_000, 0, 0, 0));
    let by = |provider, model| prices.cost(&Asked { provider, model, at_us: NOON }, &million).by.unwrap_or_default();
    for (provider, model, row) in [
        ("openai", "gpt-4o", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("openai", "openai/gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:org::id", "openai/ft:gpt-4o-mini"),
        ("openrouter", "openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        ("anthropic", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
        ("anthropic", "claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku-latest"),
        ("google-ai-studio", "gemini-2.0-flash-001", "google-ai-studio/gemini-2.0-flash"),
        ("google-vertex-ai", "claude-opus-4-5@20251101", "google-ai-studio/claude-opus-4-5"),
        ("google-vertex-ai", "gemini-2.5-flash", "google-ai-studio/gemini-2.5-flash"),
        ("azure-openai", "gpt-4.1-mini", "openai/gpt-4.1-mini"),
        (
            "aws-bedrock",
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
            "aws-bedrock/regional.anthropic.claude-opus-4-5-v1:0",
        ),
        ("grok", "grok-4.5-20260101", "grok/grok-4.5"),
    ] {
        let by = by(provider, model);
        assert!(by.ends_with(&format!(": {row}")), "{provider} {model}: {by}");
        assert!(by.starts_with("catalogue 20"), "{by}");
    }
    for (provider, model) in [
        ("openai", "gpt-4o-2024"),
        ("openai", "gpt-4o-1-2-3-4"),
        ("openai", "gpt"),
        ("openai", ""),
        ("openai", "-latest"),
        ("openai", "claude-haiku-4-5"),
        ("openai", "ft:gpt-9:org::id"),
        ("ollama", "gpt-4o"),
        ("", "gpt-4o"),
        ("openai", "gpt-4o-２０２４"),
        ("google-ai-studio", "gemini-2.5-pro-unheard-of-tts"),
    ] {
        assert_eq!(by(provider, model), "", "{provider} {model}");
    }
}

#[test]
fn overrides_come_first_and_hold_for_snapshots() {
    let own = r#"{"openai/gpt-4o": {"input": "0.000000007 USD", "output": "0 USD"},
        "my-model": {"input": "0.000000008 USD", "output": "0 USD"}, "gpt-4o": {"input": "0.000000009 USD", "output": "0 USD"}}"#;
    let prices = with(own);
    let own = |provider, model| cost(&prices, provider, model, &usage(1_000_000, 10, 0, 0));
    assert_eq!(own("openai", "gpt-4o-2024-05-13"), Some(7));
    assert_eq!(own("azure-openai", "gpt-4o"), Some(9));
    assert_eq!(own("ollama", "my-model"), Some(8));
    assert_eq!(own("openai", "gpt-4o-mini"), Some(149_999_250), "the catalogue still stands behind");
    let by = prices.cost(&Asked { provider: "openai", model: "gpt-4o", at_us: NOON }, &usage(1, 0, 0, 0)).by;
    assert_eq!(by.as_deref(), Some("configuration: openai/gpt-4o"));
}

#[test]
fn the_unknown_is_not_zero() {
    let prices = table_only();
    let cost = |model, usage: &Usage| cost(&prices, "openai", model, usage);
    assert_eq!(cost("gpt-4o", &Usage::default()), None);
    assert_eq!(cost("gpt-4o", &usage(0, 0, 0, 0)), Some(0));
    assert_eq!(cost("gpt-4o", &usage(u64::MAX, 0, 0, u64::MAX)), None, "more than i64 holds");
    assert_eq!(cost("text-embedding-3-small", &usage(5, 0, 0, 0)), Some(100));
    assert_eq!(cost("text-embedding-3-small", &usage(5, 0, 0, 1)), None, "no rate for output");
    assert_eq!(cost("gpt-4o", &tier(Tier::Other)), None, "an agreement of its own");
    assert_eq!(cost("gpt-4o", &tier(Tier::Flex)), None, "a tier that it does not have");
    assert_eq!(cost("whisper-1", &usage(5, 0, 0, 1)), None, "by the hour, and nobody said how long");
}

#[test]
fn long_prompts_are_charged_by_their_own_rate() {
    let prices = table_only();
    let cost = |tokens| cost(&prices, "openai", "gpt-5.4", &usage(tokens, 0, 0, 1_000_000));
    assert_eq!(cost(272_000), Some(680_000_000 + 15_000_000_000));
    assert_eq!(cost(272_001), Some(1_360_005_000 + 22_500_000_000), "all of it, not only what is over");
}

#[test]
fn service_tiers_take_the_place_of_some_rates() {
    let prices = table_only();
    let cost = |model, tier_| cost(&prices, "openai", model, &tier(tier_));
    assert_eq!(cost("gpt-4o", Tier::Batch), Some(1_250_000_000));
    assert_eq!(cost("gpt-4o", Tier::Priority), Some(4_250_000_000));
    assert_eq!(cost("gpt-5.4", Tier::Flex), Some(2_500_000_000), "a prompt beyond 272,000 tokens");
    assert_eq!(cost("gpt-5.4", Tier::Priority), Some(5_000_000_000), "which this tier knows no rate for");
}

#[test]
fn a_call_is_charged_by_the_price_of_its_day_and_hour() {
    let prices = table_only();
    let cost = |at_us| cost_at(&prices, "deepseek", "deepseek-v4-flash", &usage(1_000_000, 0, 0, 0), at_us);
    let day = |days: u64| NOON - days * DAY_US;
    assert_eq!(cost(NOON), Some(150_000_000));
    assert_eq!(cost(NOON - 9 * 3_600_000_000), Some(300_000_000), "three o'clock is a dear hour");
    assert_eq!(cost(day(80)), Some(220_000_000), "before 10 September");
    assert_eq!(cost(day(120)), Some(140_000_000), "before 17 August");
}

#[test]
fn half_a_nano_dollar_rounds_up() {
    let prices = with(r#"{"m": {"input": "0.0005 USD", "output": "0.000499999 USD"}}"#);
    assert_eq!(cost(&prices, "p", "m", &usage(1, 0, 0, 0)), Some(1));
    assert_eq!(cost(&prices, "p", "m", &usage(0, 0, 0, 1)), Some(0));
}

#[test]
fn a_cache_hit_at_the_provider_never_costs_more_than_a_miss() {
    let catalogue = Catalogue::embedded();
    let dearer = |row: &Row, read: &Usage, other: &Usage| {
        let cost = |usage| row.rates.charge(usage);
        cost(read).zip(cost(other)).is_some_and(|(read, other)| read > other)
    };
    let (fresh, read) = (usage(10_000, 0, 0, 0), usage(10_000, 9_000, 0, 0));
    let wrong = catalogue.rows().filter(|(_, row)| dearer(row, &read, &fresh));
    let wrong: Vec<_> = wrong.map(|(provider, row)| format!("{provider}/{}", row.name)).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_catalogue_can_be_read_and_says_where_it_is_from() {
    let file: Value = serde_json::from_str(catalogue::FILE).unwrap();
    for path in ["/version", "/currency"] {
        assert!(file.pointer(path).is_some_and(Value::is_string), "{path}");
    }
    for source in file["sources"].as_array().unwrap() {
        for key in ["package", "version", "licence", "copyright", "url"] {
            assert!(source[key].is_string(), "{key}");
        }
    }
    let catalogue = Catalogue::read(&file).unwrap();
    assert!(catalogue.len() > 3_000, "{}", catalogue.len());
    assert_eq!(Catalogue::embedded().len(), catalogue.len());
    let free = catalogue.rows().filter(|(_, row)| {
        row.rates.charge(&usage(1, 0, 0, 1)).is_some_and(|_| {
            row.rates.get(Kind::Input).is_some_and(|rate| rate.base == 0 && rate.longer.is_empty())
                && row.rates.get(Kind::Output).is_some_and(|rate| rate.base == 0)
        })
    });
    let wrong: Vec<_> = free.filter(|(_, row)| !row.name.contains("free")).map(|(_, row)| row.name.clone()).collect();
    assert_eq!(wrong, Vec::<String>::new(), "what nobody knows must not be called free");
}

#[test]
fn a_catalogue_that_cannot_be_is_refused_by_its_path() {
    let prices = table_only();
    let list = |row: &str| {
        let text = format!(
            r#"{{"version": "1", "currency": "USD", "providers": {{"openai": {{"models": {{"gpt-4o": {row}}}}}}}}}"#
        );
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let row = "prices.providers.openai.models.gpt-4o";
    for (json, path) in [
        (list(r#"{"input": "-1"}"#), format!("{row}.input")),
        (list(r#"{"input": "1e9"}"#), format!("{row}.input")),
        (list(r#"{"input": "1", "request": 10001}"#), format!("{row}.request")),
        (list(r#"{"input": "x"}"#), format!("{row}.input")),
        (list(r#"{"input": null}"#), format!("{row}.input")),
        (list(r#"{"input": "0.0000000001"}"#), format!("{row}.input")),
        (list(r#"{"inptu": "1"}"#), format!("{row}.inptu")),
        (list(r#"{"input": ["1", 200000]}"#), format!("{row}.input[1]")),
        (list(r#"{"input": ["1", 2, "1", 2, "1"]}"#), format!("{row}.input[3]")),
        (list(r#"{"input": ["1", 2, "-1"]}"#), format!("{row}.input[2]")),
        (list(r#"{"input": "1", "batch": {"output": "-1"}}"#), format!("{row}.batch.output")),
        (list(r#"{"input": "1", "until": {"2026-13-01": {}}}"#), format!("{row}.until.2026-13-01")),
        (list(r#"{"input": "1", "hours": [["25:00", "26:00", {}]]}"#), format!("{row}.hours[0]")),
        (list("{}"), row.to_owned()),
        (list("7"), row.to_owned()),
        (json!({"version": "1", "currency": "EUR", "providers": {"a": {}}}), "prices.currency".to_owned()),
        (json!({"version": "1", "providers": {"a": {}}}), "prices.currency".to_owned()),
        (json!({"currency": "USD", "providers": {"a": {}}}), "prices.version".to_owned()),
        (json!({"version": "1", "currency": "USD", "providers": {}}), "prices.providers".to_owned()),
        (json!({"version": "1", "currency": "USD"}), "prices.providers".to_owned()),
        (json!("{\"version\": \"1\", \"curr"), "prices".to_owned()),
        (json!([]), "prices".to_owned()),
    ] {
        let error = prices.load(&json).unwrap_err();
        assert_eq!(error.field(), Some(path.as_str()), "{json}: {error}");
        assert_eq!(
            cost(&prices, "openai", "gpt-4o", &usage(1_000_000, 0, 0, 0)),
            Some(2_500_000_000),
            "the old one stays"
        );
    }
}

#[test]
fn a_newer_catalogue_takes_the_place_of_the_old() {
    let prices = table_only();
    let newer =
        r#"{"version": "2027", "currency": "USD", "providers": {"openai": {"models": {"gpt-4o": {"input": 1.25}}}}}"#;
    assert_eq!(prices.load(&json!(newer)).unwrap(), json!({"version": "2027", "models": 1}));
    let call = prices.cost(&Asked { provider: "openai", model: "gpt-4o", at_us: NOON }, &usage(1_000_000, 0, 0, 0));
    assert_eq!((call.cost, call.by.as_deref()), (Some(1_250_000_000), Some("catalogue 2027: openai/gpt-4o")));
    assert_eq!(cost(&prices, "openai", "gpt-4o-mini", &usage(1, 0, 0, 0)), None);
}

#[test]
fn a_discount_is_taken_off_the_catalogues_price() {
    let prices = with(
        r#"{"openai/*": {"discount_percent": 12.5}, "openai/gpt-4o-mini": {"input": "1 USD", "output": "1 USD"}}"#,
    );
    let million = usage(1_000_000, 0, 0, 0);
    assert_eq!(cost(&prices, "openai", "gpt-4o-2024-08-06", &million), Some(2_187_500_000));
    assert_eq!(
        cost(&prices, "openai", "gpt-4o-mini", &million),
        Some(1_000_000_000),
        "a price of one's own is the whole"
    );
    assert_eq!(cost(&prices, "anthropic", "claude-haiku-4-5", &million), Some(1_000_000_000));
    assert_eq!(cost(&prices, "openai", "gpt-4o", &usage(1, 0, 0, 0)), Some(2_188), "rounded half up");
    let call = prices.cost(&Asked { provider: "openai", model: "gpt-4o", at_us: NOON }, &million);
    assert!(call.by.unwrap().ends_with("openai/gpt-4o, less the discount of openai/*"));
}
