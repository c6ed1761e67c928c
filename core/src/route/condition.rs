//! The conditions of a graph, in the reference's MongoDB-like form: `{"metadata.plan": {"$eq": "paid"}}`.
//! Source: developers.cloudflare.com/ai-gateway/features/dynamic-routing/json-configuration.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::fit::Question;
use super::sticky::Place;
use crate::config::nearest;
use crate::error::Error;

const OPERATORS: [&str; 9] = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists"];
/// A condition in a condition in a condition … is bounded, since it is walked by recursion.
const MAX_DEPTH: usize = 32;

#[derive(Clone, Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Test(Place, Test),
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Equal(Value),
    Ordered(&'static [Ordering], Value),
    Among(Vec<Value>),
    Exists,
}

impl Condition {
    /// Reads `value`, which stands at `at`.
    pub(super) fn parse(value: &Value, at: &str) -> Result<Self, Error> {
        Self::parse_at(value, at, 0)
    }

    fn parse_at(value: &Value, at: &str, depth: usize) -> Result<Self, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::config(
                at,
                format!("more than {MAX_DEPTH} conditions within each other; write it flatter"),
            ));
        }
        if let Value::Array(list) = value {
            return Ok(Self::All(Self::list(list, at, depth)?));
        }
        let Some(fields) = value.as_object().filter(|fields| !fields.is_empty()) else {
            return Err(Error::config(at, "expected a condition such as {\"metadata.plan\": {\"$eq\": \"paid\"}}"));
        };
        let parse = |(key, value): (&String, &Value)| Self::field(key, value, &format!("{at}.{key}"), depth);
        let mut all = fields.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(if all.len() == 1 { all.remove(0) } else { Self::All(all) })
    }

    fn list(list: &[Value], at: &str, depth: usize) -> Result<Vec<Self>, Error> {
        let parse = |(index, value)| Self::parse_at(value, &format!("{at}[{index}]"), depth + 1);
        list.iter().enumerate().map(parse).collect()
    }

    fn field(key: &str, value: &Value, at: &str, depth: usize) -> Result<Self, Error> {
        let list = || match value {
            Value::Array(list) if !list.is_empty() => Self::list(list, at, depth),
            _ => Err(Error::config(at, "expected a list of conditions")),
        };
        match key {
            "$and" => Ok(Self::All(list()?)),
            "$or" => Ok(Self::Any(list()?)),
            "$nor" => Ok(Self::Not(Box::new(Self::Any(list()?)))),
            "$not" => Ok(Self::Not(Box::new(Self::parse_at(value, at, depth + 1)?))),
            _ => {
                let place = Place::parse(key).ok_or_else(|| {
                    let message = "neither $and, $or, $nor, $not nor a place in the request; write metadata.{key}, headers.{name} or body.{field}";
                    Error::config(at, message)
                })?;
                match value {
                    Value::Object(tests) if tests.keys().any(|key| key.starts_with('$')) => {
                        Self::tests(&place, tests, at, depth)
                    }
                    other => Ok(Self::Test(place, Test::Equal(other.clone()))),
                }
            }
        }
    }

    fn tests(place: &Place, tests: &Map<String, Value>, at: &str, depth: usize) -> Result<Self, Error> {
        let test = |(operator, operand): (&String, &Value)| {
            let at = format!("{at}.{operator}");
            let own = |test| Self::Test(place.clone(), test);
            let not = |test| Self::Not(Box::new(own(test)));
            let among = || match operand {
                Value::Array(values) => Ok(Test::Among(values.clone())),
                _ => Err(Error::config(at.clone(), "expected a list of values")),
            };
            let ordered = |orders| match operand {
                Value::Number(_) | Value::String(_) => Ok(Test::Ordered(orders, operand.clone())),
                _ => Err(Error::config(at.clone(), "expected a number or a text to compare with")),
            };
            Ok(match operator.as_str() {
                "$eq" => own(Test::Equal(operand.clone())),
                "$ne" => not(Test::Equal(operand.clone())),
                "$gt" => own(ordered(&[Ordering::Greater])?),
                "$gte" => own(ordered(&[Ordering::Greater, Ordering::Equal])?),
                "$lt" => own(ordered(&[Ordering::Less])?),
                "$lte" => own(ordered(&[Ordering::Less, Ordering::Equal])?),
                "$in" => own(among()?),
                "$nin" => not(among()?),
                "$exists" => match operand.as_bool() {
                    Some(true) => own(Test::Exists),
                    Some(false) => not(Test::Exists),
                    None => return Err(Error::config(at, "expected true or false")),
                },
                "$not" if depth < MAX_DEPTH => match operand {
                    Value::Object(tests) => Self::Not(Box::new(Self::tests(place, tests, &at, depth + 1)?)),
                    _ => return Err(Error::config(at, "expected operators such as {\"$eq\": \"paid\"}")),
                },
                other => {
                    let hint = nearest(other, OPERATORS)
                        .map_or_else(|| OPERATORS.join(", "), |meant| format!("did you mean {meant}?"));
                    return Err(Error::config(at, format!("no such operator; {hint}")));
                }
            })
        };
        Ok(Self::All(tests.iter().map(test).collect::<Result<_, _>>()?))
    }

    pub(super) fn holds(&self, question: &Question<'_>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(question)),
            Self::Any(any) => any.iter().any(|one| one.holds(question)),
            Self::Not(one) => !one.holds(question),
            Self::Test(place, test) => test.holds(&place.find(question)),
        }
    }
}

