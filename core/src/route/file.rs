//! A graph that stands in a file, and whether the file has changed.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::Value;

use crate::config::RouteConfig;
use crate::error::Error;

/// How often the file is looked at, while its route is in use.
const PAUSE_US: u64 = 1_000_000;

pub(super) struct GraphFile {
    /// The route's settings, to make it anew with.
    pub(super) settings: RouteConfig,
    seen: Mutex<Seen>,
}

#[derive(Clone)]
struct Seen {
    stamp: Stamp,
    looked_at_us: u64,
    trouble: Option<String>,
}

/// By which a changed file is known. `None` while it cannot be read.
type Stamp = Option<(SystemTime, u64)>;

impl GraphFile {
    /// Reads the file at `path`, which stands at `at`.file: the elements, or the reference's whole route around them.
    pub(super) fn read(path: &Path, settings: &RouteConfig, at: &str) -> Result<(Self, Vec<Value>), Error> {
        let refuse = |message: String| Error::config(format!("{at}.file"), format!("{}: {message}", path.display()));
        // The stamp first: what is written in between is then read once more.
        let stamp = stamp(path);
        let text = std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| refuse(format!("not a JSON document: {error}")))?;
        let elements = match document {
            Value::Array(elements) => elements,
            Value::Object(mut route) => match route.remove("elements") {
                Some(Value::Array(elements)) => elements,
                _ => return Err(refuse("has no list of elements; write {\"elements\": [...]}".to_owned())),
            },
            _ => return Err(refuse("expected a list of elements, or {\"elements\": [...]}".to_owned())),
        };
        let seen = Mutex::new(Seen { stamp, looked_at_us: 0, trouble: None });
        Ok((Self { settings: settings.clone(), seen }, elements))
    }

    /// The same file for a forked child, whose parent may have held the lock.
    pub(super) fn renewed(&self) -> Self {
        let seen = self.seen.try_lock().map(|seen| seen.clone());
        let seen = seen.unwrap_or(Seen { stamp: None, looked_at_us: 0, trouble: None });
        Self { settings: self.settings.clone(), seen: Mutex::new(seen) }
    }

    /// Whether the file is another one than it was, if it is time to look. Whoever is told so is the only one.
    pub(super) fn has_changed(&self, now_us: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = self.settings.file.as_deref().filter(|_| now_us >= seen.looked_at_us + PAUSE_US) else {
            return false;
        };
        seen.looked_at_us = now_us;
        let stamp = stamp(path);
        std::mem::replace(&mut seen.stamp, stamp) != stamp
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).trouble = trouble;
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}
