//! How logs get to a receiver: at least once, in batches, however long it is away.
//!
//! A [`Sender`] decides what goes out and when, and what an answer means; it sends nothing itself and asks no clock, so
//! that a thread of the gateway, a phone's own background task and a test can each drive it.

mod backoff;
mod ndjson;
mod sender;
#[cfg(test)]
mod tests;

pub(crate) use self::sender::{Outcome, Package, Reply, Sender, Settings};
