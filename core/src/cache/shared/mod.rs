//! Answers that several processes share.

#[cfg(feature = "sqlite")]
mod file;
#[cfg(feature = "redis")]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg(feature = "sqlite")]
pub(crate) use self::file::File;
#[cfg(feature = "redis")]
pub(crate) use self::server::Server;

/// What is this much newer than now was stored under a clock that was wrong.
const AHEAD_US: u64 = 60_000_000;

/// As many bytes of answers as may wait to be written; what comes beyond is not kept there.
const MAX_WAITING_BYTES: usize = 64_000_000;

/// The answers that wait to be written.
#[derive(Clone, Default)]
struct Waiting(Arc<AtomicUsize>);

/// One of them, until it is dropped.
struct Place(Waiting, usize);

impl Waiting {
    /// A place for `bytes`, if there is one.
    fn place(&self, bytes: usize) -> Option<Place> {
        let before = self.0.fetch_add(bytes, Relaxed);
        let place = Place(self.clone(), bytes);
        // One that is larger than all of the room may still go alone.
        (before == 0 || before + bytes <= MAX_WAITING_BYTES).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(self.1, Relaxed);
    }
}

#[cfg(all(test, feature = "testing", feature = "redis", feature = "sqlite"))]
mod tests;
