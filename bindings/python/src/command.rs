//! The command `tollhouse`, for the script of this name that the package installs.

use pyo3::prelude::*;

/// Runs the command that `words` (the arguments without the program's own name) ask for, and gives its exit status.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, words: Vec<String>) -> i32 {
    py.detach(|| tollhouse_server::main(words))
}
