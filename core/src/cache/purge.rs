//! Which kept answers are meant.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key::word;
use super::store::{Asked, Now};
use crate::config::{Span, without_values};
use crate::error::Error;

/// A choice of kept answers: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) scope: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    /// A digest of the word in `cf-aig-cache-key`.
    pub(crate) word: Option<u64>,
    /// The latest time of storing (wall clock).
    pub(crate) until_us: Option<u64>,
}

/// What a purge took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PurgeReport {
    /// Answers. Where processes share a store it is that store's count; otherwise memory's.
    pub entries: u64,
    /// What they took up.
    pub bytes: u64,
}

/// As callers write it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    scope: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    key: Option<String>,
    older_than: Option<Span>,
    older_than_ms: Option<u64>,
}

impl Filter {
    /// `{scope, provider, model, key, older_than}`, all of them optional; null or nothing means everything.
    ///
    /// # Errors
    /// `InvalidRequest` naming the part that cannot be read.
    pub(crate) fn from_json(filter: &Value, now: Now) -> Result<Self, Error> {
        if filter.is_null() {
            return Ok(Self::default());
        }
        if !filter.is_object() {
            return Err(Error::invalid(
                "filter",
                "not an object; write it as {\"provider\": \"openai\"}, or {} for all",
            ));
        }
        let written: Written = serde_path_to_error::deserialize(filter).map_err(|error| {
            let field = match error.path().to_string().as_str() {
                "." => "filter".to_owned(),
                path => format!("filter.{path}"),
            };
            Error::invalid(field, without_values(error.inner()))
        })?;
        if written.older_than.is_some() && written.older_than_ms.is_some() {
            return Err(Error::invalid("filter.older_than_ms", "older_than says it already; keep one of them"));
        }
        let age_ms = written.older_than.map(Span::millis).or(written.older_than_ms);
        let until_us = age_ms.map(|age_ms| now.wall_us.saturating_sub(age_ms.saturating_mul(1_000)));
        let Written { scope, provider, model, key, .. } = written;
        Ok(Self { scope, provider, model, word: key.as_deref().map(word), until_us })
    }

    /// Whether an answer that was stored at `at_us` is meant.
    pub(crate) fn meets(&self, asked: &Asked, at_us: u64) -> bool {
        let Self { scope, provider, model, word, until_us } = self;
        scope.as_ref().is_none_or(|scope| asked.scope.as_ref() == Some(scope))
            && provider.as_ref().is_none_or(|provider| asked.provider == *provider)
            && model.as_ref().is_none_or(|model| asked.model == *model)
            && word.is_none_or(|word| asked.word == Some(word))
            && until_us.is_none_or(|until_us| at_us <= until_us)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Now = Now { monotonic_us: 0, wall_us: 10_000_000 };

    #[test]
    fn all_of_a_filter_must_hold() {
        let asked = Asked {
            provider: "openai".to_owned(),
            model: "gpt-4o".to_owned(),
            scope: Some("tenant".to_owned()),
            word: Some(word("mine")),
            fields: Box::default(),
        };
        let meets = |filter: Value| Filter::from_json(&filter, NOW).expect("it can be read").meets(&asked, 6_000_000);
        for filter in [
            Value::Null,
            json!({}),
            json!({"provider": "openai", "model": "gpt-4o", "scope": "tenant", "key": "mine", "older_than": "4s"}),
            json!({"older_than_ms": 4_000, "scope": null}),
        ] {
            assert!(meets(filter.clone()), "{filter}");
        }
        for filter in [
            json!({"provider": "openai", "model": "gpt"}),
            json!({"scope": "other"}),
            json!({"key": "other"}),
            json!({"older_than": "5s"}),
            json!({"provider": ""}),
        ] {
            assert!(!meets(filter.clone()), "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (filter, field) in [
            (json!([]), "filter"),
            (json!({"tenant": "x"}), "filter.tenant"),
            (json!({"older_than": "soon"}), "filter.older_than"),
            (json!({"older_than": "1s", "older_than_ms": 1}), "filter.older_than_ms"),
            (json!({"model": 3}), "filter.model"),
        ] {
            let error = Filter::from_json(&filter, NOW).unwrap_err();
            assert_eq!(error.field(), Some(field), "{filter}: {error}");
        }
    }
}
