//! Which logs are meant: filters in the reference's form and in short, as SQL whose values stand apart from its text.
//! Keys and operators: Cloudflare API, "List Gateway Logs".

use rusqlite::types::Value as SqlValue;
use serde_json::{Map, Value};

use super::append::integer;
use super::columns::{COLUMNS, Column, Kind, METADATA_TEXT, OPERATORS, Operator, metadata_text};
use super::time;
use crate::config::nearest;
use crate::error::Error;

/// Conditions that all hold for the logs that are meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    conditions: Vec<String>,
    values: Vec<SqlValue>,
}

impl Selection {
    /// What a query may name beside the keys of single columns.
    const WIDER_KEYS: [&'static str; 5] = ["filters", "metadata", "since", "until", "where"];

    /// Every name that [`take`](Self::take) knows.
    pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::WIDER_KEYS.into_iter().chain(COLUMNS.iter().map(|column| column.key))
    }

    /// Takes one entry of a query and says whether its name is one of [`names`](Self::names).
    ///
    /// `filters` is the reference's list; `since` (included) and `until` (not included) bound the time; `metadata` is an
    /// object whose entries must all match; `where` is a [line](super::line) as people type it; the key of a column
    /// stands for a filter with `eq`.
    pub(super) fn take(&mut self, name: &str, value: &Value, now_us: u64) -> Result<bool, Error> {
        match name {
            "filters" => self.take_filters(value, now_us)?,
            "metadata" => self.take_metadata(value)?,
            "where" => self.take_line(value, now_us)?,
            "since" => self.add("created_at_us >= ?", [instant(value, name, now_us)?]),
            "until" => self.add("created_at_us < ?", [instant(value, name, now_us)?]),
            _ => match COLUMNS.iter().find(|column| column.key == name) {
                Some(column) => self.take_filter(column, Operator::Eq, value, name, now_us)?,
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    /// Adds that one of the texts of a log contains `text`, in whatever case.
    pub(super) fn take_search(&mut self, text: &str) {
        let texts = ["id", "event_id", "provider", "model", "model_served", "path", "error", "metadata", "user_agent"];
        let any = texts.map(|column| format!("instr(lower({column}), lower(?)) > 0")).join(" OR ");
        self.add(&format!("({any})"), texts.map(|_| SqlValue::from(text.to_owned())));
    }

    /// Whether all logs are meant.
    pub(super) fn is_everything(&self) -> bool {
        self.conditions.is_empty()
    }

    /// That all of `part` holds, or, `negated`, that it does not. What is unknown compares to nothing, so it is among those
    /// for which it does not hold.
    pub(super) fn take_part(&mut self, part: Self, negated: bool) {
        let sql = part.sql();
        self.add(&if negated { format!("NOT coalesce({sql}, false)") } else { sql }, part.values);
    }

    /// What stands behind `WHERE`.
    pub(super) fn sql(&self) -> String {
        if self.is_everything() { String::from("true") } else { self.conditions.join(" AND ") }
    }

    /// What stands for the question marks of [`sql`](Self::sql), in their order.
    pub(super) fn values(&self) -> impl Iterator<Item = &SqlValue> {
        self.values.iter()
    }

    pub(super) fn add(&mut self, condition: &str, values: impl IntoIterator<Item = SqlValue>) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    fn take_filters(&mut self, filters: &Value, now_us: u64) -> Result<(), Error> {
        let filters = filters.as_array().ok_or_else(|| {
            Error::invalid(
                "filters",
                "must be a list such as [{\"key\": \"model\", \"operator\": \"eq\", \"value\": [\"x\"]}]",
            )
        })?;
        for (index, filter) in filters.iter().enumerate() {
            let at = |part: &str| format!("filters[{index}].{part}");
            let filter =
                filter.as_object().ok_or_else(|| Error::invalid(format!("filters[{index}]"), "must be an object"))?;
            if let Some(unknown) = filter.keys().find(|key| !["key", "operator", "value"].contains(&key.as_str())) {
                return Err(Error::invalid(at(unknown), "is not a part of a filter; write key, operator and value"));
            }
            let column = named(filter, "key", &at("key"), &COLUMNS, |column| column.key)?;
            let operator = *named(filter, "operator", &at("operator"), &OPERATORS, |operator| operator.name())?;
            let value = filter.get("value").ok_or_else(|| Error::invalid(at("value"), "is missing"))?;
            self.take_filter(column, operator, value, &format!("filters[{index}]"), now_us)?;
        }
        Ok(())
    }

    fn take_metadata(&mut self, entries: &Value) -> Result<(), Error> {
        let entries = entries
            .as_object()
            .ok_or_else(|| Error::invalid("metadata", "must be an object such as {\"team\": \"a\"}"))?;
        for (key, value) in entries {
            let text = metadata_text(value).ok_or_else(|| {
                Error::invalid(format!("metadata.{key}"), "must be a text, a number, true, false or null")
            })?;
            self.add(
                &format!("EXISTS (SELECT 1 FROM json_each(log.metadata) WHERE key = ? AND {METADATA_TEXT} IS ?)"),
                [key.clone().into(), text],
            );
        }
        Ok(())
    }

    /// Several values mean any of them; with `neq`, none of them.
    pub(super) fn take_filter(
        &mut self,
        column: &Column,
        operator: Operator,
        value: &Value,
        at: &str,
        now_us: u64,
    ) -> Result<(), Error> {
        if !column.kind.allows(operator) {
            let message = format!("cannot be used with {}", column.key);
            return Err(Error::invalid(format!("{at}.operator"), message));
        }
        let given = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let at_value = if at.starts_with("filters") { format!("{at}.value") } else { at.to_owned() };
        if given.is_empty() || (given.len() > 1 && operator.is_order()) {
            return Err(Error::invalid(at_value, "holds no value, or more than the operator takes"));
        }
        let values = given
            .iter()
            .map(|value| column.kind.read(value, operator, now_us))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::invalid(at_value, format!("must be {}", column.kind.expects())))?;
        let any = vec![column.test(operator); values.len()].join(" OR ");
        let any = match column.kind {
            Kind::MetadataKey | Kind::MetadataValue => {
                format!("EXISTS (SELECT 1 FROM json_each(log.metadata) WHERE {any})")
            }
            _ => any,
        };
        self.add(&if operator == Operator::Neq { format!("NOT ({any})") } else { format!("({any})") }, values);
        Ok(())
    }
}

/// What the text at `key` of a filter names.
fn named<'a, T>(
    filter: &Map<String, Value>,
    key: &str,
    at: &str,
    known: &'a [T],
    name: impl Fn(&T) -> &'static str + Copy,
) -> Result<&'a T, Error> {
    let Some(given) = filter.get(key).and_then(Value::as_str) else {
        return Err(Error::invalid(at, "is missing, or no text"));
    };
    known.iter().find(|known| name(known) == given).ok_or_else(|| unknown(at, given, known.iter().map(name)))
}

/// An error at `at`, where none of the `known` names stands.
pub(super) fn unknown(at: &str, given: &str, known: impl Iterator<Item = &'static str> + Clone) -> Error {
    let hint = match nearest(given, known.clone()) {
        Some(name) => format!("did you mean {name:?}?"),
        None => format!("write one of {}", known.collect::<Vec<_>>().join(", ")),
    };
    Error::invalid(at, format!("{given:?} is not known here; {hint}"))
}

fn instant(value: &Value, at: &str, now_us: u64) -> Result<SqlValue, Error> {
    value
        .as_str()
        .and_then(|text| time::instant(text, now_us))
        .map(|us| integer(us).into())
        .ok_or_else(|| Error::invalid(at, format!("must be {}", Kind::Instant.expects())))
}
