//! Headers as the host sees them. Each character of a value is one byte (WHATWG Fetch, 2.2.2), so that none is lost.

use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse::Error;

/// One header. A name may come several times.
#[derive(uniffi::Record)]
pub struct Header {
    /// The name, any case.
    pub name: String,
    /// The value.
    pub value: String,
}

/// All headers in their order.
pub fn listed(headers: &HeaderMap) -> Vec<Header> {
    let text = |value: &HeaderValue| match value.to_str() {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    };
    headers.iter().map(|(name, value)| Header { name: name.as_str().to_owned(), value: text(value) }).collect()
}

/// The headers of a request or of a hosted provider's answer.
///
/// # Errors
/// `InvalidRequest` naming the header.
pub fn parsed(headers: Vec<Header>) -> Result<HeaderMap, Error> {
    let mut parsed = HeaderMap::with_capacity(headers.len());
    for Header { name, value } in headers {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::invalid("headers", format!("{name:?} is not a header name")))?;
        let value = carried(value.trim()).ok_or_else(|| {
            Error::invalid(format!("headers.{name}"), "the value has characters that a header cannot carry")
        })?;
        parsed.append(header, value);
    }
    Ok(parsed)
}

fn carried(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}
