//! The document as people write it: what is taken, what is refused, and in which words.

use serde_json::json;

use super::*;

#[track_caller]
fn refused(toml: &str, message: &str) {
    assert_eq!(Config::from_toml(toml).unwrap_err().to_string(), message);
}

#[test]
fn nothing_written_is_the_default() {
    let config = Config::from_toml("").unwrap();
    assert_eq!(config.to_json(), Config::default().to_json());
    assert_eq!(Config::from_json("{}").unwrap().to_json(), config.to_json());
    assert_eq!(
        config.to_json(),
        json!({
            "id": "default",
            "cache": {"ttl": null, "max_bytes": "256MB", "max_entry_bytes": "25MB", "streams": true, "replay": "at_once",
                "mode": "read_write", "control": "request", "stale_while_revalidate": null, "stale_if_error": null,
                "ignore": ["prompt_cache_key", "prompt_cache_retention", "safety_identifier"],
                "semantic": null,
                "path": null, "max_file_bytes": "1GB", "redis": null, "redis_timeout": "50ms", "memory_ttl": "10s"},
            "limits": {"requests": null, "tokens": null, "cost": null, "concurrency": null, "rules": {},
                "quotas": {"pace": false, "max_wait": "10s"}, "path": null, "redis": null},
            "budgets": {},
            "credits": {"path": null, "wallets": {}},
            "currencies": {},
            "retries": {"max_attempts": 1, "delay": "500ms", "backoff": "exponential", "jitter_percent": 0,
                "on": ["not_sent", "maybe_processed", 408, 425, 429, "5xx"], "budget_percent": 10},
            "timeouts": {"connect": "10s", "first_byte": null, "total": null, "between_chunks": "10m"},
            "hedging": {"after": null, "percentile": null, "to": "next", "budget_percent": 10},
            "providers": {},
            "prices": {},
            "models": {},
            "routes": {},
            "streams": {"broken": "error", "hold_tokens": 20},
            "translation": {"strict": false},
            "logs": {
                "enabled": true, "path": null, "payloads": true, "max_records": null, "when_full": "delete_oldest",
                "durability": "group",
            },
            "uploads": {},
            "server": {"port": 0, "token": null},
        })
    );
}

const WHOLE: &str = r#"
id = "shop"
[cache]
ttl = "1h"
max_bytes = "64MiB"
max_entry_bytes = 1000
[limits]
requests = { limit = 100, per = "1m", technique = "sliding" }
[retries]
max_attempts = 5
delay = "5s"
backoff = "constant"
jitter_percent = 50
on = ["not_sent", 429, "503"]
budget_percent = 0
[timeouts]
connect = "250ms"
first_byte = "0"
total = "2m"
between_chunks = "30s"
[providers.openai]
key = "sk-canary"
[providers.house]
base_url = "http://localhost:9000/v1"
key_env = "HOUSE_KEY"
format = "anthropic"
headers = { "x-team" = "canary" }
[prices."openai/gpt-4.1"]
input = "2.50 USD"
output = "10 USD"
cache_read = "0.000000001 USD"
[models."openai/gpt-4.1"]
context_tokens = 1000000
images = true
[routes.fast]
try = ["openai/gpt-4.1", "custom-house/small"]
strategy = "weighted"
weights = { "custom-house/small" = 3 }
on = ["outage"]
instead = { refusal = ["custom-house/large"] }
max_price = { input = "3 USD" }
breaker = { failures = 2, pause = "1m" }
first_byte = "2s"
hedge_after = "1s"
[hedging]
after = "3s"
percentile = 90
to = "same"
budget_percent = 5
[streams]
broken = "restart"
hold_tokens = 5
[logs]
enabled = false
path = "tollhouse.db"
payloads = false
max_records = 10
when_full = "stop_inserting"
[server]
port = 8787
token = "canary"
"#;

