//! What makes two requests the same.

use sha2::{Digest, Sha256};

use super::canonical::{self, Ignored};
use crate::exchange::CacheKey;

/// Whose answers they are. It is part of every key, so that no word of a caller's reaches another's.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) gateway: &'a str,
    pub(crate) tenant: Option<&'a str>,
}

/// What decides an answer.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// All of it beside the body.
    pub(crate) head: &'a [&'a [u8]],
    pub(crate) body: &'a [u8],
    /// Fields of the body that do not.
    pub(crate) ignored: &'a Ignored,
}

/// The key of a call: scope first, then either the caller's own word or everything that decides the answer. Metadata,
/// event ids, SDK noise headers and the gateway's settings are not part of it.
pub(crate) fn key(scope: Scope<'_>, custom: Option<&str>, parts: Parts<'_>) -> CacheKey {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        // The length goes first, so that no two lists of parts read the same.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    add(scope.gateway.as_bytes());
    add(scope.tenant.unwrap_or_default().as_bytes());
    if let Some(word) = custom {
        add(b"custom");
        add(word.as_bytes());
        return digest.finalize().into();
    }
    parts.head.iter().for_each(|part| add(part));
    digest.update(b"json");
    if !canonical::digest(parts.body, parts.ignored, &mut digest) {
        // No JSON is spelled with a byte that no UTF-8 has.
        digest.update(b"\xff");
        digest.update(parts.body);
    }
    digest.finalize().into()
}

/// A digest of a caller's own word for the key, by which a purge finds its answers in every scope.
pub(crate) fn word(custom: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(custom).into();
    u64::from_le_bytes(std::array::from_fn(|index| digest[index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(gateway: &str) -> Scope<'_> {
        Scope { gateway, tenant: None }
    }

    fn asked(scope: Scope<'_>, custom: Option<&str>, parts: &[&[u8]], body: &str) -> CacheKey {
        key(scope, custom, Parts { head: parts, body: body.as_bytes(), ignored: &Ignored::default() })
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(asked(of("a"), None, &[b"bc"], ""), asked(of("ab"), None, &[b"c"], ""));
        assert_ne!(asked(of("a"), None, &[b"b", b"c"], ""), asked(of("a"), None, &[b"bc"], ""));
        assert_ne!(asked(of("a"), Some("k"), &[], ""), asked(of("b"), Some("k"), &[], ""));
    }

    #[test]
    fn a_custom_key_stands_for_the_whole_request() {
        assert_eq!(asked(of("a"), Some("k"), &[b"one"], "1"), asked(of("a"), Some("k"), &[b"two"], "2"));
    }

    #[test]
    fn json_is_compared_by_what_it_says_and_all_else_by_its_bytes() {
        let key = |body| asked(of("a"), None, &[], body);
        assert_eq!(key("{\"a\":1}"), key(" {\"a\" : 1.0}"));
        assert_ne!(key("{\"a\":1}"), key("{\"a\":2}"));
        assert_ne!(key("a=1"), key("a= 1"));
    }

    #[test]
    fn a_tenant_shares_with_nobody() {
        let tenant = |tenant, custom| asked(Scope { gateway: "a", tenant: Some(tenant) }, custom, &[b"x"], "");
        assert_ne!(tenant("one", None), tenant("two", None));
        assert_ne!(tenant("one", Some("k")), tenant("two", Some("k")));
        assert_ne!(tenant("one", Some("k")), asked(of("a"), Some("k"), &[b"x"], ""));
    }
}
