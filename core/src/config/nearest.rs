//! "Did you mean …?"

/// The candidate that `word` is most likely a slip of, if any is near enough.
///
/// A third of the letters may be wrong: enough for a slip of the finger, too little for another word.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen_and_other_words_are_not() {
        let keys = ["ttl", "max_bytes", "max_entry_bytes"];
        assert_eq!(nearest("tll", keys), Some("ttl"));
        assert_eq!(nearest("TTL", keys), Some("ttl"));
        assert_eq!(nearest("maxBytes", keys), Some("max_bytes"));
        assert_eq!(nearest("size", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}
