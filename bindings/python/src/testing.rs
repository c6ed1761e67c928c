//! A gateway with a scripted provider and a clock to turn by hand, for tests in Python.

use std::time::Duration;

use pyo3::prelude::*;
use tollhouse::testing::{ManualClock, Scripted, TestGateway};

use crate::errors;
use crate::gateway::Gateway;

/// The provider and the clock of a gateway under test.
#[pyclass(frozen, module = "tollhouse._native")]
pub(crate) struct Script {
    clock: ManualClock,
    upstream: Scripted,
}

#[pymethods]
impl Script {
    /// A gateway with this configuration (JSON) whose provider answers by `script` (a JSON list of steps).
    #[staticmethod]
    fn open(py: Python<'_>, config: &str, script: &str) -> PyResult<(Gateway, Self)> {
        let TestGateway { gateway, clock, upstream } =
            TestGateway::open(config, script, None).map_err(|error| errors::raised(py, &error))?;
        Ok((Gateway::new(gateway), Self { clock, upstream }))
    }

    /// What the provider was asked so far, as JSON.
    fn calls(&self) -> String {
        self.upstream.calls().to_string()
    }

    /// Turns the clock on.
    fn advance(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }
}
