//! What makes two requests the same.

use sha2::{Digest, Sha256};

use crate::exchange::CacheKey;

/// Whose answers they are. It is part of every key, so that no word of a caller's reaches another's.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) gateway: &'a str,
    pub(crate) tenant: Option<&'a str>,
}

/// The key of a call: scope first, then either the caller's own word or everything that decides the answer. Metadata,
/// event ids, SDK noise headers and the gateway's settings are not part of it.
pub(crate) fn key(scope: Scope<'_>, custom: Option<&str>, parts: &[&[u8]]) -> CacheKey {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        // The length goes first, so that no two lists of parts read the same.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    add(scope.gateway.as_bytes());
    add(scope.tenant.unwrap_or_default().as_bytes());
    match custom {
        Some(word) => {
            add(b"custom");
            add(word.as_bytes());
        }
        None => parts.iter().for_each(|part| add(part)),
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

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(key(of("a"), None, &[b"bc"]), key(of("ab"), None, &[b"c"]));
        assert_ne!(key(of("a"), None, &[b"b", b"c"]), key(of("a"), None, &[b"bc"]));
        assert_ne!(key(of("a"), Some("k"), &[]), key(of("b"), Some("k"), &[]));
    }

    #[test]
    fn a_custom_key_stands_for_the_whole_request() {
        assert_eq!(key(of("a"), Some("k"), &[b"one"]), key(of("a"), Some("k"), &[b"two"]));
    }

    #[test]
    fn a_tenant_shares_with_nobody() {
        let tenant = |tenant, custom| key(Scope { gateway: "a", tenant: Some(tenant) }, custom, &[b"x"]);
        assert_ne!(tenant("one", None), tenant("two", None));
        assert_ne!(tenant("one", Some("k")), tenant("two", Some("k")));
        assert_ne!(tenant("one", Some("k")), key(of("a"), Some("k"), &[b"x"]));
    }
}
