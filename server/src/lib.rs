//! Everything that listens on a socket, and the command line.
//!
//! [`Loopback`] serves a gateway on the loopback interface, for SDKs that take nothing but a base URL and for other
//! programs of the same user. [`main`] is the `tollhouse` command, so that every language's package can offer it.

mod cli;
mod collect;
mod door;
mod face;
mod listening;
mod loopback;
mod management;
mod refused;
mod ui;

pub use cli::main;
pub use loopback::Loopback;
