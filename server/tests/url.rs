//! When the server begins and ends, and what its URLs are.

mod common;

use std::net::TcpStream;

use common::{Call, Served, split};
use serde_json::json;
use tollhouse::ErrorKind;
use tollhouse_server::Loopback;

#[test]
fn urls_are_those_of_the_reference() {
    let served = Served::new(&json!({}), json!([]));
    let (base, openai) = (served.url(None), served.url(Some("openai")));
    let (host, path) = split(&base);
    assert!(host.starts_with("127.0.0.1:"), "{base}");
    let account = path.strip_prefix("/v1/").unwrap().strip_suffix("/default/").unwrap();
    assert!(account.len() == 32 && account.bytes().all(|byte| byte.is_ascii_hexdigit()), "{account}");
    assert_eq!(openai, format!("{base}openai"));
    assert_eq!(served.url(Some("custom-mine")), format!("{base}custom-mine"));
    assert_eq!(served.url(None), base, "it is the same server until it stops");
}

#[test]
fn a_stopped_server_answers_nobody_and_begins_anew() {
    let served = Served::new(&json!({}), json!([]));
    let first = served.url(None);
    served.loopback.stop();
    served.loopback.stop();
    assert!(TcpStream::connect(split(&first).0).is_err());
    let second = served.url(None);
    assert_ne!(first, second, "the account is drawn anew");
    assert_eq!(Call::post(&second, &json!([])).status, 400);
    drop(served.loopback);
    assert!(TcpStream::connect(split(&second).0).is_err());
}

#[test]
fn an_account_may_be_given() {
    let served = Served::new(&json!({}), json!([]));
    let named = |account| Loopback::new(served.gateway.clone()).with_account(account);
    let url = named("my-laptop").unwrap().get_url(None).unwrap();
    assert!(url.ends_with("/v1/my-laptop/default/"), "{url}");
    for account in ["", "a/b", "a b", "ä", "a?", &"a".repeat(65)] {
        let error = named(account).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("account")), "{account}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let served = Served::new(&json!({"server": {"port": port}}), json!([]));
    let error = served.loopback.get_url(None).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("server.port")));
    assert!(error.message().contains(&format!("127.0.0.1:{port}")), "{error}");
    drop(taken);
    assert!(served.url(None).contains(&format!("127.0.0.1:{port}/")), "the port is taken once it is free");
}

#[test]
fn a_closed_gateway_gets_no_server() {
    let served = Served::new(&json!({}), json!([]));
    served.gateway.close(std::time::Duration::ZERO);
    assert_eq!(served.loopback.get_url(None).unwrap_err().kind(), ErrorKind::Closed);
}
