//! Byte pair encoding: of all neighbours the two that make the earliest token are merged, until no two do.

#![expect(clippy::cast_possible_truncation, reason = "hashes and bit fields are cut on purpose")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No token.
const NONE: u32 = u32::MAX;
/// Up to here all pairs are looked through for the next merge, which is quickest; a longer piece has a queue.
const SHORT: usize = 64;

/// Which two tokens make which third. A token has exactly one such pair: merging its bytes always ends with it, whatever
/// stands around them.
pub(super) struct Pairs {
    /// The token of each byte.
    bytes: [u32; 256],
    /// What two bytes make.
    twos: Box<[u32]>,
    /// `left << 36 | right << 18 | token`; 0 marks a free slot. A number of a token has 18 bits.
    slots: Box<[u64]>,
}

impl Pairs {
    /// For a vocabulary of `size` tokens, of which the first 256 are `bytes`.
    pub(super) fn new(bytes: &[u8; 256], size: usize) -> Self {
        let mut tokens = [0; 256];
        for (token, byte) in (0..).zip(bytes) {
            tokens[usize::from(*byte)] = token;
        }
        let slots = vec![0; (size * 2).next_power_of_two()];
        Self { bytes: tokens, twos: vec![NONE; 1 << 16].into_boxed_slice(), slots: slots.into_boxed_slice() }
    }

    pub(super) fn insert(&mut self, left: u32, right: u32, token: u32) {
        let key = key(left, right);
        let mut slot = self.home(key);
        while self.slots[slot] != 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = key << 18 | u64::from(token);
        if left < 256 && right < 256 {
            let byte = |token| self.bytes.iter().position(|known| *known == token).unwrap_or(0);
            self.twos[byte(left) << 8 | byte(right)] = token;
        }
    }

    /// What `left` and `right` are merged into.
    #[inline]
    fn get(&self, left: u32, right: u32) -> u32 {
        let key = key(left, right);
        let mask = self.slots.len() - 1;
        let mut slot = self.home(key);
        loop {
            let there = self.slots[slot & mask];
            if there >> 18 == key {
                return (there & 0x3_FFFF) as u32;
            }
            if there == 0 {
                return NONE;
            }
            slot += 1;
        }
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// The number of tokens that are left of `piece`.
    pub(super) fn merge(&self, piece: &[u8]) -> usize {
        if piece.len() > SHORT { self.merge_long(piece) } else { self.merge_short(piece) }
    }

    fn merge_short(&self, piece: &[u8]) -> usize {
        let mut tokens = [0; SHORT];
        // What the token at each place makes with the next one.
        let mut merged = [NONE; SHORT];
        let mut count = piece.len();
        for (at, byte) in piece.iter().enumerate() {
            tokens[at] = self.bytes[usize::from(*byte)];
        }
        for (at, two) in piece.windows(2).enumerate() {
            merged[at] = self.twos[usize::from(two[0]) << 8 | usize::from(two[1])];
        }
        loop {
            let mut at = 0;
            let mut token = NONE;
            for (place, candidate) in merged[..count].iter().enumerate() {
                if *candidate < token {
                    (at, token) = (place, *candidate);
                }
            }
            if token == NONE {
                return count;
            }
            tokens[at] = token;
            tokens.copy_within(at + 2..count, at + 1);
            merged.copy_within(at + 1..count, at);
            count -= 1;
            if at > 0 {
                merged[at - 1] = self.get(tokens[at - 1], token);
            }
            merged[at] = if at + 1 < count { self.get(token, tokens[at + 1]) } else { NONE };
        }
    }

    fn merge_long(&self, piece: &[u8]) -> usize {
        let end = piece.len();
        let mut tokens: Vec<u32> = piece.iter().map(|byte| self.bytes[usize::from(*byte)]).collect();
        let mut next: Vec<usize> = (1..=end).collect();
        let mut previous: Vec<usize> = (0..end).map(|at| at.wrapping_sub(1)).collect();
        let mut merged = vec![NONE; end];
        for (at, two) in piece.windows(2).enumerate() {
            merged[at] = self.twos[usize::from(two[0]) << 8 | usize::from(two[1])];
        }
        let known = merged.iter().enumerate().filter(|(_, token)| **token != NONE);
        let mut queue: BinaryHeap<_> = known.map(|(at, token)| Reverse((*token, at))).collect();
        let mut count = end;
        while let Some(Reverse((token, at))) = queue.pop() {
            // One of the two has been merged otherwise since.
            if merged[at] != token {
                continue;
            }
            let (gone, before) = (next[at], previous[at]);
            let after = next[gone];
            tokens[at] = token;
            next[at] = after;
            merged[gone] = NONE;
            count -= 1;
            let mut look = |left: usize, right: usize, merged: &mut Vec<u32>| {
                merged[left] = self.get(tokens[left], tokens[right]);
                if merged[left] != NONE {
                    queue.push(Reverse((merged[left], left)));
                }
            };
            if before < end {
                look(before, at, &mut merged);
            }
            if after < end {
                previous[after] = at;
                look(at, after, &mut merged);
            } else {
                merged[at] = NONE;
            }
        }
        count
    }
}

/// Two tokens as one number.
#[inline]
fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 18 | u64::from(right)
}
