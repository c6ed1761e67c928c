//! AWS Signature Version 4: a request is signed with a key that never goes out.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::borrow::Cow;
use std::fmt::Write;

use ring::hmac;
use sha2::{Digest, Sha256};

use super::Keys;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What is signed. Names of headers are in lower case; `host` and `x-amz-date` are among them.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// The path as it is sent.
    pub(super) path: &'a str,
    /// The query as it is sent, without its question mark.
    pub(super) query: &'a str,
    pub(super) headers: Vec<(&'a str, Cow<'a, str>)>,
    pub(super) body: &'a [u8],
}

/// For whom and when.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// Such as `20150830T123600Z`.
    pub(super) date: &'a str,
}

/// The value of the header `authorization`.
pub(super) fn authorization(keys: &Keys, scope: &Scope<'_>, mut signed: Signed<'_>) -> String {
    signed.headers.sort_by_key(|(name, _)| *name);
    let mut names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
    names.dedup();
    let names = names.join(";");
    let request = hex(&Sha256::digest(canonical(&signed, &names)));
    let Scope { region, service, date } = scope;
    let day = date.split('T').next().unwrap_or_default();
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{}", keys.secret_access_key.expose()).as_bytes());
    for part in [day, region, service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    let text = format!("{ALGORITHM}\n{date}\n{scope}\n{request}");
    let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
    format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", keys.access_key_id)
}

fn canonical(signed: &Signed<'_>, names: &str) -> String {
    let mut text = format!("{}\n{}\n{}\n", signed.method, path(signed.path), query(signed.query));
    let mut before = "";
    for (name, value) in &signed.headers {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        // Several values under one name are one list.
        if *name == before {
            text.pop();
            text.extend([",", &value, "\n"]);
        } else {
            text.extend([name, ":", &value, "\n"]);
        }
        before = name;
    }
    text.extend(["\n", names, "\n", &hex(&Sha256::digest(signed.body))]);
    text
}

/// Each segment is encoded once more than it is sent; empty ones do not count.
fn path(sent: &str) -> String {
    let segments: Vec<&str> = sent.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut path = String::from("/");
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            path.push('/');
        }
        encode(segment.as_bytes(), &mut path);
    }
    if sent.ends_with('/') && !segments.is_empty() {
        path.push('/');
    }
    path
}

fn query(sent: &str) -> String {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (mut encoded_name, mut encoded_value) = (String::new(), String::new());
        encode(&decoded(name), &mut encoded_name);
        encode(&decoded(value), &mut encoded_value);
        (encoded_name, encoded_value)
    };
    let mut pairs: Vec<_> = sent.split('&').filter(|part| !part.is_empty()).map(pair).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// RFC 3986: all but the unreserved characters.
fn encode(bytes: &[u8], into: &mut String) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            into.push(char::from(*byte));
        } else {
            write!(into, "%{byte:02X}").expect("a String takes every character");
        }
    }
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = hex.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every character");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// From AWS's published `aws-sig-v4-test-suite`: its keys, its date, its requests, its signatures.
    #[test]
    fn the_published_suite_is_signed_as_published() {
        type Own = &'static [(&'static str, &'static str)];
        const FORM: Own = &[("content-type", "application/x-www-form-urlencoded")];
        const ORDER: Own =
            &[("my-header1", "value4"), ("my-header1", "value1"), ("my-header1", "value3"), ("my-header1", "value2")];
        const TRIM: Own = &[("my-header1", " value1"), ("my-header2", "\"a   b   c\"")];
        const TOKEN: Own =
            &[("x-amz-security-token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267")];
        const PLAIN: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let cases: [(&str, &str, &str, Own, &str, &str); 10] = [
            ("GET", "/", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("GET", PLAIN, "", &[], "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
            ("GET", "//example//", "", &[], "", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
            (
                "GET",
                "/",
                "Param2=value2&Param1=value1",
                &[],
                "",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "GET",
                "/",
                "Param1=value2&Param1=value1",
                &[],
                "",
                "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
            ),
            ("GET", "/", "%E1%88%B4=bar", &[], "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
            ("GET", "/", "", ORDER, "", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
            ("GET", "/", "", TRIM, "", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
            (
                "POST",
                "/",
                "",
                FORM,
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            ("GET", "/", "", TOKEN, "", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
        ];
        let keys = Keys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
            region: None,
        };
        let scope = Scope { region: "us-east-1", service: "service", date: "20150830T123600Z" };
        for (method, path, query, own, body, signature) in cases {
            let mut headers = vec![("host", "example.amazonaws.com".into()), ("x-amz-date", scope.date.into())];
            headers.extend(own.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))));
            let value = authorization(&keys, &scope, Signed { method, path, query, headers, body: body.as_bytes() });
            let (start, told) = value.split_once(", Signature=").unwrap();
            assert_eq!(told, signature, "{path}?{query} {own:?}");
            let credential = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ";
            assert!(start.starts_with(credential), "{start}");
        }
    }

    #[test]
    fn what_is_encoded_is_encoded_again_in_the_path_and_once_in_the_query() {
        assert_eq!(path("/model/a.b-v1%3A0/converse"), "/model/a.b-v1%253A0/converse");
        assert_eq!(path("/a:b"), "/a%3Ab");
        assert_eq!(path(""), "/");
        assert_eq!(query("b&a=1&q=a%20b&a=1%3D2&%zz=%2"), "%25zz=%252&a=1&a=1%3D2&b=&q=a%20b");
    }
}
