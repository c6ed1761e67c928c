//! Who is not let in. In each case the provider is not called.

mod common;

use common::{Call, Served, split};
use serde_json::{Value, json};

fn refused(served: &Served, url: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let call = Call::send("POST", url, headers, b"{}");
    let status = call.status;
    assert_eq!(call.header("access-control-allow-origin"), None);
    let body = call.json();
    assert_eq!((&body["success"], &body["result"], &body["messages"]), (&json!(false), &json!([]), &json!([])));
    assert_eq!((&body["name"], &body["httpCode"]), (&json!("AiGatewayError"), &json!(status)));
    assert_eq!(body["internalCode"], body["error"][0]["code"]);
    assert!(served.calls().is_empty(), "the provider was called");
    (status, body["error"][0]["code"].clone())
}

#[test]
fn a_name_that_is_not_this_machine() {
    let served = Served::new(&json!({}), json!([{"json": {}}]));
    let url = format!("{}/chat/completions", served.url(Some("openai")));
    let port = split(&url).0.rsplit_once(':').unwrap().1.to_owned();
    for host in [format!("evil.example:{port}"), "localhost:1".to_owned(), "127.0.0.1".to_owned(), String::new()] {
        assert_eq!(refused(&served, &url, &[("host", &host)]).0, 403, "{host}");
    }
    let call = Call::send("POST", &url, &[("host", &format!("localhost:{port}"))], b"{}");
    assert_eq!(call.status, 200);
}

#[test]
fn a_page_of_another_site() {
    let served = Served::new(&json!({}), json!([{"json": {}}]));
    let url = format!("{}/chat/completions", served.url(Some("openai")));
    for header in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        assert_eq!(refused(&served, &url, &[header]).0, 403, "{header:?}");
    }
    let preflight = [("origin", "http://localhost:3000"), ("access-control-request-method", "POST")];
    assert_eq!(refused(&served, &url, &preflight).0, 403);
    let page_of_this_machine = [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")];
    assert_eq!(Call::send("POST", &url, &page_of_this_machine, b"{}").status, 200);
}

#[test]
fn another_account() {
    let served = Served::new(&json!({}), json!([]));
    let url = format!("{}/chat/completions", served.url(Some("openai")));
    let account = url.split('/').nth(4).unwrap();
    assert_eq!(account.len(), 32);
    for other in ["x", "", &account[1..], &account.to_uppercase().replace(char::is_numeric, "x")] {
        let (status, code) = refused(&served, &url.replace(account, other), &[]);
        assert_eq!((status, code), (401, json!(2009)), "{other}");
    }
}

#[test]
fn a_path_that_is_none() {
    let served = Served::new(&json!({}), json!([]));
    let url = served.url(None);
    let (host, _) = split(&url);
    for path in ["/", "/openai/chat/completions", "/v2/a/b/"] {
        assert_eq!(refused(&served, &format!("http://{host}{path}"), &[]).0, 404, "{path}");
    }
}

#[test]
fn a_caller_without_the_token() {
    let served = Served::new(&json!({"server": {"token": "s3cret"}}), json!([{"json": {}}, {"json": {}}]));
    let url = format!("{}/chat/completions", served.url(Some("openai")));
    for headers in [&[][..], &[("cf-aig-authorization", "Bearer wrong")], &[("authorization", "Bearer s3cret")]] {
        assert_eq!(refused(&served, &url, headers), (401, json!(2009)), "{headers:?}");
    }
    for value in ["Bearer s3cret", "s3cret"] {
        assert_eq!(Call::send("POST", &url, &[("cf-aig-authorization", value)], b"{}").status, 200, "{value}");
    }
    assert!(!served.upstream.calls().to_string().contains("s3cret"), "the token is for this server only");
}
