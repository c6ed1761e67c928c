//! Who may come in: programs of this user that know the URL, and no web page.

use axum::http::request::Parts;
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderName, header};
use tollhouse::Secret;

use crate::refused::Refused;

/// Where the reference's clients put their gateway token (Cloudflare AI Gateway, "Authenticated Gateway").
pub(crate) const AUTHORIZATION: HeaderName = HeaderName::from_static("cf-aig-authorization");
/// Where a browser says from which site a request stems (W3C, "Fetch Metadata Request Headers").
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a request must show.
pub(crate) struct Door {
    port: u16,
    account: Secret,
    token: Option<Secret>,
}

impl Door {
    /// A door on `port` to the account `account`, and for those who know `token` if there is one.
    pub(crate) fn new(port: u16, account: Secret, token: Option<Secret>) -> Self {
        Self { port, account, token }
    }

    /// Refuses what a browser sends for a page of another site, also where a name of that site was made to point here
    /// (DNS rebinding): a page cannot change the `Host`, `Origin` and `Sec-Fetch-Site` that its browser writes.
    pub(crate) fn check_sender(&self, head: &Parts) -> Result<(), Refused> {
        let host = only(&head.headers, &header::HOST).unwrap_or_default();
        if !self.is_here(host) || !head.uri.authority().is_none_or(|host| self.is_here(host.as_str())) {
            let port = self.port;
            let message = format!("host: this server answers to 127.0.0.1:{port} and localhost:{port} only");
            return Err(Refused::forbidden(message));
        }
        match foreign(&head.headers) {
            Some(name) => Err(Refused::forbidden(format!("{name}: pages of other sites are not answered"))),
            None => Ok(()),
        }
    }

    /// Checks account and token, and gives what the gateway is asked: `/v1/local/{gateway}/…` with the query, because
    /// the account is for this door only.
    pub(crate) fn admit(&self, head: &Parts) -> Result<String, Refused> {
        let Some(path) = head.uri.path().strip_prefix("/v1/") else {
            let message = "path: expected /v1/{account}/{gateway}/{provider}/…, which begins as get_url gives it";
            return Err(Refused::not_found(message));
        };
        let (account, rest) = path.split_once('/').unwrap_or((path, ""));
        if !self.account.matches(account) {
            let message = "path: not the account of this server; take the URL that get_url or tollhouse serve gives";
            return Err(Refused::unauthorized(message));
        }
        if !self.token.as_ref().is_none_or(|token| brings(&head.headers, &AUTHORIZATION, token)) {
            let message = "cf-aig-authorization: expected \"Bearer {token}\", the token being that of server.token";
            return Err(Refused::unauthorized(message));
        }
        Ok(match head.uri.query() {
            Some(query) => format!("/v1/local/{rest}?{query}"),
            None => format!("/v1/local/{rest}"),
        })
    }

    /// Checks the account of a request to the management endpoints, and the token, which the reference's scripts send as
    /// their API token.
    pub(crate) fn admit_manager(&self, account: &str, headers: &HeaderMap) -> Result<(), Refused> {
        if !self.account.matches(account) {
            let message =
                "path: not the account of this server; it stands in the URL that get_url or tollhouse serve gives";
            return Err(Refused::unauthorized(message));
        }
        let brings =
            |token: &Secret| brings(headers, &AUTHORIZATION, token) || brings(headers, &header::AUTHORIZATION, token);
        if !self.token.as_ref().is_none_or(brings) {
            return Err(Refused::unauthorized(
                "authorization: expected \"Bearer {token}\", the token being that of server.token",
            ));
        }
        Ok(())
    }

    /// Whether `host` (a name, and a port unless it is 80) is this server.
    fn is_here(&self, host: &str) -> bool {
        host.parse().is_ok_and(|host: Authority| {
            let names_no_user = !host.as_str().contains('@');
            names_no_user && is_loopback(host.host()) && host.port_u16().unwrap_or(80) == self.port
        })
    }
}

/// The header that tells of another site, or of a page that asks what it may do here.
fn foreign(headers: &HeaderMap) -> Option<HeaderName> {
    let origin_is_foreign = headers.contains_key(header::ORIGIN)
        && !only(headers, &header::ORIGIN).is_some_and(|origin| {
            origin.parse().is_ok_and(|origin: Uri| origin.scheme().is_some() && origin.host().is_some_and(is_loopback))
        });
    let site_is_foreign = headers.get_all(SEC_FETCH_SITE).iter().any(|site| site == "cross-site");
    // What a page may do must not be asked of a provider, whose answer would speak for this server.
    let asks_permission = headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let signs = [
        (origin_is_foreign, header::ORIGIN),
        (site_is_foreign, SEC_FETCH_SITE),
        (asks_permission, header::ACCESS_CONTROL_REQUEST_METHOD),
    ];
    signs.into_iter().find_map(|(is_foreign, name)| is_foreign.then_some(name))
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
}

