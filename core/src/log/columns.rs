//! What can be filtered by, and how each of it compares.

use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::append::integer;
use super::time;

/// Something that a filter can name.
pub(super) struct Column {
    pub(super) key: &'static str,
    sql: &'static str,
    pub(super) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Flag,
    /// Dollars outside, billionths of them inside.
    Dollars,
    /// Milliseconds outside, microseconds inside.
    Milliseconds,
    /// RFC 3339 outside, microseconds since 1970 inside.
    Instant,
    /// Any key of the metadata.
    MetadataKey,
    /// Any value of the metadata.
    MetadataValue,
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Neq,
    /// Part of the text, in whatever case.
    Contains,
    Lt,
    Gt,
    Lte,
    Gte,
}

/// The reference's five, and two that take the bound in.
pub(super) const OPERATORS: [Operator; 7] =
    [Operator::Eq, Operator::Neq, Operator::Contains, Operator::Lt, Operator::Gt, Operator::Lte, Operator::Gte];

/// The filter keys of the reference that this log has columns for, and below them our own.
pub(super) const COLUMNS: [Column; 30] = [
    column("id", "id", Kind::Text),
    column("created_at", "created_at_us", Kind::Instant),
    column("request_content_type", "request_content_type", Kind::Text),
    column("response_content_type", "response_content_type", Kind::Text),
    column("request_type", "request_type", Kind::Text),
    column("success", "success", Kind::Flag),
    column("cached", "cached", Kind::Flag),
    column("provider", "provider", Kind::Text),
    column("model", "model", Kind::Text),
    column("model_type", "request_type", Kind::Text),
    column("cost", "cost_nano_usd", Kind::Dollars),
    column("tokens", TOKENS, Kind::Integer),
    column("tokens_in", "tokens_in", Kind::Integer),
    column("tokens_out", "tokens_out", Kind::Integer),
    column("duration", "duration_us", Kind::Milliseconds),
    column("feedback", "feedback", Kind::Integer),
    column("event_id", "event_id", Kind::Text),
    column("metadata.key", "key", Kind::MetadataKey),
    METADATA_VALUE,
    column("user_agent", "user_agent", Kind::Text),
    column("user", "user", Kind::Text),
    column("key", "key_digest", Kind::Text),
    column("status_code", "status_code", Kind::Integer),
    column("step", "step", Kind::Integer),
    column("path", "path", Kind::Text),
    column("model_served", "model_served", Kind::Text),
    column("stream", "stream", Kind::Flag),
    column("cancelled", "cancelled", Kind::Flag),
    column("truncated", "truncated", Kind::Flag),
    column("gateway", "gateway", Kind::Text),
];

/// Any value of the metadata.
pub(super) const METADATA_VALUE: Column = column("metadata.value", METADATA_TEXT, Kind::MetadataValue);

/// Both counts together, as far as they are known.
const TOKENS: &str = "coalesce(tokens_in + tokens_out, tokens_in, tokens_out)";

/// A value in a row of `json_each` as text, so that `5` and `"5"` are found alike.
pub(super) const METADATA_TEXT: &str = "iif(type IN ('true', 'false', 'null'), type, CAST(value AS TEXT))";

const fn column(key: &'static str, sql: &'static str, kind: Kind) -> Column {
    Column { key, sql, kind }
}

impl Column {
    /// A condition with one question mark. For `neq` it is the condition of `eq`, to be turned round as a whole.
    pub(super) fn test(&self, operator: Operator) -> String {
        let sql = self.sql;
        match (self.kind, operator) {
            // Instants are shown to the millisecond, so those that look alike are alike.
            (Kind::Instant, Operator::Eq | Operator::Neq) => format!("{sql} / 1000 IS ? / 1000"),
            (Kind::Instant, Operator::Gt | Operator::Lte) => format!("{sql} {} ? + 999", operator.sign()),
            (Kind::MetadataValue, _) if operator.is_order() => {
                format!("type IN ('integer', 'real') AND value {} ?", operator.sign())
            }
            (_, Operator::Contains) => format!("instr(lower({sql}), lower(?)) > 0"),
            _ => format!("{sql} {} ?", operator.sign()),
        }
    }
}

impl Kind {
    pub(super) fn allows(self, operator: Operator) -> bool {
        match operator {
            Operator::Eq | Operator::Neq => true,
            Operator::Contains => matches!(self, Self::Text | Self::MetadataKey | Self::MetadataValue),
            _ => !matches!(self, Self::Flag | Self::MetadataKey),
        }
    }

    /// A value of a filter as the database holds it, or `None` if it is of another kind. Numbers and truth values may
    /// come as text, as they do in URLs; null is what is unknown.
    pub(super) fn read(self, value: &Value, operator: Operator, now_us: u64) -> Option<SqlValue> {
        let equality = matches!(operator, Operator::Eq | Operator::Neq);
        match self {
            Self::MetadataValue if operator.is_order() => number(value).map(SqlValue::from),
            Self::MetadataValue => metadata_text(value),
            _ if value.is_null() && equality => Some(SqlValue::Null),
            Self::Text | Self::MetadataKey => value.as_str().map(|text| text.to_owned().into()),
            Self::Integer => value.as_i64().or_else(|| value.as_str()?.parse().ok()).map(SqlValue::from),
            Self::Flag => value.as_bool().or_else(|| value.as_str()?.parse().ok()).map(SqlValue::from),
            Self::Dollars => number(value).map(|dollars| scaled(dollars, 1e9)),
            Self::Milliseconds => number(value).map(|milliseconds| scaled(milliseconds, 1e3)),
            Self::Instant => time::instant(value.as_str()?, now_us).map(|us| integer(us).into()),
        }
    }

    /// What [`read`](Self::read) takes, in words.
    pub(super) fn expects(self) -> &'static str {
        match self {
            Self::Text | Self::MetadataKey => "a text",
            Self::Integer => "a whole number",
            Self::Flag => "true or false",
            Self::Dollars => "a number of dollars such as 0.02",
            Self::Milliseconds => "a number of milliseconds",
            Self::Instant => "an instant such as \"2026-11-22T09:44:00Z\", or a span back from now such as \"1h\"",
            Self::MetadataValue => "a text, a number, true, false or null; with lt, gt, lte and gte a number",
        }
    }
}

impl Operator {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::Contains => "contains",
            Self::Lt => "lt",
            Self::Gt => "gt",
            Self::Lte => "lte",
            Self::Gte => "gte",
        }
    }

    /// Whether it asks which of two is the greater.
    pub(super) fn is_order(self) -> bool {
        matches!(self, Self::Lt | Self::Gt | Self::Lte | Self::Gte)
    }

    /// As SQL writes it.
    fn sign(self) -> &'static str {
        match self {
            Self::Eq | Self::Neq => "IS",
            Self::Contains => "LIKE",
            Self::Lt => "<",
            Self::Gt => ">",
            Self::Lte => "<=",
            Self::Gte => ">=",
        }
    }
}

/// A flat JSON value as [`METADATA_TEXT`] shows it.
pub(super) fn metadata_text(value: &Value) -> Option<SqlValue> {
    match value {
        Value::String(text) => Some(text.clone().into()),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string().into()),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number| number.is_finite())
}

#[expect(clippy::cast_possible_truncation, reason = "a bound beyond the range of the column is its end")]
fn scaled(number: f64, factor: f64) -> SqlValue {
    SqlValue::from((number * factor).round() as i64)
}
