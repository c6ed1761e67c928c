//! The Node-API glue: what crosses, and how a call ends. The face that users see is the npm package in `node/`.
//!
//! Every call is polled once on the JavaScript thread, so that a cache hit or a refusal comes back from the native call
//! itself. What is not ready goes to a runtime of our own and is handed over with everything else that has ended by then.

#![cfg_attr(
    test,
    allow(dead_code, reason = "a test build registers nothing with Node, so nobody calls what is exported")
)]

mod answer;
mod body;
mod calls;
mod cli;
mod errors;
mod gateway;
mod headers;
mod held;
mod host;
mod outcome;
mod runtime;
mod task;
mod testing;
