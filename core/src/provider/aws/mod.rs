//! What calls of Amazon Bedrock need: keys, and a signature over each request.

mod keys;
mod profile;
mod sigv4;

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

pub(super) use keys::{Keys, Source};
use sigv4::{Scope, Signed, authorization};

use crate::error::Error;

static DATE: HeaderName = HeaderName::from_static("x-amz-date");
static TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Signs a request as it is about to go out. `now_us` is the wall clock in microseconds since 1970 UTC: AWS takes a
/// signature for five minutes.
pub(super) fn sign(
    keys: &Keys,
    method: &Method,
    url: &str,
    headers: &mut HeaderMap,
    body: &Bytes,
    now_us: u64,
) -> Result<(), Error> {
    let odd = || Error::invalid("url", "not a URL that can be signed");
    let uri: Uri = url.parse().map_err(|_| odd())?;
    let host = uri.authority().ok_or_else(odd)?.as_str();
    let (service, region) = place(host, keys);
    let date = date(now_us / 1_000_000);
    headers.insert(&DATE, HeaderValue::from_str(&date).map_err(|_| odd())?);
    match &keys.session_token {
        Some(token) => {
            let mut value = HeaderValue::from_str(token.expose()).map_err(|_| odd())?;
            value.set_sensitive(true);
            headers.insert(&TOKEN, value);
        }
        // One that came with the caller would belong to other keys.
        None => drop(headers.remove(&TOKEN)),
    }
    let mut signed: Vec<(&str, Cow<'_, str>)> = vec![("host", host.into())];
    for name in [&CONTENT_TYPE, &DATE, &TOKEN] {
        signed.extend(
            headers.get_all(name).iter().map(|value| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))),
        );
    }
    let scope = Scope { region, service, date: &date };
    let request = Signed {
        method: method.as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers: signed,
        body,
    };
    let mut value = HeaderValue::from_str(&authorization(keys, &scope, request)).map_err(|_| odd())?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// Service and region are told by the host; one of the user's own, a test's or a proxy's, by the keys.
fn place<'a>(host: &'a str, keys: &'a Keys) -> (&'a str, &'a str) {
    let mut labels = host.split('.');
    match (labels.next(), labels.next(), labels.next()) {
        (Some("bedrock-mantle"), Some(region), Some("api")) => ("bedrock-mantle", region),
        (Some(first), Some(region), Some("amazonaws")) if first.starts_with("bedrock") => ("bedrock", region),
        _ => ("bedrock", keys.region.as_deref().unwrap_or("us-east-1")),
    }
}

/// `20150830T123600Z` (ISO 8601, basic), of seconds since 1970 UTC. Days of the month as in RFC 3339's calendar:
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn date(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (1_767_269_340, "20260101T120900Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn the_host_names_service_and_region() {
        let keys = Keys::parse(r#"{"accessKeyId": "A", "secretAccessKey": "s", "region": "eu-north-1"}"#).unwrap();
        for (host, place_of) in [
            ("bedrock-runtime.eu-west-1.amazonaws.com", ("bedrock", "eu-west-1")),
            ("bedrock-agent-runtime.us-east-1.amazonaws.com", ("bedrock", "us-east-1")),
            ("bedrock-mantle.us-east-1.api.aws", ("bedrock-mantle", "us-east-1")),
            ("localhost:8080", ("bedrock", "eu-north-1")),
        ] {
            assert_eq!(place(host, &keys), place_of, "{host}");
        }
    }

    #[test]
    fn what_the_caller_signed_with_other_keys_is_replaced() {
        let keys = Keys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("canary"),
            session_token: None,
            region: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(&TOKEN, HeaderValue::from_static("other"));
        sign(&keys, &Method::POST, "http://h/model/m/converse", &mut headers, &Bytes::new(), 0).unwrap();
        assert!(headers.get(&TOKEN).is_none() && headers[AUTHORIZATION].is_sensitive());
        assert!(!format!("{keys:?} {headers:?}").contains("canary"));
    }
}
