//! Short pieces as numbers: up to 15 bytes and their length in one, so that a look-up compares once.

#![expect(clippy::cast_possible_truncation, reason = "hashes and bit fields are cut on purpose")]

/// The longest piece that is a number.
pub(super) const MAX_BYTES: usize = 15;

/// The first `length` of the window's bytes, 15 at the most.
#[inline]
pub(super) fn cut(window: u128, length: usize) -> u128 {
    window & ((1 << (length * 8)) - 1) | (length as u128) << 120
}

/// One word after another, if both together are still short.
pub(super) fn join(left: u128, right: u128) -> Option<u128> {
    let (before, after) = (length(left), length(right));
    let bytes = |word: u128| word & ((1 << 120) - 1);
    (left != 0 && right != 0 && before + after <= MAX_BYTES)
        .then(|| bytes(left) | bytes(right) << (before * 8) | ((before + after) as u128) << 120)
}

/// Where to look for a word: all bits depend on all of it.
#[inline]
pub(super) fn hash(word: u128) -> u64 {
    let [low, high] = [word as u64, (word >> 64) as u64];
    let product = u128::from(low ^ 0x9E37_79B9_7F4A_7C15) * u128::from(high ^ 0xD6E8_FEB8_6659_FD93);
    (product ^ (product >> 64)) as u64
}

fn length(word: u128) -> usize {
    (word >> 120) as usize
}

/// Sixteen bytes from `at` on; behind the end of the text there are zeros.
#[inline]
pub(super) fn window(text: &[u8], at: usize) -> u128 {
    if let Some(bytes) = text.get(at..at + 16).and_then(|bytes| bytes.try_into().ok()) {
        return u128::from_le_bytes(bytes);
    }
    let mut padded = [0; 16];
    let rest = text.get(at..).unwrap_or_default();
    padded[..rest.len()].copy_from_slice(rest);
    u128::from_le_bytes(padded)
}

/// The length of the plain English word at the start of the window, with up to one character before it that is neither
/// letter, digit nor line end; 0 where it takes a closer look. All sixteen bytes are looked at in one go.
#[inline]
pub(super) fn plain(window: u128, joins_case: bool) -> usize {
    const HIGH: u128 = 0x8080_8080_8080_8080_8080_8080_8080_8080;
    const LOW: u128 = HIGH >> 7;
    let seven = window & !HIGH;
    // The high bit of each byte tells whether its lower seven bits are `from` or more.
    let reaches = |bits: u128, from: u8| bits + LOW * u128::from(0x80 - from);
    let between = |bits: u128, first: u8, last: u8| reaches(bits, first) & !reaches(bits, last + 1) & !window & HIGH;
    let lower = between(seven, b'a', b'z');
    let upper = between(seven, b'A', b'Z');
    let first = (window & 0xFF) as u8;
    let start = usize::from((lower | upper) & 0x80 == 0);
    if start == 1 && (first >= 0x80 || first == b'\'' || first == b'\r' || first == b'\n' || first.is_ascii_digit()) {
        return 0;
    }
    // Where the run of marked bytes ends that begins at `from`.
    let run = |marks: u128, from: usize| (!marks & HIGH & (u128::MAX << (from * 8))).trailing_zeros() as usize / 8;
    let end = if joins_case {
        run(lower | upper, start)
    } else {
        let tail = run(upper, start);
        if tail > MAX_BYTES { tail } else { run(lower, tail) }
    };
    if end <= start || end > MAX_BYTES {
        return 0;
    }
    let next = (window >> (end * 8) & 0xFF) as u8;
    if next >= 0x80 || next == b'\'' && !joins_case { 0 } else { end }
}
