//! Who pays: contract lines 42, 79, 80 and 85.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{catalogue, catalogue_with, refused};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    pairs.iter().map(pair).collect()
}

#[test]
fn keys_come_from_the_configuration_or_the_environment() {
    let environment =
        [("OPENAI_API_KEY", " env-key\n"), ("GEMINI_API_KEY", "g"), ("MINE", "mine"), ("GROQ_API_KEY", " ")];
    let sent = |toml: &str, slug: &str| {
        let mut sent = HeaderMap::new();
        catalogue_with(toml, &environment).unwrap().find(slug).unwrap().authorize(&mut sent, None);
        sent
    };
    assert_eq!(sent("", "openai")[AUTHORIZATION], "Bearer env-key");
    assert_eq!(sent("providers.openai.key = \"own\"", "openai")[AUTHORIZATION], "Bearer own");
    assert_eq!(sent("providers.openai.key_env = \"MINE\"", "openai")[AUTHORIZATION], "Bearer mine");
    assert_eq!(sent("", "google")["x-goog-api-key"], "g");
    assert_eq!(sent("providers.anthropic.key = \"a\"", "anthropic")["x-api-key"], "a");
    assert_eq!(sent("providers.h = { base_url = \"http://h\", key = \"c\" }", "custom-h")[AUTHORIZATION], "Bearer c");
    assert!(sent("", "groq").is_empty(), "an empty variable is no key");
    assert!(sent("", "mistral").is_empty());
    refused(
        "providers.openai.key_env = \"MINE\"",
        "config error at providers.openai.key_env: the environment variable MINE is not set; set it, or leave key_env out",
    );
    let error = catalogue_with("", &[("OPENAI_API_KEY", "sk-canary\nsk-2")]).unwrap_err();
    assert_eq!(error.field(), Some("providers.openai.key"));
    assert!(!error.to_string().contains("canary"));
}

#[test]
fn the_callers_key_goes_first() {
    let toml =
        "providers.anthropic.key = \"stored\"\nproviders.google.key = \"stored\"\nproviders.openai.key = \"stored\"";
    let catalogue = catalogue(toml);
    for (slug, own) in [
        ("openai", ("authorization", "Bearer mine")),
        ("openai", ("authorization", "Bearer CF_TEMP_TOKEN_2")),
        ("anthropic", ("x-api-key", "mine")),
        ("anthropic", ("authorization", "Bearer mine")),
        ("google", ("authorization", "Bearer mine")),
    ] {
        let mut sent = headers(&[own]);
        catalogue.find(slug).unwrap().authorize(&mut sent, None);
        assert_eq!(sent, headers(&[own]), "{slug}");
        assert_eq!(catalogue.find(slug).unwrap().credential(&sent).unwrap(), own.1);
    }
    let mut sent = HeaderMap::new();
    catalogue.find("google").unwrap().authorize(&mut sent, Some("alt=sse&key=mine"));
    assert!(sent.is_empty(), "the key is in the query");
    catalogue.find("google").unwrap().authorize(&mut sent, Some("alt=sse&key="));
    assert_eq!(sent["x-goog-api-key"], "stored");
}

#[test]
fn placeholders_count_as_no_key() {
    let catalogue = catalogue("providers.anthropic.key = \"stored\"\nproviders.openai.key = \"stored\"");
    for placeholder in ["Bearer CF_TEMP_TOKEN", "CF_TEMP_TOKEN", "bearer tollhouse", "Bearer", "Bearer ", ""] {
        let mut sent = headers(&[("authorization", placeholder)]);
        assert_eq!(catalogue.find("openai").unwrap().credential(&sent), None);
        catalogue.find("openai").unwrap().authorize(&mut sent, None);
        assert_eq!(sent, headers(&[("authorization", "Bearer stored")]), "{placeholder}");
    }
    let anthropic = catalogue.find("anthropic").unwrap();
    let mut sent = headers(&[("x-api-key", "CF_TEMP_TOKEN"), ("authorization", "Bearer tollhouse")]);
    anthropic.authorize(&mut sent, None);
    assert_eq!(sent, headers(&[("x-api-key", "stored")]));
    let mut sent = headers(&[("x-api-key", "mine"), ("authorization", "Bearer CF_TEMP_TOKEN")]);
    anthropic.authorize(&mut sent, None);
    assert_eq!(sent, headers(&[("x-api-key", "mine")]));
    let mut sent = headers(&[("authorization", "Bearer CF_TEMP_TOKEN")]);
    catalogue.find("groq").unwrap().authorize(&mut sent, None);
    assert!(sent.is_empty(), "a placeholder never reaches a provider");
}

#[test]
fn a_bearer_token_moves_to_the_providers_own_header() {
    let catalogue = catalogue("providers.anthropic.key = \"stored\"\nproviders.google.key = \"stored\"");
    let chat = |slug: &str, pairs: &[(&'static str, &str)]| {
        let mut sent = headers(pairs);
        catalogue.find(slug).unwrap().authorize_any(crate::provider::Dialect::Chat, &mut sent);
        sent
    };
    assert_eq!(chat("anthropic", &[("authorization", "Bearer mine")]), headers(&[("x-api-key", "mine")]));
    assert_eq!(chat("anthropic", &[("authorization", "Bearer tollhouse")]), headers(&[("x-api-key", "stored")]));
    assert_eq!(chat("anthropic", &[("x-api-key", "mine")]), headers(&[("x-api-key", "mine")]));
    assert_eq!(chat("google", &[]), headers(&[("x-goog-api-key", "stored")]));
    assert_eq!(chat("google", &[("authorization", "Bearer mine")]), headers(&[("x-goog-api-key", "mine")]));
    assert_eq!(chat("openai", &[("authorization", "Bearer mine")]), headers(&[("authorization", "Bearer mine")]));
}

#[test]
fn configured_headers_fill_in() {
    let catalogue = catalogue("providers.openai.headers = { \"OpenAI-Organization\" = \"org\", x-team = \"canary\" }");
    let openai = catalogue.find("openai").unwrap();
    let mut sent = headers(&[("x-team", "own")]);
    openai.authorize(&mut sent, None);
    assert_eq!(sent, headers(&[("x-team", "own"), ("openai-organization", "org")]));
    assert!(!format!("{openai:?}").contains("canary"));
    refused(
        "providers.openai.headers.\"a b\" = \"c\"",
        "config error at providers.openai.headers.a b: not a header's name",
    );
    refused(
        "providers.openai.headers.a = \"b\\nc\"",
        "config error at providers.openai.headers.a: not a header's value",
    );
}

/// A private key in a header would give away more than a call.
#[test]
fn a_key_that_is_exchanged_is_never_sent() {
    let vertex = catalogue("").find("google-vertex-ai").unwrap().clone();
    for canary in [r#"{"client_email": "a", "private_key": "canary"}"#, "eyJhIjogImNhbmFyeSJ9"] {
        let mut sent = HeaderMap::new();
        vertex.lend(&mut sent, &canary.into());
        assert!(sent.is_empty(), "{sent:?}");
        let error = catalogue_with(&format!("providers.google-vertex-ai.keys = ['t', '{canary}']"), &[]).unwrap_err();
        assert_eq!(error.field(), Some("providers.google-vertex-ai.keys[1]"));
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let mut sent = HeaderMap::new();
    vertex.lend(&mut sent, &"ya29.token".into());
    assert_eq!(sent[AUTHORIZATION], "Bearer ya29.token");
}