/// Whether the token in the header `name` is `token`, with or without `Bearer` in front of it.
fn brings(headers: &HeaderMap, name: &HeaderName, token: &Secret) -> bool {
    let Some(given) = only(headers, name) else { return false };
    match given.split_once(' ') {
        Some((scheme, bare)) if scheme.eq_ignore_ascii_case("bearer") => token.matches(bare.trim()),
        _ => token.matches(given),
    }
}

/// The text of a header that stands once. Of two, nobody can say which one another program on the way went by.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut request = axum::http::Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn door() -> Door {
        Door::new(8787, Secret::new("acct"), None)
    }

    #[test]
    fn only_its_own_names_are_answered() {
        for host in ["127.0.0.1:8787", "localhost:8787", "LocalHost:8787", "[::1]:8787"] {
            assert!(door().check_sender(&head("/health", &[("host", host)])).is_ok(), "{host}");
        }
        for host in [
            "",
            "localhost",
            "localhost:80",
            "localhost:8788",
            "localhost.:8787",
            "evil.example:8787",
            "127.0.0.2:8787",
            "0.0.0.0:8787",
            "2130706433:8787",
            "localhost:8787@evil.example",
            "evil.example@localhost:8787",
            "localhost:8787.evil.example",
            "[::ffff:127.0.0.1]:8787",
            "localhost:8787, evil.example",
        ] {
            assert!(door().check_sender(&head("/health", &[("host", host)])).is_err(), "{host}");
        }
        assert!(door().check_sender(&head("/health", &[])).is_err());
        let twice = [("host", "localhost:8787"), ("host", "evil.example")];
        assert!(door().check_sender(&head("/health", &twice)).is_err());
        let absolute = head("http://evil.example/health", &[("host", "localhost:8787")]);
        assert!(door().check_sender(&absolute).is_err());
        assert!(Door::new(80, Secret::new("a"), None).check_sender(&head("/", &[("host", "localhost")])).is_ok());
    }

    #[test]
    fn pages_of_other_sites_are_not_answered() {
        let check = |name, value| {
            let head = head("/health", &[("host", "localhost:8787"), (name, value)]);
            door().check_sender(&head).is_ok()
        };
        for origin in ["http://localhost:3000", "http://127.0.0.1:8787", "https://localhost", "http://[::1]:5173"] {
            assert!(check("origin", origin), "{origin}");
        }
        for origin in ["null", "", "https://evil.example", "http://localhost.evil.example", "localhost", "file://"] {
            assert!(!check("origin", origin), "{origin}");
        }
        assert!(check("sec-fetch-site", "same-origin"));
        assert!(check("sec-fetch-site", "none"));
        assert!(!check("sec-fetch-site", "cross-site"));
        assert!(!check("access-control-request-method", "POST"));
    }

    #[test]
    fn the_account_is_for_the_door_only() {
        let target = |target| door().admit(&head(target, &[]));
        assert_eq!(target("/v1/acct/default/openai/x?a=b").unwrap(), "/v1/local/default/openai/x?a=b");
        assert_eq!(target("/v1/acct/default/").unwrap(), "/v1/local/default/");
        assert_eq!(target("/v1/acct").unwrap(), "/v1/local/");
        for refused in ["/", "/v1", "/v1/", "/v1/acc/default/", "/v1/acct2/default/", "/v2/acct/default/"] {
            assert!(target(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let door = Door::new(8787, Secret::new("acct"), Some(Secret::new("s3cret")));
        let admits = |headers: &[(&'static str, &str)]| door.admit(&head("/v1/acct/default/", headers)).is_ok();
        for value in ["Bearer s3cret", "bearer  s3cret", "s3cret"] {
            assert!(admits(&[("cf-aig-authorization", value)]), "{value}");
        }
        for value in ["", "Bearer", "Bearer s3cre", "Basic s3cret", "Bearer s3cret2"] {
            assert!(!admits(&[("cf-aig-authorization", value)]), "{value}");
        }
        assert!(!admits(&[]));
        assert!(!admits(&[("authorization", "Bearer s3cret")]));
        assert!(!admits(&[("cf-aig-authorization", "s3cret"), ("cf-aig-authorization", "other")]));
    }
}
