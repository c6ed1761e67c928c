//! A vocabulary in memory: which short pieces are one token, and which two tokens are merged into which third.

#![expect(clippy::cast_possible_truncation, reason = "hashes and bit fields are cut on purpose")]

use super::merge::Pairs;
use super::word;

/// Read-only after it was unpacked; two tables and nothing else, about nine megabytes for the largest vocabulary.
pub(super) struct Table {
    words: Words,
    pairs: Pairs,
}

impl Table {
    /// Unpacks what `examples/vocabularies.rs` has packed, up to token `limit`.
    pub(super) fn unpack(packed: &[u8], limit: u32) -> Self {
        let (size, rest) = packed.split_at(4);
        let (bytes, bits) = rest.split_at(256);
        let size = u32::from_le_bytes(size.try_into().expect("four bytes")).min(limit);
        let mut words = Words::with_room_for(size as usize);
        let mut pairs = Pairs::new(bytes.try_into().expect("256 bytes"), size as usize);
        let mut known = Vec::with_capacity(size as usize);
        for byte in bytes {
            let word = word::cut(u128::from(*byte), 1);
            known.push(word);
            words.insert(word);
        }
        let mut at = 0;
        for token in 256..size {
            let width = token.ilog2() + 1;
            let from = at / 8;
            let both = u64::from_le_bytes(bits[from..from + 8].try_into().expect("eight bytes")) >> (at % 8);
            at += 2 * width as usize;
            let mask = (1 << width) - 1;
            let [left, right] = [both & mask, both >> width & mask].map(|part| u32::try_from(part).unwrap_or(0));
            let parts = (left != token).then(|| (known[left as usize], known[right as usize]));
            let word = parts.and_then(|(left, right)| word::join(left, right)).unwrap_or(0);
            known.push(word);
            if word != 0 {
                words.insert(word);
            }
            if left != token {
                pairs.insert(left, right, token);
            }
        }
        Self { words, pairs }
    }

    /// How many tokens the short piece `word` has, whose hash is `hash` and whose bytes are `piece`.
    #[inline]
    pub(super) fn tokens_of(&self, word: u128, hash: u64, piece: &[u8]) -> usize {
        if self.words.contains(word, hash) { 1 } else { self.pairs.merge(piece) }
    }

    /// How many tokens a longer piece has.
    pub(super) fn tokens(&self, piece: &[u8]) -> usize {
        self.pairs.merge(piece)
    }
}

/// A set of words; 0, which is no word, marks a free slot.
struct Words {
    slots: Box<[u128]>,
}

impl Words {
    fn with_room_for(words: usize) -> Self {
        Self { slots: vec![0; words * 3 / 2].into_boxed_slice() }
    }

    fn insert(&mut self, word: u128) {
        let mut slot = self.home(word::hash(word));
        while self.slots[slot] != 0 {
            slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
        }
        self.slots[slot] = word;
    }

    #[inline]
    fn contains(&self, word: u128, hash: u64) -> bool {
        let mut slot = self.home(hash);
        loop {
            let there = self.slots[slot];
            if there == word {
                return true;
            }
            if there == 0 {
                return false;
            }
            slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
        }
    }

    /// Where a word is looked for first.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.slots.len() as u128) >> 64) as usize
    }
}
