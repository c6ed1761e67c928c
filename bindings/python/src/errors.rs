//! Core's one error type as an exception of the class that its kind has in `tollhouse._errors`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;
use tollhouse::{Error, ErrorKind};

/// The exception to raise for `error`.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(broken) => broken,
    }
}

/// `error` as an exception that nobody has raised yet.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let kind = error.kind();
    MAKE.import(py, "tollhouse._errors", "make")?.call1((
        PyString::intern(py, kind.code()),
        error.to_string(),
        error.message(),
        error.field(),
        PyString::intern(py, kind.source().code()),
        error.status(),
        kind.retryable(),
        error.log_id(),
    ))
}

/// The stable words for all kinds of errors.
#[pyfunction]
pub(crate) fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}
