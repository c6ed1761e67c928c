//! From a document to a [`Config`].

use serde_json::Value;

use super::Config;
use crate::error::{Error, ErrorKind};

impl Config {
    /// Reads a JSON document.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let document = serde_json::from_str(text)
            .map_err(|error| Error::new(ErrorKind::Config, format!("the configuration is not JSON: {error}")))?;
        read(document)
    }

    /// Reads a TOML document.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let document = toml::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Config, format!("the configuration is not TOML: {}", error.message()))
        })?;
        read(document)
    }

    /// The configuration that is in force, defaults included. Secrets show as `set`.
    ///
    /// # Panics
    /// Never: a configuration holds only what JSON can hold.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a configuration has string keys and no number that JSON lacks")
    }
}

fn read(document: Value) -> Result<Config, Error> {
    let config: Config = serde_path_to_error::deserialize(document)
        .map_err(|error| Error::config(error.path().to_string(), error.inner().to_string()))?;
    config.validate()?;
    Ok(config)
}
