//! What may stand in a call's metadata: one rule for the `cf-aig-metadata` header and for patches of a log.
//! Source: Cloudflare AI Gateway, "Custom metadata" (developers.cloudflare.com/ai-gateway/observability/custom-metadata).

use serde_json::{Map, Value};

/// As many entries as the reference keeps; a sixth is dropped without a word.
const MAX_ENTRIES: usize = 5;

/// Keys that begin so belong to the gateway, not to the caller.
const RESERVED: &str = "cf.";

/// The first five entries in the caller's order, without those whose key starts with `cf.`.
///
/// A value is a text, a number, a truth value or null.
///
/// # Errors
/// A sentence that names the key of an object or an array, wherever it stands.
pub(crate) fn flat(entries: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let own = || entries.iter().filter(|(key, _)| !key.starts_with(RESERVED));
    if let Some((key, _)) = own().find(|(_, value)| value.is_object() || value.is_array()) {
        return Err(format!("{key:?} holds a nested value; write a text, a number, true, false or null"));
    }
    Ok(own().take(MAX_ENTRIES).map(|(key, value)| (key.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys_of(value: &Value) -> Result<Vec<String>, String> {
        Ok(flat(value.as_object().expect("the tests pass objects"))?.keys().cloned().collect())
    }

    #[test]
    fn the_first_five_stay_in_order() {
        let six = json!({"z": 1, "y": "2", "x": true, "w": null, "v": 1.5, "u": 6});
        assert_eq!(keys_of(&six).unwrap(), ["z", "y", "x", "w", "v"]);
    }

    #[test]
    fn reserved_keys_take_no_place() {
        let entries = json!({"cf.user_id": "x", "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "cf.": {}});
        assert_eq!(keys_of(&entries).unwrap(), ["a", "b", "c", "d", "e"]);
        assert_eq!(keys_of(&json!({"cfx": 1})).unwrap(), ["cfx"]);
    }

    #[test]
    fn nested_values_are_named() {
        let late = json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "tags": ["x"]});
        assert!(keys_of(&late).unwrap_err().contains("\"tags\""));
        assert!(keys_of(&json!({"who": {"id": 1}})).unwrap_err().contains("\"who\""));
    }
}