#[test]
fn every_key_is_taken() {
    let config = Config::from_toml(WHOLE).unwrap();
    assert_eq!(config.cache.ttl(), Some(Duration::from_secs(3600)));
    assert_eq!((config.cache.max_bytes.bytes(), config.cache.max_entry_bytes.bytes()), (64 << 20, 1000));
    let (path, count, rule) = config.limits.active().next().unwrap();
    assert_eq!((path.as_str(), count, rule.limit), ("limits.requests", Count::Requests, Ceiling::Number(100)));
    assert_eq!((rule.per, rule.technique), (Some(Span::from_millis(60_000)), Some(Technique::Sliding)));
    assert_eq!((config.retries.max_attempts, config.retries.backoff), (5, Backoff::Constant));
    assert_eq!((config.retries.jitter_percent, config.retries.budget_percent), (50, 0));
    assert_eq!(config.retries.on, [Cause::NotSent, Cause::Status(429), Cause::Status(503)]);
    assert_eq!(config.timeouts.connect.millis(), 250);
    assert_eq!(config.timeouts.total(), Some(Duration::from_secs(120)));
    assert_eq!((config.timeouts.first_byte(), config.timeouts.between_chunks().unwrap().as_secs()), (None, 30));
    assert_eq!(config.providers["openai"].key.as_ref().unwrap().expose(), "sk-canary");
    assert_eq!(config.providers["house"].format, Some(Format::Anthropic));
    let price = &config.prices["openai/gpt-4.1"];
    assert_eq!(
        (price.input.map(Money::nano_usd), price.output.map(Money::nano_usd)),
        (Some(2_500_000_000), Some(10_000_000_000))
    );
    assert_eq!((price.cache_read.map(Money::nano_usd), price.cache_write), (Some(1), None));
    assert_eq!(
        (config.models["openai/gpt-4.1"].context_tokens, config.models["openai/gpt-4.1"].tools),
        (Some(1_000_000), None)
    );
    let route = &config.routes["fast"];
    assert_eq!((route.models.len(), route.strategy, route.weights["custom-house/small"]), (2, Strategy::Weighted, 3));
    assert_eq!((route.on.as_slice(), route.instead.refusal.len()), ([crate::record::Failure::Outage].as_slice(), 1));
    assert_eq!((route.breaker.failures, route.breaker.pause.millis()), (2, 60_000));
    assert_eq!(
        (route.hedge_after, config.hedging.after()),
        (Some(Span::from_millis(1_000)), Some(Duration::from_secs(3)))
    );
    assert_eq!(
        (config.hedging.percentile, config.hedging.to, config.hedging.budget_percent),
        (Some(90), HedgeTo::Same, 5)
    );
    assert_eq!((config.streams.broken, config.streams.hold_tokens), (Broken::Restart, 5));
    assert_eq!((config.logs.max_records, config.logs.when_full), (Some(10), WhenFull::StopInserting));
    assert!(config.server.token.as_ref().unwrap().matches("canary"));
}

#[test]
fn secrets_are_not_shown() {
    let config = Config::from_toml(WHOLE).unwrap();
    let shown = config.to_json();
    assert_eq!(shown["providers"]["openai"]["key"], "set");
    assert_eq!(shown["providers"]["house"]["headers"]["x-team"], "set");
    assert_eq!(shown["server"]["token"], "set");
    assert!(!format!("{config:?}{shown}").contains("canary"));
    let error = Config::from_json(&shown.to_string()).unwrap_err();
    assert_eq!(error.field(), Some("providers.house.headers.x-team"));
}

#[test]
fn what_is_in_force_can_be_read_again() {
    let without_secrets = WHOLE.replace("key = \"sk-canary\"", "").replace("\"x-team\" = \"canary\"", "");
    let config = Config::from_toml(&without_secrets.replace("token = \"canary\"", "")).unwrap();
    assert_eq!(Config::from_json(&config.to_json().to_string()).unwrap().to_json(), config.to_json());
}

