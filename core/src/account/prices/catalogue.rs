//! A price list: the one that ships with the gateway, or a newer one that was loaded.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::read::{self, Wrong};
use super::row::Row;
use super::rows::Rows;
use crate::error::Error;

/// Made by `scripts/prices.py`; names its sources, its date and its units.
pub(super) const FILE: &str = include_str!("../prices.json");

/// A list of prices by provider and model.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// What every cost that comes from it names.
    pub(super) version: String,
    providers: HashMap<String, Section>,
}

/// A provider's part, read when it is asked for first.
#[derive(Debug)]
struct Section {
    text: &'static str,
    rows: OnceLock<Rows>,
}

impl Section {
    fn rows(&self) -> &Rows {
        self.rows.get_or_init(|| {
            let value = serde_json::from_str(self.text).expect("a test reads the embedded catalogue");
            read::provider(&value).expect("a test reads the embedded catalogue")
        })
    }
}

#[derive(Deserialize)]
struct File {
    version: String,
    #[serde(borrow)]
    providers: HashMap<&'static str, &'static RawValue>,
}

impl Catalogue {
    /// The one that ships with the gateway. Its outline is read here, and each provider at its first call.
    pub(super) fn embedded() -> Self {
        let file: File = serde_json::from_str(FILE).expect("a test reads the embedded catalogue");
        let section = |(slug, text): (&str, &'static RawValue)| {
            (slug.to_owned(), Section { text: text.get(), rows: OnceLock::new() })
        };
        Self { version: file.version, providers: file.providers.into_iter().map(section).collect() }
    }

    /// Reads a whole one.
    ///
    /// # Errors
    /// `InvalidRequest` with the path of what is cut short, negative, absurd, in another currency or not known.
    pub(super) fn read(json: &Value) -> Result<Self, Error> {
        Self::from_json(json).map_err(|wrong| {
            let wrong = wrong.under("prices");
            Error::invalid(wrong.path, format!("{}; the prices in force stay", wrong.reason))
        })
    }

    fn from_json(json: &Value) -> Result<Self, Wrong> {
        let parsed;
        let json = match json {
            Value::String(text) => {
                parsed = serde_json::from_str::<Value>(text)
                    .map_err(|error| Wrong::here(format!("is no whole JSON document: {error}")))?;
                &parsed
            }
            json => json,
        };
        let fields = json.as_object().ok_or_else(|| Wrong::here("is not an object such as {\"version\": …}"))?;
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let missing = |key: &str, say: &str| Wrong::here(format!("is missing: {say}")).under(key);
        let version = text("version").filter(|version| !version.is_empty() && version.len() <= 100);
        let version = version.ok_or_else(|| missing("version", "name it, such as \"2026-11-24\""))?;
        match fields.get("currency").and_then(Value::as_str) {
            Some("USD") => {}
            Some(other) => return Err(Wrong::here(format!("is {other:?}: only \"USD\" is known")).under("currency")),
            None => return Err(missing("currency", "say \"USD\"")),
        }
        let providers = fields.get("providers").and_then(Value::as_object).filter(|all| !all.is_empty());
        let providers = providers.ok_or_else(|| missing("providers", "the list may be cut short"))?;
        let section = |(slug, value): (&String, &Value)| {
            let rows = read::provider(value).map_err(|wrong| wrong.under(slug).under("providers"))?;
            Ok((slug.clone(), Section { text: "", rows: OnceLock::from(rows) }))
        };
        let providers = providers.iter().map(section).collect::<Result<_, Wrong>>()?;
        Ok(Self { version: version.to_owned(), providers })
    }

    /// The row for a model of a provider, with the slug of the provider that it stands under.
    pub(super) fn find(&self, provider: &str, model: &str) -> Option<(&str, &Row)> {
        let (slug, section) = self.providers.get_key_value(provider)?;
        section.rows().find(model).map(|row| (slug.as_str(), row))
    }

    /// Providers whose models `provider` has under their own names.
    pub(super) fn see(&self, provider: &str) -> &[String] {
        self.providers.get(provider).map_or(&[], |section| &section.rows().see)
    }

    /// How many models it has.
    pub(super) fn len(&self) -> usize {
        self.providers.values().map(|section| section.rows().len()).sum()
    }

    #[cfg(test)]
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.providers.iter().flat_map(|(slug, section)| section.rows().iter().map(|row| (slug.as_str(), row)))
    }
}
