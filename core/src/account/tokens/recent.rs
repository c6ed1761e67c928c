//! The short pieces that a thread has counted last. Text repeats itself: nine of ten pieces are found here, in a table that
//! stays in the processor's own cache where a vocabulary does not.

#![expect(clippy::cast_possible_truncation, reason = "hashes and bit fields are cut on purpose")]

use std::cell::RefCell;

use super::word;

/// A quarter of a megabyte for each thread that counts.
const SLOTS: usize = 1 << 14;

thread_local! {
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent { of: "", slots: Vec::new() }) };
}

pub(super) struct Recent {
    /// The vocabulary that the counts hold for.
    of: &'static str,
    /// A piece in each slot, with its count in the four bits above its length.
    slots: Vec<u128>,
}

impl Recent {
    /// Lends this thread's pieces of the vocabulary named `of`.
    pub(super) fn with<T>(of: &'static str, use_it: impl FnOnce(&mut Self) -> T) -> T {
        RECENT.with_borrow_mut(|recent| {
            if recent.of != of {
                *recent = Self { of, slots: vec![0; SLOTS] };
            }
            use_it(recent)
        })
    }

    /// The count of `word`, from `count` where it is not here yet.
    #[inline]
    pub(super) fn get(&mut self, word: u128, count: impl FnOnce(u64) -> usize) -> usize {
        const COUNT: u32 = 124;
        let hash = word::hash(word);
        let Some(slot) = self.slots.get_mut(hash as usize % SLOTS) else { return count(hash) };
        if *slot & ((1 << COUNT) - 1) == word {
            return (*slot >> COUNT) as usize;
        }
        let tokens = count(hash);
        *slot = word | (tokens as u128) << COUNT;
        tokens
    }
}
