//! How text is cut into pieces before merging: what OpenAI's regular expressions do, by hand. A regular expression with
//! look-ahead takes most of the time of a count; this takes a tenth of it.
//!
//! The patterns are those of tiktoken's `openai_public.py`; each rule says its own.

use super::class::{self, BLANK, HEAD, LETTER, LINE_END, NUMBER, TAIL};

/// Cuts off the piece that begins at `at`, and tells where it ends. `text` is UTF-8 and `at` the start of a character in it.
pub(super) type Rule = fn(text: &[u8], at: usize) -> usize;

/// ```text
/// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// ```
pub(super) fn o200k(text: &[u8], at: usize) -> usize {
    let (class, length) = class::of(text, at);
    if class & (LETTER | NUMBER | LINE_END) == 0 && class::of(text, at + length).0 & (HEAD | TAIL) != 0 {
        // A mark may stand before a word, or begin it.
        let lower = lower_word(text, at + length)
            .or_else(|| (class & (HEAD | TAIL) != 0).then(|| lower_word(text, at)).flatten());
        return contraction(text, lower.unwrap_or_else(|| upper_word(text, at + length)));
    }
    if class & (HEAD | TAIL) != 0 {
        return contraction(text, lower_word(text, at).unwrap_or_else(|| upper_word(text, at)));
    }
    if class & NUMBER != 0 {
        return three_digits(text, at);
    }
    if let Some(end) = symbols(text, at) {
        let tail = text[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b'/'));
        return end + tail.count();
    }
    let blanks = Blanks::at(text, at);
    blanks.last_line_end.unwrap_or_else(|| blanks.leave_one(text))
}

/// ```text
/// '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+
/// |\s++$|\s*[\r\n]|\s+(?!\S)|\s
/// ```
pub(super) fn cl100k(text: &[u8], at: usize) -> usize {
    let end = contraction(text, at);
    if end > at {
        return end;
    }
    let (class, length) = class::of(text, at);
    if class & LETTER != 0 {
        return class::run(text, at, LETTER);
    }
    if class & NUMBER != 0 {
        return three_digits(text, at);
    }
    if class & LINE_END == 0 && class::of(text, at + length).0 & LETTER != 0 {
        return class::run(text, at + length, LETTER);
    }
    if let Some(end) = symbols(text, at) {
        return class::run(text, end, LINE_END);
    }
    let blanks = Blanks::at(text, at);
    if blanks.end == text.len() {
        return blanks.end;
    }
    blanks.last_line_end.unwrap_or_else(|| blanks.leave_one(text))
}

/// ```text
/// '(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s
/// ```
pub(super) fn p50k(text: &[u8], at: usize) -> usize {
    if let [b'\'', rest @ ..] = &text[at..] {
        match rest {
            [b's' | b'd' | b'm' | b't', ..] => return at + 2,
            [b'l', b'l', ..] | [b'v' | b'r', b'e', ..] => return at + 3,
            _ => {}
        }
    }
    let start = at + usize::from(text[at] == b' ');
    let (class, _) = class::of(text, start);
    for kind in [LETTER, NUMBER] {
        if class & kind != 0 {
            return class::run(text, start, kind);
        }
    }
    symbols(text, at).unwrap_or_else(|| Blanks::at(text, at).leave_one(text))
}

/// `HEAD*TAIL+`. Many letters are both; where the heads have taken all of them, the last tail among them is the end.
#[inline]
fn lower_word(text: &[u8], at: usize) -> Option<usize> {
    let (mut end, mut last_tail) = (at, None);
    loop {
        let (class, length) = class::of(text, end);
        if class & HEAD == 0 {
            return if class & TAIL == 0 { last_tail } else { Some(class::run(text, end + length, TAIL)) };
        }
        end += length;
        if class & TAIL != 0 {
            last_tail = Some(end);
        }
    }
}

/// `HEAD+TAIL*`
#[inline]
fn upper_word(text: &[u8], at: usize) -> usize {
    class::run(text, class::run(text, at, HEAD), TAIL)
}

/// `\p{N}{1,3}`
fn three_digits(text: &[u8], mut at: usize) -> usize {
    for _ in 0..3 {
        let (class, length) = class::of(text, at);
        if class & NUMBER == 0 {
            break;
        }
        at += length;
    }
    at
}

/// ` ?[^\s\p{L}\p{N}]+`
#[inline]
fn symbols(text: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(text[at] == b' ');
    let mut end = start;
    loop {
        let (class, length) = class::of(text, end);
        if length == 0 || class & (BLANK | LETTER | NUMBER) != 0 {
            return (end > start).then_some(end);
        }
        end += length;
    }
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`. Case folding makes the long s (U+017F) an s as well.
#[inline]
fn contraction(text: &[u8], at: usize) -> usize {
    if text.get(at) != Some(&b'\'') {
        return at;
    }
    let lower = |place: usize| text.get(at + place).map_or(0, u8::to_ascii_lowercase);
    match (lower(1), lower(2)) {
        (b's' | b't' | b'm' | b'd', _) => at + 2,
        (b'r' | b'v', b'e') | (b'l', b'l') | (0xC5, 0xBF) => at + 3,
        _ => at,
    }
}

/// A run of blanks.
struct Blanks {
    end: usize,
    /// The end of the last line end in it.
    last_line_end: Option<usize>,
    /// Where its last character begins, unless that is its only one.
    last: Option<usize>,
}

impl Blanks {
    fn at(text: &[u8], at: usize) -> Self {
        let mut blanks = Self { end: at, last_line_end: None, last: None };
        loop {
            let (class, length) = class::of(text, blanks.end);
            if class & BLANK == 0 {
                return blanks;
            }
            blanks.last = (blanks.end > at).then_some(blanks.end);
            blanks.end += length;
            if class & LINE_END != 0 {
                blanks.last_line_end = Some(blanks.end);
            }
        }
    }

    /// `\s+(?!\S)|\s+`: the last blank belongs to the word behind it.
    fn leave_one(&self, text: &[u8]) -> usize {
        if self.end == text.len() { self.end } else { self.last.unwrap_or(self.end) }
    }
}
