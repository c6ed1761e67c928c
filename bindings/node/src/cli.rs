//! The `tollhouse` command.

use napi_derive::napi;

/// Runs the command that `words` ask for, and gives its exit status. It occupies the thread until the command is done.
#[napi(catch_unwind)]
pub fn command(words: Vec<String>) -> i32 {
    tollhouse_server::main(words)
}
