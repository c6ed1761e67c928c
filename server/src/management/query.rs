//! A query string of the reference's as a query of ours.

use form_urlencoded::parse;
use serde_json::{Map, Value, json};
use tollhouse::Error;

/// As many logs as the reference gives in a page.
const MAX_PER_PAGE: u64 = 50;

/// Bounds that the reference has parameters for, beside its filters.
const BOUNDS: [(&str, &str, &str); 11] = [
    ("start_date", "created_at", "gte"),
    ("end_date", "created_at", "lte"),
    ("min_cost", "cost", "gte"),
    ("max_cost", "cost", "lte"),
    ("min_duration", "duration", "gte"),
    ("max_duration", "duration", "lte"),
    ("min_tokens_in", "tokens_in", "gte"),
    ("max_tokens_in", "tokens_in", "lte"),
    ("min_tokens_out", "tokens_out", "gte"),
    ("max_tokens_out", "tokens_out", "lte"),
    ("min_total_tokens", "tokens", "gte"),
];

/// What `GET …/logs` asks for.
pub(super) fn page(query: &str) -> Result<Value, Error> {
    let asked = selection(query)?;
    let per_page = asked["per_page"].as_u64().unwrap_or(0);
    if per_page > MAX_PER_PAGE {
        return Err(Error::invalid("per_page", format!("must be at most {MAX_PER_PAGE}")));
    }
    Ok(asked)
}

/// What a query string selects.
pub(super) fn selection(query: &str) -> Result<Value, Error> {
    let mut asked = Map::new();
    let mut filters: Vec<Value> = Vec::new();
    for (name, value) in parse(query.as_bytes()) {
        if let Some((_, key, operator)) = BOUNDS.iter().find(|(bound, ..)| *bound == name) {
            filters.push(json!({"key": key, "operator": operator, "value": value}));
            continue;
        }
        match name.as_ref() {
            "filters" => filters.extend(listed(&value)?),
            // Whether metadata is in the answer: here it always is.
            "meta_info" => {}
            "page" | "per_page" | "limit" => {
                let number: u64 = value.parse().map_err(|_| Error::invalid(name.as_ref(), "must be a whole number"))?;
                asked.insert(name.into_owned(), number.into());
            }
            name if name.starts_with("filters[") => in_brackets(&mut filters, name, &value)?,
            _ => drop(asked.insert(name.into_owned(), value.into_owned().into())),
        }
    }
    if !filters.is_empty() {
        asked.insert("filters".to_owned(), filters.into());
    }
    Ok(asked.into())
}

/// `filters=[{"key": …}]`, or one filter alone.
fn listed(text: &str) -> Result<Vec<Value>, Error> {
    match serde_json::from_str(text) {
        Ok(Value::Array(filters)) => Ok(filters),
        Ok(filter @ Value::Object(_)) => Ok(vec![filter]),
        _ => Err(Error::invalid(
            "filters",
            "must be JSON such as [{\"key\": \"model\", \"operator\": \"eq\", \"value\": [\"x\"]}]",
        )),
    }
}

/// `filters[0][key]=model`, as clients write lists of objects; `filters[][key]` begins a new one with each `key`.
fn in_brackets(filters: &mut Vec<Value>, name: &str, value: &str) -> Result<(), Error> {
    let wrong = || Error::invalid(name, "must be filters[0][key], filters[0][operator] or filters[0][value]");
    let (index, rest) = name.strip_prefix("filters[").and_then(|rest| rest.split_once("][")).ok_or_else(wrong)?;
    let part = rest.trim_end_matches("[]").trim_end_matches(']');
    let index = match index {
        "" if part == "key" => filters.len(),
        "" => filters.len().saturating_sub(1),
        digits => digits.parse().map_err(|_| wrong())?,
    };
    if index > filters.len() {
        return Err(wrong());
    }
    if index == filters.len() {
        filters.push(json!({}));
    }
    match (part, &mut filters[index][part]) {
        ("key" | "operator", place) => *place = value.into(),
        ("value", Value::Array(values)) => values.push(value.into()),
        ("value", place) => *place = json!([value]),
        _ => return Err(wrong()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_come_in_every_spelling() {
        let expected = json!({"filters": [{"key": "model", "operator": "eq", "value": ["a b", "c"]}], "per_page": 5});
        for query in [
            "per_page=5&filters[0][key]=model&filters[0][operator]=eq&filters[0][value][]=a+b&filters[0][value][]=c",
            "filters[][key]=model&filters[][operator]=eq&filters[][value][]=a%20b&filters[][value][]=c&per_page=5",
            "per_page=5&filters=%5B%7B%22key%22%3A%22model%22%2C%22operator%22%3A%22eq%22%2C%22value%22%3A%5B%22a+b%22%2C%22c%22%5D%7D%5D",
        ] {
            assert_eq!(page(query).unwrap(), expected, "{query}");
        }
        assert_eq!(
            page("min_cost=0.02&provider=openai&meta_info=true").unwrap(),
            json!({"provider": "openai", "filters": [{"key": "cost", "operator": "gte", "value": "0.02"}]})
        );
    }

    #[test]
    fn bad_parameters_are_named() {
        for (query, field) in [
            ("per_page=100", "per_page"),
            ("page=x", "page"),
            ("filters=x", "filters"),
            ("filters[7][key]=model", "filters[7][key]"),
            ("filters[0][color]=model", "filters[0][color]"),
        ] {
            assert_eq!(page(query).unwrap_err().field(), Some(field), "{query}");
        }
    }
}
