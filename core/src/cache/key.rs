//! What makes two requests the same.

use sha2::{Digest, Sha256};

use crate::exchange::CacheKey;

/// The key of a call: tenant first, then either the caller's own word or everything that decides the answer. Metadata,
/// event ids, SDK noise headers and the gateway's settings are not part of it.
pub(crate) fn key(scope: &str, custom: Option<&str>, parts: &[&[u8]]) -> CacheKey {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        // The length goes first, so that no two lists of parts read the same.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    add(scope.as_bytes());
    match custom {
        Some(word) => {
            add(b"custom");
            add(word.as_bytes());
        }
        None => parts.iter().for_each(|part| add(part)),
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(key("a", None, &[b"bc"]), key("ab", None, &[b"c"]));
        assert_ne!(key("a", None, &[b"b", b"c"]), key("a", None, &[b"bc"]));
        assert_ne!(key("a", Some("k"), &[]), key("b", Some("k"), &[]));
    }

    #[test]
    fn a_custom_key_stands_for_the_whole_request() {
        assert_eq!(key("a", Some("k"), &[b"one"]), key("a", Some("k"), &[b"two"]));
    }
}
