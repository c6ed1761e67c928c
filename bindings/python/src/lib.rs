//! The native half of the Python package: `tollhouse._native`. It moves requests, answers and JSON texts across, and holds no
//! policy; what users meet is written in Python, in `python/tollhouse`.

mod answer;
mod async_gateway;
mod body;
mod bridge;
mod calls;
mod command;
mod errors;
mod gateway;
mod headers;
mod host;
mod process;
mod runtime;
mod testing;
mod wake;

use pyo3::prelude::*;

/// What `python/tollhouse` stands on. Not for direct use: names here change without notice.
#[pymodule]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use super::answer::Answer;
    #[pymodule_export]
    use super::async_gateway::AsyncGateway;
    #[pymodule_export]
    use super::body::Body;
    #[pymodule_export]
    use super::bridge::Pending;
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::errors::error_kinds;
    #[pymodule_export]
    use super::gateway::Gateway;
    #[pymodule_export]
    use super::host::{Question, Questions};
    #[pymodule_export]
    use super::runtime::shutdown;
    #[pymodule_export]
    use super::testing::Script;
    #[pymodule_export]
    use super::wake::Rung;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
