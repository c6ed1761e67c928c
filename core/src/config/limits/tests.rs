use crate::config::{By, Ceiling, Config, Count, Dimension};

#[track_caller]
fn refused(rule: &str, message: &str) {
    let error = Config::from_toml(&format!("[limits]\n{rule}")).unwrap_err().to_string();
    assert!(error.starts_with(&format!("config error at limits.{message} (line ")), "{error}");
}

#[test]
fn rules_are_told_by_their_names_or_by_what_they_count() {
    let config = Config::from_toml(
        r#"
        [limits]
        requests = { limit = 100, per = "1m", by = "metadata.user" }
        cost = { limit = "5 USD", per_ms = 86400000 }
        tokens = { limit = 0, per = "1m" }
        concurrency = { limit = 8, by = ["provider", "key"] }
        [limits.rules.burst]
        count = "tokens_in"
        limit = 1000
        per = "1s"
        technique = "token_bucket"
        when = { provider = "openai", "metadata.team" = "red*" }
        when_full = "wait"
        max_wait = "3s"
        "#,
    )
    .unwrap();
    let active: Vec<_> = config.limits.active().map(|(path, count, rule)| (path, count, rule.limit.amount())).collect();
    let expected = [
        ("limits.requests", Count::Requests, 100),
        ("limits.cost", Count::Cost, 5_000_000_000),
        ("limits.concurrency", Count::Concurrency, 8),
        ("limits.rules.burst", Count::TokensIn, 1_000),
    ];
    assert_eq!(active, expected.map(|(path, count, limit)| (path.to_owned(), count, limit)));
    let rule = config.limits.concurrency.as_ref().unwrap();
    assert_eq!(rule.by.dimensions(), [Dimension::Provider, Dimension::Key]);
    let rule = &config.limits.rules["burst"];
    assert_eq!((rule.limit, rule.max_wait().unwrap().millis()), (Ceiling::Number(1_000), 3_000));
    assert_eq!(rule.when[&Dimension::Metadata("team".into())], "red*");
    // What is shown can be read again.
    assert_eq!(Config::from_json(&config.to_json().to_string()).unwrap().to_json(), config.to_json());
}

#[test]
fn the_gateway_as_a_whole_needs_no_word() {
    let by = |text: &str| serde_json::from_str::<By>(text).unwrap();
    assert_eq!(by(r#""gateway""#), By::default());
    assert_eq!(by(r#"["gateway", "model"]"#), by(r#""model""#));
    assert_eq!(by("[]"), By::default());
}

#[test]
fn a_rule_that_cannot_work_is_refused_by_its_field() {
    refused(
        "requests = { limit = -1, per = \"1m\" }",
        "requests.limit: -1 is negative; a limit starts at 0, which switches the rule off",
    );
    refused(
        "requests = { limit = 1.5, per = \"1m\" }",
        "requests.limit: expected a whole number, or money such as \"5 USD\", found a number",
    );
    refused(
        "requests = { limit = \"5 USD\", per = \"1m\" }",
        "requests.limit: requests are no money; write a whole number",
    );
    refused("cost = { limit = 5, per = \"1m\" }", "cost.limit: 5 has no unit; write \"5 USD\"");
    refused(
        "cost = { limit = \"5 EUR\", per = \"1m\" }",
        "cost.limit: \"5 EUR\" is not an amount of money; write it as \"0.02 USD\"",
    );
    refused("tokens = { limit = 5 }", "tokens.per: this key is required");
    refused("tokens = { limit = 5, per = \"32d\" }", "tokens.per: 32d is outside 0 to 31d");
    refused(
        "concurrency = { limit = 5, per = \"1m\" }",
        "concurrency.per: calls at once have no span of time; leave it out",
    );
    refused(
        "concurrency = { limit = 5, technique = \"sliding\" }",
        "concurrency.technique: calls at once have no span of time that could move; leave it out",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", technique = \"slidin\" }",
        "requests.technique: \"slidin\" is not one of fixed, sliding, token_bucket; did you mean \"sliding\"?",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", by = \"providr\" }",
        "requests.by: \"providr\" does not tell calls apart; use gateway, provider, model, key, user, or metadata.KEY; \
         did you mean \"provider\"?",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", by = [\"model\", \"metadata.\"] }",
        "requests.by[1]: \"metadata.\" does not tell calls apart; use gateway, provider, model, key, user, or metadata.KEY",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", by = [\"user\", \"user\"] }",
        "requests.by: user stands here twice; keep one of them",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", by = 5 }",
        "requests.by: expected a text or a list of texts, found a whole number",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", when = { key = \"sk\" } }",
        "requests.when.key: a key must not stand here; use by = \"key\"",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", max_wait = \"1s\" }",
        "requests.max_wait: nobody waits; add when_full = \"wait\", or leave it out",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", when_full = \"wait\", max_wait = \"2h\" }",
        "requests.max_wait: 2h is outside 1ms to 1h; to wait for nothing use reject",
    );
    refused(
        "requests = { limit = 5, per = \"1m\", when_full = \"wait\", mode = \"observe\" }",
        "requests.when_full: a rule that only observes makes nobody wait; leave one of the two out",
    );
    refused(
        "rules.mine = { limit = 5, per = \"1m\" }",
        "rules.mine.count: missing; say what the rule counts: requests, tokens, tokens_in, tokens_out, cost or concurrency",
    );
    refused(
        "tokens = { count = \"tokens_in\", limit = 5, per = \"1m\" }",
        "tokens.count: this table counts tokens; for tokens_in make a rule of another name under limits.rules",
    );
}

#[test]
fn the_place_of_the_counts_is_one_and_can_be_reached_by_its_name() {
    refused("path = \"l.db\"\nredis = \"redis://host\"", "redis: path and redis are both given; keep one of them");
    let error = Config::from_toml("limits.redis = \"http://me:canary@host\"").unwrap_err();
    assert_eq!(error.field(), Some("limits.redis"));
    assert!(error.message().starts_with("not the URL of a server") && !error.to_string().contains("canary"), "{error}");
    let config = Config::from_toml("limits.redis = \"redis://me:canary@host\"").unwrap();
    assert!(!format!("{config:?}{}", config.to_json()).contains("canary"));
}
