//! One element of a graph as it is written: `{id, type, properties, outputs: {name: {elementId}}}`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::condition::Condition;
use super::graph::{Kind, Properties};
use super::rate::Rate;
use super::sticky::Place;
use crate::config::nearest;
use crate::error::Error;

const TYPES: [&str; 8] = ["start", "conditional", "percentage", "rate", "rate_limit", "budget", "model", "end"];
/// As on the reference.
const MAX_SHARES: usize = 5;
const MAX_ELEMENTS: usize = 1_000;

pub(super) struct Element<'a> {
    pub(super) id: &'a str,
    pub(super) at: String,
    kind: &'a str,
    properties: Properties,
    outputs: Vec<(&'a str, &'a str)>,
}

impl<'a> Element<'a> {
    /// The elements of a list that stands at `at`.
    pub(super) fn list(elements: &'a [Value], at: &str) -> Result<Vec<Self>, Error> {
        if elements.len() > MAX_ELEMENTS {
            return Err(Error::config(at, format!("more than {MAX_ELEMENTS} elements; spread them over routes")));
        }
        let mut list: Vec<Self> = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            let element = Self::read(element, format!("{at}[{index}]"))?;
            if list.iter().any(|other| other.id == element.id) {
                return Err(Error::config(
                    format!("{}.id", element.at),
                    format!("{:?} is there twice; rename one", element.id),
                ));
            }
            list.push(element);
        }
        Ok(list)
    }

    fn read(element: &'a Value, at: String) -> Result<Self, Error> {
        let refuse = |key: &str, message: &str| Err(Error::config(format!("{at}{key}"), message));
        let Some(fields) = element.as_object() else {
            return refuse("", "expected an element {id, type, properties, outputs}");
        };
        if let Some(key) = fields.keys().find(|key| !["id", "type", "properties", "outputs"].contains(&key.as_str())) {
            return refuse(&format!(".{key}"), "unknown key; an element has id, type, properties and outputs");
        }
        let Some(id) = element["id"].as_str().filter(|id| !id.is_empty()) else {
            return refuse(".id", "expected a text that names the element");
        };
        let Some(kind) = element["type"].as_str() else {
            return refuse(".type", "expected one of start, conditional, percentage, rate, budget, model, end");
        };
        if !TYPES.contains(&kind) {
            let hint =
                nearest(kind, TYPES).map_or_else(|| TYPES.join(", "), |meant| format!("did you mean {meant:?}?"));
            return refuse(".type", &format!("no element of this type; {hint}"));
        }
        let properties = match &element["properties"] {
            Value::Null => Properties::new(),
            Value::Object(properties) => properties.clone(),
            _ => return refuse(".properties", "expected an object"),
        };
        let mut outputs = Vec::new();
        match &element["outputs"] {
            Value::Null => {}
            Value::Object(list) => {
                for (name, output) in list {
                    let Some(to) = output["elementId"].as_str() else {
                        return refuse(&format!(".outputs.{name}"), "expected {\"elementId\": \"…\"}");
                    };
                    outputs.push((name.as_str(), to));
                }
            }
            _ => return refuse(".outputs", "expected an object of {\"elementId\": \"…\"}"),
        }
        Ok(Self { id, at, kind, properties, outputs })
    }

    pub(super) fn kind(
        &self,
        all: &[Self],
        candidate: &mut impl FnMut(&str, &str) -> Result<usize, Error>,
    ) -> Result<Kind, Error> {
        match self.kind {
            "start" => {
                self.has(&[], &["next"])?;
                Ok(Kind::Start { next: self.required("next", all)? })
            }
            "conditional" => {
                self.has(&["condition", "conditions"], &["true", "false"])?;
                let (name, written) = self.either(&["condition", "conditions"]).ok_or_else(|| {
                    self.refuse(
                        ".properties.condition",
                        "missing; write for example {\"metadata.plan\": {\"$eq\": \"paid\"}}",
                    )
                })?;
                let condition = Condition::parse(written, &format!("{}.properties.{name}", self.at))?;
                Ok(Kind::Conditional { condition, yes: self.required("true", all)?, no: self.required("false", all)? })
            }
            "percentage" => self.percentage(all),
            "rate" | "rate_limit" | "budget" => self.rate(all),
            "model" => self.model(all, candidate),
            _ => Ok(Kind::End),
        }
    }

    fn percentage(&self, all: &[Self]) -> Result<Kind, Error> {
        self.has(&["key"], &[])?;
        let (mut end, mut shares) = (0.0, Vec::new());
        for (name, to) in self.outputs.iter().filter(|(name, _)| *name != "else") {
            let at = format!(".outputs.{name}");
            let percent = name.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
            let Some(percent) = percent.filter(|percent| (0.0..=100.0).contains(percent)) else {
                return Err(self.refuse(&at, "expected a share such as \"10%\", or else"));
            };
            end += percent;
            shares.push((end / 100.0, self.found(to, &at, all)?));
        }
        if shares.is_empty() || shares.len() > MAX_SHARES {
            return Err(self.refuse(".outputs", &format!("expected 1 to {MAX_SHARES} shares such as \"10%\"")));
        }
        let otherwise = self.optional("else", all)?;
        // Tenths of percents add up with a rest that is none.
        if end > 100.000_001 {
            return Err(self.refuse(".outputs", &format!("the shares add up to {end} %; lower them to 100 %")));
        }
        if end < 99.999_999 && otherwise.is_none() {
            let message = format!("the shares add up to {end} %; raise them to 100 %, or add else");
            return Err(self.refuse(".outputs", &message));
        }
        if otherwise.is_none()
            && let Some(last) = shares.last_mut()
        {
            last.0 = 1.0;
        }
        Ok(Kind::Percentage { shares, otherwise, key: self.place("key")? })
    }

    fn rate(&self, all: &[Self]) -> Result<Kind, Error> {
        self.has(&["limitType", "key", "limit", "window", "interval", "technique"], &["success", "fallback"])?;
        let is_cost = match self.properties.get("limitType").and_then(Value::as_str) {
            Some("count") if self.kind != "budget" => false,
            None => self.kind == "budget",
            Some("cost") => true,
            Some(_) => return Err(self.refuse(".properties.limitType", "expected count or cost; a budget has cost")),
        };
        let number = |name: &str, what: &str| {
            let number =
                self.properties.get(name).and_then(Value::as_f64).filter(|number| *number > 0.0 && *number < 1e9);
            number.ok_or_else(|| self.refuse(&format!(".properties.{name}"), what))
        };
        let limit = number("limit", if is_cost { "expected US dollars" } else { "expected a number of calls" })?;
        let (window, _) = self.either(&["window", "interval"]).unwrap_or(("window", &Value::Null));
        let seconds = number(window, "expected a number of seconds")?;
        let sliding = match self.properties.get("technique").map_or(Some("fixed"), Value::as_str) {
            Some("fixed") => false,
            Some("sliding") => true,
            _ => return Err(self.refuse(".properties.technique", "expected fixed or sliding")),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and below 10^18")]
        let whole = |number: f64| number.round() as u64;
        let limit = whole(if is_cost { limit * 1e9 } else { limit });
        let rate = Arc::new(Rate::new(limit, is_cost, whole(seconds * 1e6), sliding));
        let (success, fallback) = (self.required("success", all)?, self.optional("fallback", all)?);
        Ok(Kind::Rate { rate, key: self.place("key")?, success, fallback })
    }

    fn model(
        &self,
        all: &[Self],
        candidate: &mut impl FnMut(&str, &str) -> Result<usize, Error>,
    ) -> Result<Kind, Error> {
        self.has(&["provider", "model", "timeout", "retries"], &["success", "fallback"])?;
        let text = |name: &str| {
            let text = self.properties.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            text.ok_or_else(|| self.refuse(&format!(".properties.{name}"), "missing; expected a text"))
        };
        let name = format!("{}/{}", text("provider")?, text("model")?);
        let candidate = candidate(&name, &format!("{}.properties.provider", self.at))?;
        let number = |name: &str, max: u64, what: &str| match self.properties.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64().filter(|number| *number <= max) {
                Some(number) => Ok(Some(number)),
                None => Err(self.refuse(&format!(".properties.{name}"), what)),
            },
        };
        let timeout =
            number("timeout", 86_400_000, "expected milliseconds, up to one day")?.filter(|timeout| *timeout > 0);
        let retries = number("retries", 4, "expected 0 to 4 tries more than the first")?;
        if let Some(success) = self.optional("success", all)?
            && all[success].kind != "end"
        {
            let message = "leads to another element; an answer ends the route, so let it lead to one of type end";
            return Err(self.refuse(".outputs.success", message));
        }
        Ok(Kind::Model {
            candidate,
            timeout: timeout.map(Duration::from_millis),
            tries: retries.and_then(|retries| u32::try_from(retries + 1).ok()),
            fallback: self.optional("fallback", all)?,
        })
    }

    fn refuse(&self, key: &str, message: &str) -> Error {
        Error::config(format!("{}{key}", self.at), message)
    }

    /// Refuses properties and outputs of other names; shares have names of their own.
    fn has(&self, properties: &[&str], outputs: &[&str]) -> Result<(), Error> {
        let unknown = |word: &str, known: &[&str]| {
            let hint = nearest(word, known.iter().copied()).map(|meant| format!("; did you mean {meant:?}?"));
            format!("unknown here{}", hint.unwrap_or_default())
        };
        if let Some(key) = self.properties.keys().find(|key| !properties.contains(&key.as_str())) {
            return Err(self.refuse(&format!(".properties.{key}"), &unknown(key, properties)));
        }
        match self.outputs.iter().find(|(name, _)| !outputs.is_empty() && !outputs.contains(name)) {
            Some((name, _)) => Err(self.refuse(&format!(".outputs.{name}"), &unknown(name, outputs))),
            None => Ok(()),
        }
    }

    fn either<'s>(&'s self, names: &[&'static str]) -> Option<(&'static str, &'s Value)> {
        names.iter().find_map(|name| Some((*name, self.properties.get(*name)?)))
    }

    fn place(&self, name: &str) -> Result<Option<Place>, Error> {
        let Some(value) = self.properties.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        let place = value.as_str().and_then(Place::parse).ok_or_else(|| {
            self.refuse(
                &format!(".properties.{name}"),
                "no place in a request; write metadata.{key}, headers.{name} or body.{field}",
            )
        });
        place.map(Some)
    }

    fn found(&self, id: &str, key: &str, all: &[Self]) -> Result<usize, Error> {
        let index = all.iter().position(|element| element.id == id);
        index.ok_or_else(|| {
            let known = all.iter().map(|element| element.id);
            let hint = nearest(id, known)
                .map_or_else(|| "add one, or name another".to_owned(), |meant| format!("did you mean {meant:?}?"));
            self.refuse(key, &format!("leads to an element {id:?} that is not there; {hint}"))
        })
    }

    fn optional(&self, name: &str, all: &[Self]) -> Result<Option<usize>, Error> {
        let output = self.outputs.iter().find(|(known, _)| *known == name);
        output.map(|(_, to)| self.found(to, &format!(".outputs.{name}"), all)).transpose()
    }

    fn required(&self, name: &str, all: &[Self]) -> Result<usize, Error> {
        let missing = || self.refuse(&format!(".outputs.{name}"), "missing; say which element comes next");
        self.optional(name, all)?.ok_or_else(missing)
    }
}
