//! A request on its way in.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tollhouse::{Deadlines, Error};

use crate::headers::{self, Header};

/// A call to the gateway: one argument, since each costs a crossing of its own.
#[derive(uniffi::Record)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// A path of the gateway with its query, or an absolute URL of a provider.
    pub target: String,
    /// The caller's headers.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the connection may take to stand, in milliseconds.
    pub connect_timeout_ms: Option<u64>,
    /// How long a chunk may take, the first one too, in milliseconds.
    pub read_timeout_ms: Option<u64>,
}

impl Request {
    /// The request as core takes it. Errors name the field.
    pub fn parsed(self) -> Result<tollhouse::Request, Error> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| Error::invalid("method", format!("{:?} is not an HTTP method", self.method)))?;
        let mut request = tollhouse::Request::new(method, self.target);
        request.headers = headers::parsed(self.headers)?;
        request.body = self.body.into();
        request.deadlines = Deadlines {
            connect: self.connect_timeout_ms.map(Duration::from_millis),
            read: self.read_timeout_ms.map(Duration::from_millis),
        };
        Ok(request)
    }
}

/// `json` as a value. The error names `argument`.
pub fn json(argument: &str, json: &str) -> Result<Value, Error> {
    serde_json::from_str(json).map_err(|error| Error::invalid(argument, format!("not JSON: {error}")))
}

/// As [`json`]; nothing given is null.
pub fn optional_json(argument: &str, text: Option<&str>) -> Result<Value, Error> {
    text.map_or(Ok(Value::Null), |text| json(argument, text))
}