#[test]
fn errors_never_repeat_a_secret() {
    for toml in [
        "providers = \"canary\"",
        "providers.openai = \"canary\"",
        "providers.openai.key = [\"canary\"]",
        "providers.openai.key = { canary = 1 }",
        "providers.openai.key = 4711",
        "providers.openai.api_key = \"canary\"",
        "providers.openai.key_env = \"sk-canary\"",
        "providers.openai.key = \"x\"\nproviders.openai.key_env = \"canary\"",
        "providers.openai.headers = \"canary\"",
        "providers.openai.headers.x = [\"canary\"]",
        "providers.openai.base_url = \"https://me:canary@host\"",
        "providers.openai.base_url = \"https://host/?key=canary\"",
        "providers.openai.base_url = \"canary\"",
        "providers.openai.base_url = \"ftp://canary\"",
        "server.token = [\"canary\"]",
        "server = \"canary\"",
        "server.port = \"canary\"",
        "server.token = \"canary",
        "server.token = canary",
        "server.token = \"set\" \"canary\"",
    ] {
        let error = Config::from_toml(toml).unwrap_err();
        assert!(
            !format!("{error}{error:?}").contains("canary") && !error.message().contains("4711"),
            "{toml}: {error}"
        );
        assert!(error.message().contains("line "), "{toml}: {error}");
    }
    for cut in (0..WHOLE.len()).filter(|cut| WHOLE.is_char_boundary(*cut)) {
        let error = Config::from_toml(&WHOLE[..cut]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!error.contains("canar"), "cut at {cut}: {error}");
    }
    let error = Config::from_json("{\"server\": {\"token\": \"canary\" \"canary\"}}").unwrap_err();
    assert_eq!(error.to_string(), "not a JSON document: expected `,` or `}` (line 1)");
}

