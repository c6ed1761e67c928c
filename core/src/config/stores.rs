//! What must hold for the places that processes share.

use std::path::Path;

use crate::error::Error;
use crate::secret::Secret;

/// Checks the two places of `table`, of which one may be given. Without them each process `goes` its own way.
pub(super) fn validate(table: &str, goes: &str, path: Option<&Path>, redis: Option<&Secret>) -> Result<(), Error> {
    let refuse = |key: &str, message: &str| Err(Error::config(format!("{table}.{key}"), message));
    if path.is_some() && redis.is_some() {
        return refuse("redis", "path and redis are both given; keep one of them");
    }
    if path.is_some() && cfg!(not(feature = "sqlite")) {
        return refuse("path", &format!("this build has no SQLite; leave it out, and each process {goes}"));
    }
    match redis {
        Some(_) if cfg!(not(feature = "redis")) => {
            refuse("redis", &format!("this build has no Redis; leave it out, and each process {goes}"))
        }
        #[cfg(feature = "redis")]
        Some(url) => {
            let opened = crate::store::Redis::new(url, std::time::Duration::ZERO, std::sync::Arc::default());
            opened.map(drop).map_err(|error| error.at(format!("{table}.redis")))
        }
        _ => Ok(()),
    }
}
