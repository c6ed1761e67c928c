//! The gateway's answer, and how results of every kind come to Python.

use bytes::Bytes;
use http::HeaderMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use tollhouse::{Error, Response};

use crate::body::{Body, Home};
use crate::bridge::Outcome;
use crate::{errors, headers};

/// Status, headers and either the whole body or one to pull.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Answer {
    /// The HTTP status.
    #[pyo3(get)]
    status: u16,
    /// The whole body, if it is there.
    #[pyo3(get)]
    content: Option<Py<PyBytes>>,
    /// The body to pull, if it is not.
    #[pyo3(get)]
    body: Option<Py<Body>>,
    headers: HeaderMap,
    failure: Option<Error>,
}

#[pymethods]
impl Answer {
    /// The headers as raw pairs, duplicates kept.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        headers::pairs(py, &self.headers)
    }

    /// The first header of this name, any case.
    fn header<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, PyString>> {
        self.headers.get(name).map(|value| PyString::new(py, &String::from_utf8_lossy(value.as_bytes())))
    }

    /// The exception that stands for an answer that no provider gave; not raised.
    #[getter]
    fn failure<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.failure.as_ref().map(|error| errors::exception(py, error)).transpose()
    }
}

impl Outcome for Response {
    fn into_python(mut self, py: Python<'_>, home: &Home) -> PyResult<Py<PyAny>> {
        let content = self.body.take_full().map(|bytes| PyBytes::new(py, &bytes).unbind());
        let body = match content {
            Some(_) => None,
            None => Some(Py::new(py, Body::new(self.body, home.clone()))?),
        };
        let answer =
            Answer { status: self.status.as_u16(), content, body, headers: self.headers, failure: self.failure };
        Ok(Py::new(py, answer)?.into_any())
    }
}

impl Outcome for serde_json::Value {
    /// As JSON text.
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        Ok(PyString::new(py, &self.to_string()).into_any().unbind())
    }
}

impl Outcome for u64 {
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        Ok(self.into_pyobject(py)?.into_any().unbind())
    }
}

impl Outcome for Bytes {
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        Ok(PyBytes::new(py, &self).into_any().unbind())
    }
}

impl Outcome for () {
    fn into_python(self, py: Python<'_>, _home: &Home) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

impl<T: Outcome> Outcome for Result<T, Error> {
    fn into_python(self, py: Python<'_>, home: &Home) -> PyResult<Py<PyAny>> {
        self.map_err(|error| errors::raised(py, &error))?.into_python(py, home)
    }
}
