//! Which keys a call to Bedrock is signed with: contract line 83. The signature itself is tested where it is made.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};

use super::{catalogue_with, refused};
use crate::secret::Secret;

const STORED: &str = r#"{"accessKeyId": "STORED", "secretAccessKey": "canary", "region": "eu-north-1"}"#;
const ENVIRONMENT: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "ENV"),
    ("AWS_SECRET_ACCESS_KEY", "canary"),
    ("AWS_SESSION_TOKEN", "token"),
    ("AWS_REGION", "us-east-2"),
];

fn sent(toml: &str, environment: &[(&str, &str)], own: HeaderMap, lent: Option<&str>) -> HeaderMap {
    let catalogue = catalogue_with(toml, environment).unwrap();
    let (bedrock, mut headers) = (catalogue.find("bedrock").unwrap(), own);
    let lent = lent.map(Secret::new);
    if let Some(key) = &lent {
        bedrock.lend(&mut headers, key);
    }
    bedrock.authorize(&mut headers, None);
    let url = bedrock.url("bedrock-runtime/us-west-2/model/m/converse", None);
    bedrock.sign((&Method::POST, &url, &Bytes::new()), &mut headers, lent.as_ref(), 0).unwrap();
    assert!(!format!("{catalogue:?} {headers:?}").contains("canary"));
    headers
}

fn signer(headers: &HeaderMap) -> &str {
    let value = headers[AUTHORIZATION].to_str().unwrap();
    value.split_once("Credential=").map_or(value, |(_, rest)| rest.split('/').next().unwrap())
}

#[test]
fn keys_are_looked_for_in_the_order_of_awss_own_sdks() {
    let (none, stored) = (HeaderMap::new(), format!("providers.bedrock.key = '{STORED}'"));
    assert_eq!(signer(&sent(&stored, &ENVIRONMENT, none.clone(), None)), "STORED");
    let by_environment = sent("", &ENVIRONMENT, none.clone(), None);
    assert_eq!(signer(&by_environment), "ENV");
    assert_eq!(by_environment["x-amz-security-token"], "token");
    assert_eq!(signer(&sent("providers.bedrock.key = 'b'", &ENVIRONMENT, none.clone(), None)), "Bearer b");
    assert_eq!(signer(&sent("", &[("AWS_BEARER_TOKEN_BEDROCK", "t")], none.clone(), None)), "Bearer t");
    assert_eq!(signer(&sent("", &[], none.clone(), Some(STORED))), "STORED");
    assert_eq!(signer(&sent("", &[], none.clone(), Some("short-lived"))), "Bearer short-lived");
    assert!(sent("", &[], none, None).is_empty());
    let own = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("AWS4-HMAC-SHA256 own"))]);
    assert_eq!(sent(&stored, &[], own.clone(), None), own, "what the caller signed stays as it is");
}

#[test]
fn a_profile_is_read_when_it_is_needed() {
    let folder = crate::testing::Folder::new();
    let file = folder.path("credentials");
    std::fs::write(&file, "[work]\naws_access_key_id = FILE\naws_secret_access_key = canary\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    let environment = [("AWS_SHARED_CREDENTIALS_FILE", file.as_str()), ("AWS_PROFILE", "work")];
    assert_eq!(signer(&sent("", &environment, HeaderMap::new(), None)), "FILE");
    let catalogue = catalogue_with("", &environment).unwrap();
    assert!(!catalogue.find("bedrock").unwrap().lacks_key(&HeaderMap::new(), None));
}

#[test]
fn stored_keys_place_a_call_that_names_no_region() {
    let catalogue = catalogue_with(&format!("providers.bedrock.key = '{STORED}'"), &ENVIRONMENT).unwrap();
    let url = catalogue.find("bedrock").unwrap().url("model/m/converse", None);
    assert_eq!(url, "https://bedrock-runtime.eu-north-1.amazonaws.com/model/m/converse");
}

#[test]
fn stored_keys_that_cannot_be_read_are_refused_without_being_shown() {
    for text in [r#"{"accessKeyId": "canary"}"#, "{canary", r#"{"accessKeyId": "a b", "secretAccessKey": "canary"}"#] {
        refused(
            &format!("providers.bedrock.key = '{text}'"),
            "config error at providers.bedrock.key: expected {\"accessKeyId\", \"secretAccessKey\", \"sessionToken\"?, \"region\"?}, each a text",
        );
    }
}
