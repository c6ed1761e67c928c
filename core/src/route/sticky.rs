//! What a caller is told from others by, such as `metadata.user`.

use std::borrow::Cow;

use http::HeaderName;
use serde_json::Value;

use super::candidate::digest;
use super::fit::Question;
use crate::config::{RouteConfig, Strategy};
use crate::error::Error;

/// A place in a request.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A key of `cf-aig-metadata`.
    Metadata(String),
    Header(HeaderName),
    /// A field of the body, and fields below it.
    Body(Vec<String>),
}

impl Place {
    /// Reads `metadata.user`, `headers.x-team` or `body.user`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (root, rest) = text.split_once('.').filter(|(_, rest)| !rest.is_empty())?;
        match root {
            "metadata" => Some(Self::Metadata(rest.to_owned())),
            "headers" | "header" => rest.to_ascii_lowercase().parse().ok().map(Self::Header),
            "body" => Some(Self::Body(rest.split('.').map(str::to_owned).collect())),
            _ => None,
        }
    }

    /// What stands there; null if nothing does.
    pub(crate) fn find<'a>(&self, question: &'a Question<'_>) -> Cow<'a, Value> {
        const NOTHING: Cow<'_, Value> = Cow::Owned(Value::Null);
        match self {
            Self::Metadata(key) => question.metadata.get(key).map_or(NOTHING, Cow::Borrowed),
            Self::Header(name) => {
                let text = question.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
                text.map_or(NOTHING, |text| Cow::Owned(Value::from(text)))
            }
            Self::Body(fields) => {
                let step = |value: Option<&'a Value>, field: &String| match value? {
                    Value::Array(items) => items.get(field.parse::<usize>().ok()?),
                    value => value.get(field),
                };
                fields.iter().fold(Some(question.json()), step).map_or(NOTHING, Cow::Borrowed)
            }
        }
    }
}

/// What the strategy `sticky` holds on to.
#[derive(Clone, Debug)]
pub(super) struct Sticky(Place);

impl Sticky {
    pub(super) fn of(settings: &RouteConfig, at: &str) -> Result<Option<Self>, Error> {
        let at = format!("{at}.sticky_by");
        match (&settings.sticky_by, settings.strategy) {
            (None, Strategy::Sticky) => {
                Err(Error::config(at, "the strategy sticky needs it; write for example \"metadata.user\""))
            }
            (None, _) => Ok(None),
            (Some(text), _) => Place::parse(text).map(|place| Some(Self(place))).ok_or_else(|| {
                Error::config(
                    at,
                    format!(
                        "{text:?} is no place in a request; write metadata.{{key}}, headers.{{name}} or body.{{field}}"
                    ),
                )
            }),
        }
    }

    /// Of what stands there, or `None` if nothing does.
    pub(super) fn digest(&self, question: &Question<'_>) -> Option<u64> {
        match &*self.0.find(question) {
            Value::Null => None,
            Value::String(text) => Some(digest(text)),
            other => Some(digest(&other.to_string())),
        }
    }
}
