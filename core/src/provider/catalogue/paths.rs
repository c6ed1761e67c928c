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
    /// What to put before `path`, which has no leading slash and no query.
    pub(super) fn before(&self, path: &str) -> Option<&'static str> {
        let root = self.root?;
        let first = path.split('/').next().unwrap_or_default();
        if self.native.contains(&first) || starts_with(path, root) {
            return None;
        }
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

/// Whether `path` begins with the whole segments of `start`.
pub(super) fn starts_with(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `v2`, `v1beta`: such a path brings the root of another version of the API.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