impl Test {
    fn holds(&self, found: &Value) -> bool {
        match self {
            Self::Equal(value) => alike(found, value),
            Self::Among(values) => values.iter().any(|value| alike(found, value)),
            Self::Exists => !found.is_null(),
            Self::Ordered(orders, value) => order(found, value).is_some_and(|order| orders.contains(&order)),
        }
    }
}

/// Numbers by value, so that 1 is 1.0; a list holds what one of its items is.
fn alike(found: &Value, value: &Value) -> bool {
    match (found, value) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(items), _) if !value.is_array() => items.iter().any(|item| alike(item, value)),
        _ => found == value,
    }
}

/// A text, as headers hold it, is compared with a number as the number that it spells.
fn order(found: &Value, value: &Value) -> Option<Ordering> {
    match (found, value) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::String(one), Value::Number(_)) => one.trim().parse::<f64>().ok()?.partial_cmp(&value.as_f64()?),
        (Value::Number(_), Value::Number(_)) => found.as_f64()?.partial_cmp(&value.as_f64()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn holds(condition: &Value) -> bool {
        let body = Bytes::from_static(
            br#"{"model": "dynamic/x", "temperature": 0.5, "tags": ["a", "b"], "deep": {"er": null}}"#,
        );
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-age"), HeaderValue::from_static("30"))]);
        let metadata = json!({"plan": "paid", "seats": 7, "trial": false});
        let question = Question {
            body: &body,
            headers: &headers,
            metadata: metadata.as_object().unwrap(),
            count: &|_, _| None,
            json: std::cell::OnceCell::new(),
        };
        Condition::parse(condition, "c").unwrap().holds(&question)
    }

    #[test]
    fn what_holds() {
        for condition in [
            json!({"metadata.plan": "paid"}),
            json!({"metadata.plan": {"$eq": "paid"}, "metadata.seats": {"$gte": 7, "$lt": 7.5}}),
            json!([{"metadata.plan": {"$ne": "free"}}, {"metadata.trial": false}]),
            json!({"$or": [{"metadata.plan": "free"}, {"headers.X-Age": {"$gt": 18}}]}),
            json!({"$nor": [{"metadata.plan": "free"}, {"metadata.none": {"$exists": true}}]}),
            json!({"metadata.plan": {"$in": ["paid", "team"]}}),
            json!({"metadata.none": {"$nin": ["paid"], "$exists": false}}),
            json!({"body.temperature": {"$lte": 0.5}}),
            json!({"body.tags": "b"}),
            json!({"body.tags.0": "a"}),
            json!({"body.deep.er": null}),
            json!({"$not": {"metadata.seats": {"$gt": 7}}}),
            json!({"metadata.seats": {"$not": {"$gt": 7}}}),
        ] {
            assert!(holds(&condition), "{condition}");
        }
    }

    #[test]
    fn what_does_not_hold() {
        for condition in [
            json!({"metadata.plan": "Paid"}),
            json!({"metadata.seats": {"$gt": 6, "$lt": 7}}),
            json!({"metadata.plan": {"$gt": 1}}),
            json!({"metadata.none": {"$lt": 1}}),
            json!({"headers.x-age": 30}),
            json!({"body.deep.er.x": {"$exists": true}}),
        ] {
            assert!(!holds(&condition), "{condition}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (condition, field) in [
            (json!({}), "c"),
            (json!("metadata.plan"), "c"),
            (json!({"plan": 1}), "c.plan"),
            (json!({"metadata.plan": {"$equals": 1}}), "c.metadata.plan.$equals"),
            (json!({"metadata.plan": {"$in": "x"}}), "c.metadata.plan.$in"),
            (json!({"$or": []}), "c.$or"),
            (json!({"$and": [{"metadata.x": 1}, {"y": 1}]}), "c.$and[1].y"),
            (json!({"metadata.x": {"$gt": null}}), "c.metadata.x.$gt"),
        ] {
            assert_eq!(Condition::parse(&condition, "c").unwrap_err().field(), Some(field), "{condition}");
        }
        let deep = (0..100).fold(json!({"metadata.x": 1}), |inner, _| json!({"$not": inner}));
        assert!(Condition::parse(&deep, "c").is_err());
    }
}
