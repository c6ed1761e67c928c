//! Headers cross as one text, `name\nvalue\n…`: a string for each of them would cost more than the rest of the call.
//! Neither side can hold a line break (RFC 9110, 5.5), and each character of a value is one byte (WHATWG Fetch, 2.2.2).

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tollhouse::Error;

/// Status and headers of an answer.
pub fn to_text(status: StatusCode, headers: &HeaderMap) -> String {
    let mut text = String::with_capacity(8 + headers.len() * 48);
    text.push_str(status.as_str());
    text.push('\n');
    for (name, value) in headers {
        text.push_str(name.as_str());
        text.push('\n');
        match value.to_str() {
            Ok(value) => text.push_str(value),
            Err(_) => text.extend(value.as_bytes().iter().map(|byte| char::from(*byte))),
        }
        text.push('\n');
    }
    text
}

/// The headers of a request.
///
/// # Errors
/// `InvalidRequest` naming the header.
pub fn from_text(text: &str) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(16);
    let mut lines = text.split('\n');
    while let (Some(name), Some(text)) = (lines.next(), lines.next()) {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::invalid("headers", format!("{name:?} is not a header name")))?;
        let value = value(text.trim()).ok_or_else(|| {
            Error::invalid(format!("headers.{name}"), "the value has characters that a header cannot carry")
        })?;
        headers.append(header, value);
    }
    Ok(headers)
}

fn value(text: &str) -> Option<HeaderValue> {
    if text.is_ascii() {
        return HeaderValue::from_str(text).ok();
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}
