//! Answers to questions that mean the same.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::Span;
use super::validate::within;
use crate::error::Error;

/// Answers to questions that mean the same.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SemanticConfig {
    /// The model that embeds questions, as `provider/model`; its provider must have OpenAI's embeddings endpoint.
    pub model: Option<String>,
    /// Whether near answers are given, or only told of.
    pub mode: SemanticMode,
    /// How alike two questions must be: the cosine of their vectors, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// Other thresholds by namespace, for calls with `x-tollhouse-cache-namespace`.
    pub namespaces: BTreeMap<String, f64>,
    /// How many questions are remembered, 1 to 100000; each takes about five bytes for each part of its vector.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_entries: u32,
    /// How long an embedding may take, 1 ms to 1 min; a call that it takes longer for is made as usual.
    pub timeout: Span,
}

impl Default for SemanticConfig {
    fn default() -> Self {
        Self {
            model: None,
            mode: SemanticMode::default(),
            threshold: 0.95,
            namespaces: BTreeMap::new(),
            max_entries: 10_000,
            timeout: Span::from_millis(2_000),
        }
    }
}

/// What becomes of a near answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SemanticMode {
    /// It is told of in header and log, and not given.
    #[default]
    Shadow,
    /// It is given.
    Serve,
}

impl SemanticConfig {
    pub(super) fn validate(&self) -> Result<(), Error> {
        let at = |name: &str| format!("cache.semantic.{name}");
        let named = self.namespaces.iter().map(|(name, threshold)| (format!("namespaces.{name}"), *threshold));
        for (name, threshold) in [("threshold".to_owned(), self.threshold)].into_iter().chain(named) {
            if !(0.0..=1.0).contains(&threshold) {
                return Err(Error::config(
                    at(&name),
                    format!("{threshold} is outside 0 to 1; 0.95 is a careful beginning"),
                ));
            }
        }
        if !(1..=100_000).contains(&self.max_entries) {
            let message =
                format!("{} is outside 1 to 100000; without cache.semantic none is remembered", self.max_entries);
            return Err(Error::config(at("max_entries"), message));
        }
        within(&at("timeout"), self.timeout, Span::from_millis(1), Span::from_millis(60_000), "")
    }
}
