//! The glue for Swift and Kotlin. It moves requests, answers and JSON texts across, and holds no policy; the faces that
//! users see are the packages in `swift/` and `kotlin/`.
//!
//! Every call is polled on the thread that asks, with a runtime of our own beside it for sockets and timers, so that a
//! cache hit or a refusal is there at the first poll.

#![cfg_attr(
    not(all(feature = "server", feature = "testing", feature = "tokens")),
    allow(clippy::unused_self, reason = "what is left out of a build still answers, with an error")
)]

mod answer;
mod body;
mod errors;
mod gateway;
mod headers;
mod hosted;
mod keys;
mod request;
mod runtime;
mod testing;

uniffi::setup_scaffolding!();
