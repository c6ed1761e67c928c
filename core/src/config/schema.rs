//! The configuration's JSON Schema, for editors and for the faces of other languages.

use serde_json::Value;

use super::Config;

impl Config {
    /// The JSON Schema (draft 2020-12) of the configuration document.
    #[must_use]
    pub fn json_schema() -> Value {
        schemars::schema_for!(Config).to_value()
    }
}
