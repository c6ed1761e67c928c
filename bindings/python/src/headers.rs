//! Headers from and to Python.

use http::{HeaderMap, HeaderName, HeaderValue};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use tollhouse::Error;

use crate::errors;

/// Headers out of a dict, or out of pairs if a name may come twice. Names and values are `str` or `bytes`; numbers and
/// booleans are written as JSON does, dicts and lists as JSON.
pub(crate) fn read(given: Option<&Bound<'_, PyAny>>) -> PyResult<HeaderMap> {
    let mut headers = HeaderMap::new();
    let Some(given) = given else { return Ok(headers) };
    if let Ok(given) = given.cast::<PyDict>() {
        headers.reserve(given.len());
        for (name, value) in given {
            add(&mut headers, &name, &value)?;
        }
        return Ok(headers);
    }
    let pairs = match given.getattr_opt(pyo3::intern!(given.py(), "items"))? {
        Some(items) => items.call0()?,
        None => given.clone(),
    };
    for pair in pairs.try_iter()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        add(&mut headers, &name, &value)?;
    }
    Ok(headers)
}

/// Raw pairs, as `httpx` wants them.
pub(crate) fn pairs<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyList>> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        (PyBytes::new(py, name.as_str().as_bytes()), PyBytes::new(py, value.as_bytes()))
    };
    PyList::new(py, headers.iter().map(pair).collect::<Vec<_>>())
}

fn add(headers: &mut HeaderMap, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let invalid = |what: &str| {
        let shown = name.str().map_or_else(|_| String::new(), |name| name.to_string());
        errors::raised(name.py(), &Error::invalid("headers", format!("{shown:?}: {what}")))
    };
    let name = with_bytes(name, HeaderName::from_bytes)
        .and_then(Result::ok)
        .ok_or_else(|| invalid("not a header name: letters, digits and hyphens, as str or bytes"))?;
    let value = match with_bytes(value, HeaderValue::from_bytes) {
        Some(value) => value,
        None if value.is_instance_of::<PyString>() => return Err(invalid("the value has half a character")),
        None => HeaderValue::from_str(&as_json(value)?),
    };
    headers.append(name, value.map_err(|_| invalid("the value has control characters, which a header cannot carry"))?);
    Ok(())
}

fn with_bytes<T>(text: &Bound<'_, PyAny>, read: impl Fn(&[u8]) -> T) -> Option<T> {
    if let Ok(text) = text.cast::<PyString>() {
        return text.to_cow().ok().map(|text| read(text.as_bytes()));
    }
    text.cast::<PyBytes>().ok().map(|text| read(text.as_bytes()))
}

fn as_json(value: &Bound<'_, PyAny>) -> PyResult<String> {
    static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(flag.is_true().to_string());
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        return Ok(value.str()?.to_string());
    }
    DUMPS.import(value.py(), "json", "dumps")?.call1((value,))?.extract()
}
