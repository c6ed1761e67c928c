//! The data: `catalogue.json`, parsed once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::places::Place;
use crate::provider::Dialect;
use crate::provider::grant::Issuer;
use crate::provider::prefill::Prefill;
use crate::usage::Format;

/// One provider, as its documentation describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// Its name in paths, models and the configuration.
    pub(super) slug: &'static str,
    /// Its name for people.
    pub(super) name: &'static str,
    /// Other names in paths and models.
    #[serde(default)]
    pub(super) aliases: Vec<&'static str>,
    /// Where it is. `{NAME}` stands for an environment variable, `{A|B}` for the first of two that is set.
    pub(super) base_url: &'static str,
    /// Hosts that paths lead to by how they begin; the first that fits counts, before `base_url`.
    #[serde(default)]
    pub(super) places: Vec<Place>,
    /// The path of its API below `base_url`, put before paths that lack it.
    #[serde(default)]
    pub(super) root: Option<&'static str>,
    /// First segments of paths that are complete without the root.
    #[serde(default)]
    pub(super) native: Vec<&'static str>,
    /// The path before model ids that stand in the place of a path.
    #[serde(default)]
    pub(super) models: Option<&'static str>,
    /// Where it takes chats, if that does not follow from its format.
    #[serde(default)]
    pub(super) chat: Option<Chat>,
    /// Where it takes other shapes that callers may speak to any model.
    #[serde(default)]
    pub(super) speaks: BTreeMap<Dialect, &'static str>,
    /// Members of a chat beyond those that every OpenAI-shaped provider takes.
    #[serde(default)]
    pub(super) extras: Vec<&'static str>,
    /// Members of OpenAI's chat that it refuses.
    #[serde(default)]
    pub(super) lacks: Vec<&'static str>,
    /// The format of its bodies.
    #[serde(default = "openai")]
    pub(super) format: Format,
    /// Other formats, by the beginning of the path; `*` stands for any segment.
    #[serde(default)]
    pub(super) formats: BTreeMap<&'static str, Format>,
    /// How its key is sent.
    #[serde(default)]
    pub(super) auth: Auth,
    /// The header in which its own SDK tells a proxy where a call is to go.
    #[serde(default)]
    pub(super) target_header: Option<&'static str>,
    /// How its calls are signed, where a key is not sent itself.
    #[serde(default)]
    pub(super) sign: Option<Sign>,
    /// Who gives out tokens for it, where a key is not sent itself.
    #[serde(default)]
    pub(super) grant: Option<Issuer>,
    /// How it takes the beginning of an answer, if it does.
    #[serde(default)]
    pub(super) prefill: Option<Prefill>,
    /// Environment variables that its own SDK takes the key from, the strongest first.
    pub(super) env: Vec<&'static str>,
    /// Its API reference, which the row was written from.
    pub(super) docs: &'static str,
}

impl Row {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.slug).chain(self.aliases.iter().copied())
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}

/// Where chats go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chat {
    /// The path. `{NAME}` stands for an environment variable, `{A|B}` for the first of two that is set.
    pub(super) path: &'static str,
    /// The format that it speaks.
    pub(super) format: Format,
}

/// How a call is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sign {
    /// AWS Signature Version 4.
    Aws,
}

/// How a key is sent.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    /// The header's name, in lower case.
    pub(super) header: &'static str,
    /// What stands before the key.
    pub(super) prefix: &'static str,
    /// The query parameter that may carry the key instead.
    #[serde(default)]
    pub(super) query: Option<&'static str>,
}

/// A bearer token (RFC 6750), as most providers take it.
impl Default for Auth {
    fn default() -> Self {
        Self { header: "authorization", prefix: "Bearer ", query: None }
    }
}

fn openai() -> Format {
    Format::Openai
}

/// All rows.
pub(super) fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        serde_json::from_str(include_str!("../catalogue.json")).expect("a test reads the same embedded text")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_well_formed() {
        let mut names = HashSet::new();
        for row in rows() {
            for name in row.names() {
                assert!(names.insert(name), "{name} is taken twice");
                assert!(!name.starts_with("custom-") && name == name.to_lowercase(), "{name}");
            }
            let local = row.base_url.starts_with("http://localhost:");
            assert!(local || row.base_url.starts_with("https://"), "{}", row.base_url);
            assert!(!row.base_url.ends_with('/'), "{}", row.base_url);
            let paths = row.root.iter().chain(&row.models).chain(&row.native).chain(row.formats.keys());
            for path in paths {
                assert!(!path.is_empty() && !path.starts_with('/') && !path.ends_with('/'), "{}: {path}", row.slug);
            }
            assert!(row.docs.starts_with("https://") && !row.name.is_empty(), "{}", row.slug);
            assert!(row.prefill.as_ref().is_none_or(|prefill| prefill.docs.starts_with("https://")), "{}", row.slug);
            let keyless = row.slug == "google-vertex-ai";
            assert!(row.env.is_empty() == keyless && row.env.iter().all(|n| *n == n.to_uppercase()), "{}", row.slug);
            assert_eq!(row.auth.header, row.auth.header.to_lowercase());
            for place in &row.places {
                assert!(place.path.matches("{}").count() == place.base_url.matches("{}").count(), "{}", place.path);
                assert!(place.base_url.starts_with("https://") && !place.base_url.ends_with('/'), "{}", place.base_url);
            }
        }
        assert!(rows().len() >= 90 && names.len() >= 130);
    }
}
