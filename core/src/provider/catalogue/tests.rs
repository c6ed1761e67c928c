//! Names, places and paths: contract lines 5, 8 and 9. The environment is made up.

mod aws;
mod keys;
mod places;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::*;
use crate::usage::Format;

fn catalogue_with(toml: &str, environment: &[(&str, &str)]) -> Result<Catalogue, Error> {
    let config = Config::from_toml(toml).unwrap();
    Catalogue::new(&config, &[], &|name| {
        environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
}

fn catalogue(toml: &str) -> Catalogue {
    catalogue_with(toml, &[("CLOUDFLARE_ACCOUNT_ID", "acc")]).unwrap()
}

#[track_caller]
fn refused(toml: &str, message: &str) {
    assert_eq!(catalogue_with(toml, &[]).unwrap_err().to_string(), message);
}

#[test]
fn paths_become_urls_of_the_provider() {
    let catalogue = catalogue("");
    let cloudflare = "https://api.cloudflare.com/client/v4/accounts/acc/ai";
    for (slug, rest, url) in [
        ("openai", "chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("openai", "v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("openai", "/v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("openai", "v1beta/thing", "https://api.openai.com/v1beta/thing"),
        ("openai", "", "https://api.openai.com/v1"),
        ("anthropic", "v1/messages", "https://api.anthropic.com/v1/messages"),
        ("anthropic", "messages", "https://api.anthropic.com/v1/messages"),
        (
            "google",
            "v1beta/models/g:generateContent",
            "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent",
        ),
        ("groq", "chat/completions", "https://api.groq.com/openai/v1/chat/completions"),
        ("groq", "openai/v1/chat/completions", "https://api.groq.com/openai/v1/chat/completions"),
        ("groq", "v1/chat/completions", "https://api.groq.com/openai/v1/chat/completions"),
        ("openrouter", "v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions"),
        ("openrouter", "chat/completions", "https://openrouter.ai/api/v1/chat/completions"),
        ("openrouter", "api/v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions"),
        ("deepseek", "chat/completions", "https://api.deepseek.com/chat/completions"),
        ("deepseek", "beta/completions", "https://api.deepseek.com/beta/completions"),
        ("perplexity", "chat/completions", "https://api.perplexity.ai/chat/completions"),
        ("cohere", "v2/chat", "https://api.cohere.ai/v2/chat"),
        ("cohere", "chat/completions", "https://api.cohere.ai/compatibility/v1/chat/completions"),
        ("deepinfra", "chat/completions", "https://api.deepinfra.com/v1/openai/chat/completions"),
        ("deepinfra", "v1/inference/a/b", "https://api.deepinfra.com/v1/inference/a/b"),
        ("huggingface", "chat/completions", "https://router.huggingface.co/v1/chat/completions"),
        ("huggingface", "bigcode/starcoder", "https://router.huggingface.co/hf-inference/models/bigcode/starcoder"),
        ("ollama", "api/chat", "http://localhost:11434/api/chat"),
        ("ollama", "chat/completions", "http://localhost:11434/v1/chat/completions"),
        ("workers-ai", "@cf/meta/llama-3.1-8b-instruct", &format!("{cloudflare}/run/@cf/meta/llama-3.1-8b-instruct")),
        ("workers-ai", "run/@cf/meta/llama", &format!("{cloudflare}/run/@cf/meta/llama")),
        ("workers-ai", "v1/chat/completions", &format!("{cloudflare}/v1/chat/completions")),
        ("workers-ai", "chat/completions", &format!("{cloudflare}/v1/chat/completions")),
    ] {
        assert_eq!(catalogue.find(slug).unwrap().url(rest, None), url, "{slug} {rest}");
    }
}

#[test]
fn queries_are_kept() {
    let catalogue = catalogue("providers.house.base_url = \"https://house.example/api/\"");
    let openai = catalogue.find("openai").unwrap();
    assert_eq!(openai.url("files", Some("limit=1&x=%20")), "https://api.openai.com/v1/files?limit=1&x=%20");
    assert_eq!(openai.url("files?limit=1", None), "https://api.openai.com/v1/files?limit=1");
    assert_eq!(openai.url("files?limit=1", Some("x=2")), "https://api.openai.com/v1/files?limit=1&x=2");
    assert_eq!(openai.url("files?", Some("")), "https://api.openai.com/v1/files");
    assert_eq!(catalogue.find("custom-house").unwrap().url("p/q", Some("r")), "https://house.example/api/p/q?r");
}

#[test]
fn a_configured_place_takes_the_root_once() {
    for base in ["http://localhost:9", "http://localhost:9/", "http://localhost:9/v1", "http://localhost:9/v1/"] {
        let catalogue = catalogue(&format!("providers.openai.base_url = \"{base}\""));
        let openai = catalogue.find("openai").unwrap();
        assert_eq!(openai.url("chat/completions", None), "http://localhost:9/v1/chat/completions", "{base}");
        assert_eq!(openai.url("v1/chat/completions", None), "http://localhost:9/v1/chat/completions", "{base}");
    }
    let catalogue = catalogue("providers.groq.base_url = \"https://proxy.example/groq/openai/v1\"");
    assert_eq!(catalogue.find("groq").unwrap().url("models", None), "https://proxy.example/groq/openai/v1/models");
}

#[test]
fn names_and_aliases_are_found() {
    let catalogue =
        catalogue("providers.house.base_url = \"http://h\"\nproviders.custom-openai.base_url = \"http://o\"");
    for (name, slug) in
        [("xai", "grok"), ("google", "google-ai-studio"), ("gemini", "google-ai-studio"), ("openai", "openai")]
    {
        assert_eq!(catalogue.find(name).unwrap().slug, slug);
    }
    assert_eq!(catalogue.find("custom-house").unwrap().format, Format::Openai);
    assert_eq!(catalogue.find("custom-openai").unwrap().base_url, "http://o");
    assert_eq!(catalogue.find("openai").unwrap().base_url, "https://api.openai.com");
    for name in ["house", "compat", "", "OpenAI"] {
        assert!(catalogue.find(name).is_none(), "{name}");
    }
    assert_eq!(catalogue.nearest("opnai"), Some("openai"));
    let slugs: Vec<&str> = catalogue.slugs().collect();
    assert_eq!((slugs[0], &slugs[slugs.len() - 2..]), ("openai", &["custom-openai", "custom-house"][..]));
}

#[test]
fn settings_under_an_alias_are_the_providers_own() {
    let catalogue = catalogue("providers.xai.key = \"k\"");
    let mut sent = HeaderMap::new();
    catalogue.find("grok").unwrap().authorize(&mut sent, None);
    assert_eq!(sent[AUTHORIZATION], "Bearer k");
    refused(
        "providers.xai.key = \"k\"\nproviders.grok.key = \"l\"",
        "config error at providers.xai: grok and xai are the same provider; keep one of them",
    );
}

#[test]
fn unknown_providers_are_refused() {
    refused(
        "providers.opnai.key = \"k\"",
        "config error at providers.opnai: not in the catalogue; did you mean \"openai\"? A provider of your own needs a base_url",
    );
    refused(
        "providers.house.key = \"k\"",
        "config error at providers.house: not in the catalogue. A provider of your own needs a base_url",
    );
    refused(
        "providers.house.base_url = \"http://h\"\nproviders.custom-house.base_url = \"http://h\"",
        "config error at providers.house: custom-house and house are the same provider; keep one of them",
    );
}

#[test]
fn urls_of_sdks_find_their_provider() {
    let catalogue = catalogue(
        "providers.openai.base_url = \"http://localhost:8000/v1\"\nproviders.house.base_url = \"https://api.openai.com/house\"",
    );
    for (url, slug, rest) in [
        ("https://api.anthropic.com/v1/messages?beta=true", "anthropic", "v1/messages?beta=true"),
        ("https://API.groq.com/openai/v1/models", "groq", "openai/v1/models"),
        ("https://api.openai.com/v1/models", "openai", "v1/models"),
        ("https://api.openai.com/house/x", "custom-house", "x"),
        ("http://localhost:8000/v1/models", "openai", "v1/models"),
        ("https://api.mistral.ai", "mistral", ""),
        ("https://api.mistral.ai?x", "mistral", "?x"),
        ("https://api.cloudflare.com/client/v4/accounts/acc/ai/run/@cf/m", "workers-ai", "run/@cf/m"),
    ] {
        let (provider, found) = catalogue.by_url(url).unwrap();
        assert_eq!((provider.slug.as_str(), found.as_ref()), (slug, rest), "{url}");
    }
    for url in [
        "https://api.openai.com.evil.example/v1/models",
        "https://api.openai.com@evil.example/v1",
        "http://api.openai.com/v1/models",
        "https://api.cloudflare.com/client/v4/accounts/other/ai/run/@cf/m",
        "/openai/v1/models",
        "",
        "é",
    ] {
        assert!(catalogue.by_url(url).is_none(), "{url}");
    }
    let (openai, rest) = catalogue.by_url("https://api.openai.com/v1/models").unwrap();
    assert_eq!(openai.url(&rest, None), "http://localhost:8000/v1/models");
}

#[test]
fn an_account_id_is_needed_where_the_url_has_one() {
    let without = catalogue_with("", &[]).unwrap();
    let error = without.find("workers-ai").unwrap().ready("@cf/m").unwrap_err();
    assert_eq!(error.field(), Some("providers.workers-ai.base_url"));
    assert!(error.message().contains("CLOUDFLARE_ACCOUNT_ID"), "{error}");
    assert!(without.find("openai").unwrap().ready("@cf/m").is_ok());
    assert!(catalogue("").find("workers-ai").unwrap().ready("@cf/m").is_ok());
    let placed = catalogue_with("providers.workers-ai.base_url = \"http://h/ai\"", &[]).unwrap();
    let workers = placed.find("workers-ai").unwrap();
    assert!(workers.ready("@cf/m").is_ok());
    assert_eq!(workers.url("@cf/m", None), "http://h/ai/run/@cf/m");
}

#[test]
fn paths_have_their_formats() {
    let catalogue = catalogue("providers.house = { base_url = \"http://h\", format = \"anthropic\" }");
    for (slug, rest, format) in [
        ("openai", "responses", Format::Openai),
        ("anthropic", "v1/messages?beta=true", Format::Anthropic),
        ("google", "v1beta/models/g:generateContent", Format::Gemini),
        ("google", "v1beta/openai/chat/completions", Format::Openai),
        ("workers-ai", "@cf/m", Format::WorkersAi),
        ("workers-ai", "chat/completions", Format::Openai),
        ("workers-ai", "v1/chat/completions", Format::Openai),
        ("cohere", "v2/chat", Format::Other),
        ("cohere", "chat/completions", Format::Openai),
        ("ollama", "api/chat", Format::Other),
        ("ollama", "apium", Format::Openai),
        ("deepseek", "anthropic/v1/messages", Format::Anthropic),
        ("lm-studio", "messages", Format::Anthropic),
        ("custom-house", "x", Format::Anthropic),
    ] {
        assert_eq!(catalogue.find(slug).unwrap().format_of(rest), format, "{slug} {rest}");
    }
}

#[test]
fn chat_has_its_place() {
    let catalogue = catalogue("providers.house = { base_url = \"http://h\", format = \"other\" }");
    for (slug, url, format) in [
        ("openai", "https://api.openai.com/v1/chat/completions", Format::Openai),
        ("anthropic", "https://api.anthropic.com/v1/messages", Format::Anthropic),
        ("google", "https://generativelanguage.googleapis.com/v1beta/models", Format::Gemini),
        ("workers-ai", "https://api.cloudflare.com/client/v4/accounts/acc/ai/v1/chat/completions", Format::Openai),
        ("perplexity", "https://api.perplexity.ai/chat/completions", Format::Openai),
        ("cohere", "https://api.cohere.ai/compatibility/v1/chat/completions", Format::Openai),
    ] {
        let provider = catalogue.find(slug).unwrap();
        let chat = provider.chat().unwrap();
        assert_eq!((provider.url(&chat.path, None).as_str(), chat.format), (url, format));
    }
    assert_eq!(catalogue.find("custom-house").unwrap().chat(), None);
}
