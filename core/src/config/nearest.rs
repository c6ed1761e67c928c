//! "Did you mean …?"

/// Comparing takes time and memory by the product of the lengths, and nobody means a name by much more than this.
const LONGEST_SLIP: usize = 64;

/// The candidate that `word` is most likely a slip of, if any is near enough.
///
/// A third of the letters may be wrong: enough for a slip of the finger, too little for another word. Failing that, a
/// word that holds a candidate (`api_key`, `key`) is taken for it.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_SLIP {
        return None;
    }
    let word = word.to_lowercase();
    let (mut slip, mut part) = (None, None);
    for candidate in candidates {
        let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        if distance <= (candidate.len() + 1) / 3 && slip.is_none_or(|(least, _)| distance < least) {
            slip = Some((distance, candidate));
        }
        if candidate.len() >= 3 && word.contains(candidate) {
            part = part.or(Some(candidate));
        }
    }
    slip.map(|(_, candidate)| candidate).or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen_and_other_words_are_not() {
        let keys = ["ttl", "max_bytes", "max_entry_bytes", "key"];
        assert_eq!(nearest("tll", keys), Some("ttl"));
        assert_eq!(nearest("TTL", keys), Some("ttl"));
        assert_eq!(nearest("maxBytes", keys), Some("max_bytes"));
        assert_eq!(nearest("api_key", keys), Some("key"));
        assert_eq!(nearest("size", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"key".repeat(LONGEST_SLIP), keys), None, "too long to be a slip");
    }
}
