//! From the path that a caller writes to the path of the provider's API.
//!
//! Callers write paths as their SDK does, with `/v1` or without: `/openai/chat/completions` and
//! `/openai/v1/chat/completions` are the same call.

/// The part of a provider's row that decides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paths {
    /// The path of the API, such as `openai/v1`.
    pub(super) root: Option<&'static str>,
    /// First segments of paths that are complete without the root.
    pub(super) native: &'static [&'static str],
    /// The path before model ids that stand in the place of a path.
    pub(super) models: Option<&'static str>,
}

/// What an API in OpenAI's format has below its root; anything else may be a model id.
const RESOURCES: [&str; 6] = ["chat", "completions", "embeddings", "files", "models", "responses"];

impl Paths {
    /// Whether `path` needs nothing put before it.
    pub(super) fn is_complete(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or_default();
        self.native.contains(&first) || self.root.is_some_and(|root| starts_with(path, root))
    }

    /// What to put before `path`, which has no leading slash and no query.
    pub(super) fn before(&self, path: &str) -> Option<&'static str> {
        let root = self.root?;
        if self.is_complete(path) {
            return None;
        }
        let first = path.split('/').next().unwrap_or_default();
        // Groq's own SDK says `openai/v1/…`, a base URL that ends in `openai` leaves `v1/…`: only the head is missing.
        for (slash, _) in root.match_indices('/') {
            if starts_with(path, &root[slash + 1..]) {
                return Some(&root[..slash]);
            }
        }
        if is_version(first) {
            return None;
        }
        match self.models {
            Some(models) if !path.is_empty() && !RESOURCES.contains(&first) => Some(models),
            _ => Some(root),
        }
    }
}

/// Whether `path` begins with the whole segments of `start`, of which `*` stands for any.
pub(super) fn starts_with(path: &str, start: &str) -> bool {
    let mut segments = path.split('/');
    start.split('/').all(|pattern| segments.next().is_some_and(|segment| pattern == "*" || pattern == segment))
}

/// `v2`, `v1beta`, `v1p1`: such a path brings the root of another version of the API. `v3-large` is a model.
fn is_version(segment: &str) -> bool {
    let digits = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    segment.strip_prefix('v').is_some_and(|rest| digits(rest) && rest.chars().all(|c| c.is_ascii_alphanumeric()))
}
