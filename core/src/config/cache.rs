//! Answers that are given again: for how long, to whom, and where they are kept.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::semantic::SemanticConfig;
use super::units::{Size, Span};
use super::validate::{MONTH, within};
use super::{ignore, stores};
use crate::error::Error;
use crate::secret::Secret;

const SECOND: Span = Span::from_millis(1_000);

/// A smaller file would be full with a few answers.
const MIN_FILE_BYTES: u64 = 1_000_000;

/// Answers that are given again without a call.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// How long an answer is given again: 1 s to 31 days. Without it, or with `"0"`, only requests that ask for it
    /// are cached.
    pub ttl: Option<Span>,
    /// Memory for all answers together. 0 stores none.
    pub max_bytes: Size,
    /// Larger requests and answers are not stored.
    pub max_entry_bytes: Size,
    /// Whether streams are stored and answered too.
    pub streams: bool,
    /// How a stored stream is given again.
    pub replay: Replay,
    /// What the cache does if a request does not say.
    pub mode: CacheMode,
    /// Whose `Cache-Control` headers are minded.
    pub control: CacheControl,
    /// How long after its time an answer is still given while another is fetched behind it, up to 31 days.
    pub stale_while_revalidate: Option<Span>,
    /// How long after its time an answer is still given if nobody answers, up to 31 days.
    pub stale_if_error: Option<Span>,
    /// Fields of a JSON body that make no other request: `user`, or names from the top down with `/` between them, such as
    /// `metadata/user_id`, where `*` is any name and each item of a list. At most 64.
    pub ignore: Vec<String>,
    /// Answers to questions that mean the same. Without it there are none.
    pub semantic: Option<SemanticConfig>,
    /// A `SQLite` file in which the processes of one host keep answers together. It may be the file of `limits.path`.
    #[serde(serialize_with = "super::as_text")]
    pub path: Option<PathBuf>,
    /// The file's room for all answers together, at least 1 MB; what has not been used for long makes room.
    pub max_file_bytes: Size,
    /// A Redis or Valkey server on which many hosts keep answers together:
    /// `redis://[user:password@]host[:port][/database]`. It may hold a password, so it is kept like a key.
    pub redis: Option<Secret>,
    /// How long a call waits for that server, 1 ms to 10 s. One that is slower or gone is a miss.
    pub redis_timeout: Span,
    /// How long a process answers from its own memory before it asks the file or the server again, up to 1 h. What is purged
    /// elsewhere may be given for so long. `"0"` asks every time.
    pub memory_ttl: Span,
}

impl CacheConfig {
    /// How long an answer is given again, or `None` where the cache is off by default.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        Span::unless_zero(self.ttl)
    }

    /// The fields that make no other request, each as names from the top down.
    pub(crate) fn ignored(&self) -> impl Iterator<Item = Vec<String>> {
        self.ignore.iter().map(|path| ignore::names(path))
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        if let Some(ttl) = self.ttl.filter(|ttl| !ttl.is_zero()) {
            within("cache.ttl", ttl, SECOND, MONTH, "; \"0\" switches the cache off")?;
        }
        for (name, span) in
            [("stale_while_revalidate", self.stale_while_revalidate), ("stale_if_error", self.stale_if_error)]
        {
            let hint = "; without it an answer ends with its time";
            within(&format!("cache.{name}"), span.unwrap_or_default(), Span::default(), MONTH, hint)?;
        }
        ignore::validate(&self.ignore)?;
        self.semantic.as_ref().map_or(Ok(()), SemanticConfig::validate)?;
        stores::validate("cache", "keeps its own answers", self.path.as_deref(), self.redis.as_ref())?;
        if self.max_file_bytes.bytes() < MIN_FILE_BYTES {
            let (size, min) = (self.max_file_bytes, Size::new(MIN_FILE_BYTES));
            let message = format!("{size} is less than {min}; to keep nothing in a file leave path out");
            return Err(Error::config("cache.max_file_bytes", message));
        }
        let (min, max) = (Span::from_millis(1), Span::from_millis(10_000));
        within("cache.redis_timeout", self.redis_timeout, min, max, "; without a server leave redis out")?;
        let hint = "; \"0\" asks the shared store every time";
        within("cache.memory_ttl", self.memory_ttl, Span::default(), Span::from_millis(3_600_000), hint)
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            ttl: None,
            max_bytes: Size::new(256_000_000),
            max_entry_bytes: Size::new(25_000_000),
            streams: true,
            replay: Replay::default(),
            mode: CacheMode::default(),
            control: CacheControl::default(),
            stale_while_revalidate: None,
            stale_if_error: None,
            ignore: ignore::USUAL.map(str::to_owned).to_vec(),
            semantic: None,
            path: None,
            max_file_bytes: Size::new(1_000_000_000),
            redis: None,
            redis_timeout: Span::from_millis(50),
            memory_ttl: Span::from_millis(10_000),
        }
    }
}

/// How a stored stream is given again. Its chunks are those that had come either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// As fast as the caller reads.
    #[default]
    AtOnce,
    /// With the pauses that were between its chunks.
    Original,
}

/// What the cache does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheMode {
    /// Kept answers are given, and new ones kept.
    #[default]
    ReadWrite,
    /// Kept answers are given; new ones are not kept.
    ReadOnly,
    /// The provider is always asked, and its answer takes the place of the kept one.
    WriteOnly,
}

/// Whose `Cache-Control` headers the cache minds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheControl {
    /// Those of requests.
    #[default]
    Request,
    /// Those of requests, and those of the providers' answers.
    Both,
    /// Nobody's.
    Ignore,
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[track_caller]
    fn refused(toml: &str, field: &str) -> String {
        let error = Config::from_toml(toml).unwrap_err();
        assert_eq!(error.field(), Some(field), "{toml}");
        error.to_string()
    }

    #[test]
    fn a_place_that_cannot_work_is_refused() {
        refused("cache = { path = 'a.db', redis = 'redis://host' }", "cache.redis");
        assert!(!refused("cache.redis = 'http://me:canary@host'", "cache.redis").contains("canary"));
        refused("cache.max_file_bytes = '1KB'", "cache.max_file_bytes");
        refused("cache.redis_timeout = '0'", "cache.redis_timeout");
        refused("cache.redis_timeout = '1m'", "cache.redis_timeout");
        refused("cache.memory_ttl = '2h'", "cache.memory_ttl");
        let config = Config::from_toml("cache = { redis = 'redis://me:canary@host', memory_ttl = '0' }").unwrap();
        assert_eq!(config.to_json()["cache"]["redis"], "set");
    }
}
