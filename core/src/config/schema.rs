//! The configuration's JSON Schema, for editors and for the faces of other languages.

use serde_json::{Map, Value, json};

use super::Config;

impl Config {
    /// The JSON Schema (draft 2020-12) of the configuration document.
    #[must_use]
    pub fn json_schema() -> Value {
        let mut schema = schemars::schema_for!(Config).to_value();
        offer_milliseconds(&mut schema);
        for definition in schema["$defs"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            offer_milliseconds(definition);
        }
        schema["properties"]["$schema"] = json!({ "type": "string", "description": "Where editors find this schema." });
        schema
    }
}

/// Adds the `_ms` form of every duration to the properties of an object.
fn offer_milliseconds(object: &mut Value) {
    let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
    let names: Vec<String> =
        properties.iter().filter(|(_, value)| is_span(value)).map(|(name, _)| name.clone()).collect();
    for name in names {
        let plain_name = format!("{name}_ms");
        object["properties"][&plain_name] = json!({
            "type": "integer",
            "minimum": 0,
            "description": format!("`{name}` as a plain number of milliseconds.")
        });
        let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) else { continue };
        if let Some(at) = required.iter().position(|required| *required == name) {
            required.remove(at);
            object["anyOf"] = json!([{ "required": [name] }, { "required": [plain_name] }]);
        }
    }
}

/// Whether a property is a [`super::Span`], optional or not.
fn is_span(property: &Value) -> bool {
    let refers = |value: &Value| value["$ref"] == "#/$defs/Span";
    refers(property) || property["anyOf"].as_array().is_some_and(|any| any.iter().any(refers))
}

#[cfg(test)]
mod tests {
    use super::super::milliseconds::SPANS;
    use super::*;

    /// The names of all durations below `schema`, each with the tables around it.
    fn spans(root: &Value, schema: &Value, tables: &[String]) -> Vec<(Vec<String>, String)> {
        let mut found = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if is_span(property) {
                found.push((tables.to_vec(), name.clone()));
                continue;
            }
            let many = &property["additionalProperties"];
            let reference =
                [&property["$ref"], &property["anyOf"][0]["$ref"], &many["$ref"]].into_iter().find_map(Value::as_str);
            let Some(definition) = reference.and_then(|reference| reference.strip_prefix("#/$defs/")) else { continue };
            let mut below = [tables, std::slice::from_ref(name)].concat();
            below.extend(many.is_object().then(|| "*".to_owned()));
            found.extend(spans(root, &root["$defs"][definition], &below));
        }
        found
    }

    #[test]
    fn every_duration_may_be_a_number_of_milliseconds() {
        let schema = Config::json_schema();
        let owned = |(tables, name): &(&[&str], &str)| {
            (tables.iter().map(|table| (*table).to_owned()).collect(), (*name).to_owned())
        };
        assert_eq!(spans(&schema, &schema, &[]), SPANS.iter().map(owned).collect::<Vec<_>>());
        assert_eq!(schema["$defs"]["CacheConfig"]["properties"]["ttl_ms"]["type"], "integer");
        assert_eq!(schema["$defs"]["LimitRule"]["required"], json!(["limit"]));
    }

    #[test]
    fn it_says_what_the_loaders_say() {
        let schema = Config::json_schema();
        assert_eq!(schema["additionalProperties"], false);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            let is_table = definition.get("properties").is_some();
            assert!(!is_table || definition["additionalProperties"] == false, "{name} takes unknown keys");
            assert!(definition.get("description").is_some(), "{name} is not described");
        }
        assert_eq!(schema["$defs"]["RetryConfig"]["properties"]["max_attempts"]["maximum"], 5);
        assert_eq!(schema["$defs"]["CacheConfig"]["properties"]["max_bytes"]["default"], "256MB");
        assert_eq!(schema["$defs"]["Secret"]["writeOnly"], true);
    }
}
