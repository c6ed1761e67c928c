//! From a path to what is asked of whom. Folders before a known path are prefixes, so one server plays all providers.

use http::Method;

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Chat,
    Responses,
    Embeddings,
    Files,
    Transcriptions,
    Models,
    Messages,
    Generate,
    CohereChat,
    WorkersRun,
    Unknown,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) provider: String,
    pub(crate) route: Route,
    pub(crate) model: Option<String>,
    /// The path itself asks for a stream, as Gemini's do.
    pub(crate) streams: bool,
}

/// Finds the first known path that `path` ends with.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    (0..segments.len()).find_map(|start| known(method, &segments[..start], &segments[start..])).unwrap_or_else(|| {
        Found { provider: provider(&segments, Route::Unknown), route: Route::Unknown, model: None, streams: false }
    })
}

fn known(method: &Method, prefix: &[&str], path: &[&str]) -> Option<Found> {
    let (route, model, action) = match (method.as_str(), path.strip_prefix(&["v1"]).unwrap_or(path)) {
        ("POST", ["chat", "completions"]) => (Route::Chat, None, ""),
        ("POST", ["responses"]) => (Route::Responses, None, ""),
        ("POST", ["embeddings"]) => (Route::Embeddings, None, ""),
        ("POST", ["files"]) => (Route::Files, None, ""),
        ("POST", ["audio", "transcriptions"]) => (Route::Transcriptions, None, ""),
        ("GET", ["models"]) => (Route::Models, None, ""),
        ("POST", ["messages"]) => (Route::Messages, None, ""),
        ("POST", ["v2", "chat"]) => (Route::CohereChat, None, ""),
        ("POST", ["v1beta", "models", target] | ["models", target]) => {
            let (model, action) = target.split_once(':')?;
            (Route::Generate, Some(model.to_owned()), action)
        }
        (
            "POST",
            ["client", "v4", "accounts", _, "ai", "run", model @ ..] | ["ai", "run", model @ ..] | model @ ["@cf", ..],
        ) if !model.is_empty() => (Route::WorkersRun, Some(model.join("/")), ""),
        _ => return None,
    };
    if route == Route::Generate && !matches!(action, "generateContent" | "streamGenerateContent") {
        return None;
    }
    Some(Found { provider: provider(prefix, route), route, model, streams: action == "streamGenerateContent" })
}

/// The first folder of the prefix, or the provider whose path it is without one.
fn provider(prefix: &[&str], route: Route) -> String {
    let own = match route {
        Route::Messages => "anthropic",
        Route::Generate => "google-ai-studio",
        Route::CohereChat => "cohere",
        Route::WorkersRun => "workers-ai",
        _ => "openai",
    };
    match prefix.first() {
        // Workers AI's paths in OpenAI's format: `/client/v4/accounts/{account}/ai/v1/...`.
        Some(&"client") => "workers-ai".to_owned(),
        Some(folder) => (*folder).to_owned(),
        None => own.to_owned(),
    }
}

/// Percent-decoding: SDKs send `@cf` and `:generateContent` in both forms.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_name_the_provider() {
        for (path, provider, route, model) in [
            ("/v1/chat/completions", "openai", Route::Chat, None),
            ("/openai/chat/completions", "openai", Route::Chat, None),
            ("/groq/openai/v1/chat/completions", "groq", Route::Chat, None),
            ("/client/v4/accounts/a1/ai/v1/chat/completions", "workers-ai", Route::Chat, None),
            ("/anthropic/v1/messages", "anthropic", Route::Messages, None),
            ("/v2/chat", "cohere", Route::CohereChat, None),
            ("/v1beta/models/gemini-x:generateContent", "google-ai-studio", Route::Generate, Some("gemini-x")),
            ("/g/v1/models/gemini-x%3AgenerateContent", "g", Route::Generate, Some("gemini-x")),
            ("/client/v4/accounts/a1/ai/run/@cf/meta/llama", "workers-ai", Route::WorkersRun, Some("@cf/meta/llama")),
            ("/workers-ai/%40cf/meta/llama", "workers-ai", Route::WorkersRun, Some("@cf/meta/llama")),
            ("/v1beta/models/gemini-x:countTokens", "v1beta", Route::Unknown, None),
        ] {
            let found = find(&Method::POST, path);
            assert_eq!(
                (found.provider.as_str(), found.route, found.model.as_deref()),
                (provider, route, model),
                "{path}"
            );
        }
        assert_eq!(find(&Method::GET, "/v1/chat/completions").route, Route::Unknown);
        assert!(find(&Method::POST, "/v1beta/models/m:streamGenerateContent").streams);
    }
}