#[test]
fn unknown_keys_name_the_nearest() {
    refused("[cache]\ntll = \"1h\"", "config error at cache.tll: unknown key; did you mean \"ttl\"? (line 2)");
    refused("cahce.ttl = 1", "config error at cahce: unknown key; did you mean \"cache\"? (line 1)");
    refused(
        "providers.openai.api_key = \"x\"",
        "config error at providers.openai.api_key: unknown key; did you mean \"key\"? (line 1)",
    );
    refused(
        "[server]\n\nhost = \"0.0.0.0\"",
        "config error at server.host: unknown key; the keys here are port, token (line 3)",
    );
    refused(
        "limits.requests = { limit = 1, per = \"1m\", span = \"1m\" }",
        "config error at limits.requests.span: unknown key; the keys here are count, limit, per, technique, by, when, \
         mode, when_full, max_wait (line 1)",
    );
    let error = Config::from_json(r#"{"cache": {"tll": "1h"}}"#).unwrap_err();
    assert_eq!(error.field(), Some("cache.tll"));
}

#[test]
fn wrong_values_say_what_was_expected() {
    refused(
        "limits.requests = { limit = 1, per = \"1 minute\" }",
        "config error at limits.requests.per: \"1 minute\" is not a duration; did you mean \"1m\"? (line 1)",
    );
    refused("limits.requests.limit = 1", "config error at limits.requests.per: this key is required (line 1)");
    refused("cache = 1", "config error at cache: expected a table of settings, found a whole number (line 1)");
    refused("logs.enabled = 1", "config error at logs.enabled: expected true or false, found a whole number (line 1)");
    refused("logs.path = true", "config error at logs.path: expected a text, found true or false (line 1)");
    refused(
        "server.port = 70000",
        "config error at server.port: out of range; expected a whole number from 0 to 65535 (line 1)",
    );
    refused(
        "[prices.\"openai/gpt-4.1\"]\ninput = \"1 USD\"\noutput = 2.5",
        "config error at prices.openai/gpt-4.1.output: 2.5 has no unit; write \"2.5 USD\" (line 3)",
    );
    refused(
        "retries.backoff = \"linaer\"",
        "config error at retries.backoff: \"linaer\" is not one of constant, linear, exponential; did you mean \"linear\"? \
         (line 1)",
    );
    refused("x = = 1", "not a TOML document: extra `=`, expected nothing (line 1)");
    let error = Config::from_json("[]").unwrap_err();
    assert_eq!((error.field(), error.message()), (None, "expected a value or a table, found a list"));
    refused("cache = [\"1h\"]", "config error at cache: expected a value or a table, found a list (line 1)");
}

#[test]
fn ranges_are_kept() {
    for (field, good, bad) in [
        ("cache.ttl", &["\"0\"", "0", "\"1s\"", "\"31d\""][..], &["\"999ms\"", "\"1ms\"", "\"744h1s\"", "\"32d\""][..]),
        ("retries.max_attempts", &["1", "5"], &["0", "6", "300", "-1"]),
        ("retries.delay", &["\"0\"", "\"5s\""], &["\"5001ms\"", "\"-1s\""]),
        ("timeouts.connect", &["\"1ms\"", "\"1d\""], &["\"0\"", "\"2d\""]),
        ("timeouts.first_byte", &["\"0\"", "\"1d\""], &["\"2d\""]),
        ("timeouts.between_chunks", &["\"0\"", "\"1d\""], &["\"2d\""]),
        ("logs.max_records", &["1"], &["0", "-1"]),
        ("id", &["\"a.b_c-D\""], &["\"\"", "\"a/b\"", "\"a b\"", "\"é\""]),
        ("cache.max_bytes", &["0", "\"0B\""], &["-1", "1.5", "\"-1B\""]),
    ] {
        for value in good {
            Config::from_toml(&format!("{field} = {value}")).unwrap();
        }
        for value in bad {
            let error = Config::from_toml(&format!("{field} = {value}")).unwrap_err();
            assert_eq!(error.field(), Some(field), "{value}: {error}");
        }
    }
    refused(
        "cache.ttl = \"999ms\"",
        "config error at cache.ttl: 999ms is outside 1s to 31d; \"0\" switches the cache off (line 1)",
    );
    assert!(Config::from_toml("limits.requests = { limit = 1, per = \"32d\" }").is_err());
}

#[test]
fn a_receiver_of_logs_is_checked_as_a_whole() {
    let canary = "sk-canary";
    for (key, bad) in [
        ("to", "\"ftp://x\"".to_owned()),
        ("to", format!("\"https://me:{canary}@x/\"")),
        ("to", "\"https://x/?a=b\"".to_owned()),
        ("key", "\"\"".to_owned()),
        ("key_env", "\"two words\"".to_owned()),
        ("headers", format!("{{ \"a b\" = \"{canary}\" }}")),
        ("headers", format!("{{ x = \"{canary}\\n1\" }}")),
        ("batch_records", "0".to_owned()),
        ("batch_records", "10001".to_owned()),
        ("batch_bytes", "\"1B\"".to_owned()),
        ("batch_age", "\"2h\"".to_owned()),
        ("max_bytes", "\"1KB\"".to_owned()),
    ] {
        let to = if key == "to" { "" } else { "to = \"https://x/\"\n" };
        let error = Config::from_toml(&format!("[uploads.fleet]\n{to}{key} = {bad}")).unwrap_err();
        assert_eq!(error.field(), Some(format!("uploads.fleet.{key}").as_str()), "{bad}: {error}");
        assert!(!error.to_string().contains(canary), "{error}");
    }
    let missing = Config::from_toml("[uploads.fleet]").unwrap_err();
    assert_eq!(missing.field(), Some("uploads.fleet.to"));
    assert!(Config::from_toml("[uploads.\"a b\"]\nto = \"https://x/\"").is_err());
    let whole = "[uploads.fleet]\nto = \"http://x:1/y\"\nkey = \"sk-canary\"\nbatch_age_ms = 5\nheaders = { a = \"sk-canary\" }";
    let config = Config::from_toml(whole).unwrap();
    assert!(!config.to_json().to_string().contains(canary) && !format!("{config:?}").contains(canary));
}

#[test]
fn zero_switches_off() {
    assert_eq!(Config::from_toml("cache.ttl = \"0\"").unwrap().cache.ttl(), None);
    for rule in ["{ limit = 0, per = \"1m\" }", "{ limit = 5, per = \"0\" }"] {
        assert_eq!(Config::from_toml(&format!("limits.requests = {rule}")).unwrap().limits.active().count(), 0);
    }
}

#[test]
fn durations_may_be_milliseconds() {
    let config =
        Config::from_json(r#"{"cache": {"ttl_ms": 90000}, "limits": {"requests": {"limit": 1, "per_ms": 1}}}"#);
    let config = config.unwrap();
    let rule = config.limits.requests.unwrap();
    assert_eq!((config.cache.ttl().unwrap().as_secs(), rule.per.unwrap().millis()), (90, 1));
    refused(
        "cache = { ttl = \"1h\", ttl_ms = 1 }",
        "config error at cache.ttl_ms: ttl and ttl_ms say the same; keep one of them (line 1)",
    );
    for bad in ["\"1h\"", "1.5", "-1"] {
        let error = Config::from_toml(&format!("[retries]\ndelay_ms = {bad}")).unwrap_err();
        assert_eq!(error.field(), Some("retries.delay_ms"));
        assert!(error.message().ends_with("with a unit it is called delay (line 2)"), "{error}");
    }
}

#[test]
fn providers_and_prices_have_their_forms() {
    for (toml, field) in [
        ("providers.OpenAI = {}", "providers.OpenAI"),
        ("providers.\"a/b\" = {}", "providers.a/b"),
        ("providers.x.base_url = \"https://host#a\"", "providers.x.base_url"),
        ("providers.x.base_url = \"host/path\"", "providers.x.base_url"),
        ("providers.x = { key = \"a\", key_env = \"B\" }", "providers.x.key_env"),
        ("providers.x.key = \" \"", "providers.x.key"),
        ("prices.gpt = { input = \"1 USD\", output = \"1 USD\" }", "prices.gpt"),
        ("prices.\"openai/gpt\" = {}", "prices.openai/gpt"),
        ("prices.\"openai/*\" = { discount_percent = 101 }", "prices.openai/*.discount_percent"),
        ("prices.\"openai/gpt\" = { discount_percent = 1, input = \"1 USD\" }", "prices.openai/gpt.discount_percent"),
    ] {
        assert_eq!(Config::from_toml(toml).unwrap_err().field(), Some(field));
    }
}

#[test]
fn files_are_named_in_errors() {
    let directory = std::env::temp_dir().join(format!("tollhouse-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    assert_eq!(Config::discover_in(&directory).unwrap().id, "default", "no file is no error");

    let toml = directory.join("tollhouse.toml");
    std::fs::write(&toml, "\u{feff}id = \"found\"").unwrap();
    assert_eq!(Config::discover_in(&directory).unwrap().id, "found");
    std::fs::write(&toml, "\ncache.tll = 1").unwrap();
    let error = Config::from_file(&toml).unwrap_err();
    let place = format!("({}, line 2)", toml.display());
    assert_eq!(error.message(), format!("unknown key; did you mean \"ttl\"? {place}"));

    let json = directory.join("gateway.JSON");
    std::fs::write(&json, r#"{"cache": {"tll": 1}}"#).unwrap();
    let error = Config::from_file(&json).unwrap_err();
    assert_eq!(error.message(), format!("unknown key; did you mean \"ttl\"? ({})", json.display()));

    let absent = directory.join("absent.toml");
    let error = Config::from_file(&absent).unwrap_err();
    assert!(error.message().contains(&absent.display().to_string()), "{error}");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn editors_may_name_the_schema() {
    assert_eq!(Config::from_json(r#"{"$schema": "./config.schema.json", "id": "a"}"#).unwrap().id, "a");
}
