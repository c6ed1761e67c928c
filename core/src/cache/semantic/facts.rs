//! What two texts must agree in if one answer is to serve both, however alike they sound: numbers, negation, names.
//!
//! Small and strict, and made for languages with capitals: where it knows too little it says that the texts differ. It does not
//! know a name that is written small, nor that "before" is not "after".

use std::collections::BTreeSet;

use super::words::{NEGATIONS, NUMBERS, OPENINGS};

/// What a text says for certain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// In their order: from 1 to 2 is not from 2 to 1.
    numbers: Vec<String>,
    negations: usize,
    names: BTreeSet<String>,
    /// Whether it has letters that are neither large nor small, among which names cannot be told.
    has_no_capitals: bool,
}

impl Facts {
    pub(super) fn of(text: &str) -> Self {
        let mut facts = Self {
            has_no_capitals: text
                .chars()
                .any(|letter| letter.is_alphabetic() && !letter.is_lowercase() && !letter.is_uppercase()),
            ..Self::default()
        };
        facts.names.extend(quoted(text));
        let mut begins = true;
        for token in text.split_whitespace() {
            facts.take(token, begins);
            begins = token.ends_with(['.', '!', '?', ':', '…']);
        }
        facts
    }

    /// What the two do not agree in.
    pub(super) fn differ(&self, other: &Self) -> Option<&'static str> {
        if self.numbers != other.numbers {
            return Some("numbers");
        }
        if self.negations != other.negations {
            return Some("negation");
        }
        if self.names != other.names {
            return Some("names");
        }
        (self.has_no_capitals || other.has_no_capitals).then_some("script")
    }

    /// Takes note of one word; `begins` is whether it is the first of its sentence.
    fn take(&mut self, token: &str, begins: bool) {
        let is_place = token.contains("://") || token.contains('@') || token.contains('/') && token.contains('.');
        let word = token.trim_matches(|letter: char| !letter.is_alphanumeric());
        if is_place {
            self.names.insert(word.to_owned());
            return;
        }
        if word.contains(|letter: char| letter.is_numeric()) {
            // A minus or a currency belongs to its number.
            self.numbers.push(token.trim_matches(['"', '\'', '(', ')', '?', '!', ';', ':', ',', '.']).to_lowercase());
            return;
        }
        let small = word.to_lowercase().replace('’', "'");
        if let Some((_, number)) = NUMBERS.iter().find(|(name, _)| *name == small) {
            self.numbers.push((*number).to_owned());
        } else if NEGATIONS.contains(&&*small) || small.ends_with("n't") {
            self.negations += 1;
        } else if word.chars().any(char::is_uppercase) && !is_opening(&small, word, begins) {
            self.names.insert(small.trim_end_matches("'s").to_owned());
        }
    }
}

/// Whether a word is large only because it stands first. "I" is large everywhere.
fn is_opening(small: &str, word: &str, begins: bool) -> bool {
    let is_large_at_first = !word.chars().skip(1).any(char::is_uppercase);
    let first = small.split('\'').next().unwrap_or_default();
    first == "i" || begins && is_large_at_first && OPENINGS.contains(&first)
}

/// What stands between quotation marks.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    const MARKS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('`', '`')];
    MARKS.into_iter().flat_map(move |(open, close)| {
        let mut rest = text;
        std::iter::from_fn(move || {
            let inside = &rest[rest.find(open)? + open.len_utf8()..];
            let end = inside.find(close)?;
            rest = &inside[end + close.len_utf8()..];
            Some(inside[..end].to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn differ(one: &str, other: &str, what: &str) {
        assert_eq!(Facts::of(one).differ(&Facts::of(other)), Some(what), "{one} | {other}");
    }

    #[track_caller]
    fn agree(one: &str, other: &str) {
        assert_eq!(Facts::of(one).differ(&Facts::of(other)), None, "{one} | {other}");
    }

    #[test]
    fn other_words_for_the_same_agree() {
        agree("How do I reset my password?", "how can i reset my password");
        agree("What is the capital of France?", "Tell me the capital of France.");
        agree("What's the refund policy?", "what is the policy for refunds");
        agree("Is two enough?", "is 2 enough");
        agree("Qué hora es", "Qué hora es ahora");
    }

    #[test]
    fn numbers_must_agree() {
        differ("What is 2 + 2?", "What is 2 + 3?", "numbers");
        differ("within 30 days", "within 60 days", "numbers");
        differ("on 2026-01-01", "on 2026-01-02", "numbers");
        differ("is it $5", "is it €5", "numbers");
        differ("from 1 to 2", "from 2 to 1", "numbers");
        differ("it was -5 outside", "it was 5 outside", "numbers");
        differ("two apples", "three apples", "numbers");
        differ("in the month", "in the 1st month", "numbers");
    }

    #[test]
    fn negation_must_agree() {
        differ("Can I eat this?", "Can't I eat this?", "negation");
        differ("is it safe", "is it not safe", "negation");
        differ("with sugar", "without sugar", "negation");
        differ("Darf ich das essen", "Darf ich das nicht essen", "negation");
        differ("puedo comer esto", "puedo comer esto sin pan", "negation");
        differ("je mange", "je ne mange pas", "negation");
        agree("don’t stop", "don't stop");
    }

    #[test]
    fn names_must_agree() {
        differ("What is the capital of France?", "What is the capital of Italy?", "names");
        differ("Paris is where?", "London is where?", "names");
        differ("rename \"a\" please", "rename \"b\" please", "names");
        differ("translate “yes”", "translate “maybe”", "names");
        differ("read https://a.example/x", "read https://b.example/x", "names");
        differ("write to ann@a.example", "write to bob@a.example", "names");
        differ("what is NASA", "what is ESA", "names");
        differ("Describe it", "Rename it", "names");
        differ("Qué hora es", "qué hora es", "names");
        agree("who is Ada's friend", "who is the friend of Ada");
    }

    #[test]
    fn scripts_without_capitals_are_never_served() {
        differ("東京の人口", "東京の人口", "script");
        differ("ما هي العاصمة", "ما هي العاصمة", "script");
    }

    #[test]
    fn nothing_is_cut_in_the_middle_of_a_letter() {
        for text in ["“", "«é»«", "''", "…", "\"é", "a\u{300}’s", "n't"] {
            let _ = Facts::of(text);
        }
    }
}
