//! What kind of character stands where, as OpenAI's splitting patterns see it.

/// Made by `examples/vocabularies.rs`: for every block of 128 characters one byte that says which block of classes is
/// its own, then those blocks.
static CLASSES: &[u8; 38_144] = include_bytes!("data/classes.bin");
const BLOCKS: usize = 0x11_0000 >> 7;

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`: what a word may begin with.
pub(super) const HEAD: u8 = 1;
/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: what a word may go on with.
pub(super) const TAIL: u8 = 2;
/// `\p{L}`
pub(super) const LETTER: u8 = 4;
/// `\p{N}`
pub(super) const NUMBER: u8 = 8;
/// `\s`
pub(super) const BLANK: u8 = 16;
/// `[\r\n]`
pub(super) const LINE_END: u8 = 32;

/// The classes of the character at `at` and its length in bytes; both 0 at the end. `text` is UTF-8.
#[inline]
pub(super) fn of(text: &[u8], at: usize) -> (u8, usize) {
    let Some(&first) = text.get(at) else { return (0, 0) };
    if first < 0x80 {
        return (ascii(first), 1);
    }
    let rest = |place: usize| u32::from(text.get(at + place).copied().unwrap_or(0) & 0x3F);
    let first = u32::from(first);
    if first < 0xE0 {
        (look_up((first & 0x1F) << 6 | rest(1)), 2)
    } else if first < 0xF0 {
        (look_up((first & 0x0F) << 12 | rest(1) << 6 | rest(2)), 3)
    } else {
        (look_up((first & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3)), 4)
    }
}

/// Where the run of characters of one of `classes` ends that begins at `at`.
#[inline]
pub(super) fn run(text: &[u8], mut at: usize, classes: u8) -> usize {
    loop {
        let (class, length) = of(text, at);
        if class & classes == 0 {
            return at;
        }
        at += length;
    }
}

/// ASCII comes first in the order of characters, so the first block is its own.
#[inline]
fn ascii(byte: u8) -> u8 {
    CLASSES[BLOCKS + usize::from(byte & 0x7F)]
}

fn look_up(character: u32) -> u8 {
    let character = character as usize;
    CLASSES[BLOCKS + (usize::from(CLASSES[character >> 7]) << 7 | character & 0x7F)]
}
