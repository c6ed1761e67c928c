//! The published vocabularies. Each is unpacked at its first use and then shared by all threads.

use std::sync::OnceLock;

use super::recent::Recent;
use super::split::{self, Rule};
use super::table::Table;
use super::word;

/// A vocabulary with its way to cut text into pieces.
pub(super) struct Encoding {
    /// Its published name.
    pub(super) name: &'static str,
    rule: Rule,
    /// Whether a word goes on where its case changes; `None` where plain words are not short-cut.
    joins_case: Option<bool>,
    packed: &'static [u8],
    limit: u32,
    table: OnceLock<Table>,
}

const O200K: &[u8] = include_bytes!("data/o200k.bin");
const CL100K: &[u8] = include_bytes!("data/cl100k.bin");
const P50K: &[u8] = include_bytes!("data/p50k.bin");

pub(super) static O200K_BASE: Encoding = Encoding::new("o200k_base", split::o200k, Some(false), O200K, u32::MAX);
pub(super) static CL100K_BASE: Encoding = Encoding::new("cl100k_base", split::cl100k, Some(true), CL100K, u32::MAX);
pub(super) static P50K_BASE: Encoding = Encoding::new("p50k_base", split::p50k, None, P50K, u32::MAX);
/// p50k is r50k and, behind the one special token, runs of blanks.
pub(super) static R50K_BASE: Encoding = Encoding::new("r50k_base", split::p50k, None, P50K, 50_256);

impl Encoding {
    const fn new(name: &'static str, rule: Rule, joins_case: Option<bool>, packed: &'static [u8], limit: u32) -> Self {
        Self { name, rule, joins_case, packed, limit, table: OnceLock::new() }
    }

    /// How many tokens `text` has; special ones count as plain text.
    pub(super) fn count(&self, text: &str) -> u64 {
        let table = self.table.get_or_init(|| Table::unpack(self.packed, self.limit));
        Recent::with(self.name, |recent| {
            let text = text.as_bytes();
            // A loop for each rule, so that each has its rule inlined.
            match self.joins_case {
                Some(false) => count(table, recent, text, |window| word::plain(window, false), split::o200k),
                Some(true) => count(table, recent, text, |window| word::plain(window, true), split::cl100k),
                None => count(table, recent, text, |_| 0, self.rule),
            }
        })
    }
}

#[inline]
fn count(
    table: &Table,
    recent: &mut Recent,
    text: &[u8],
    plain: impl Fn(u128) -> usize,
    rule: impl Fn(&[u8], usize) -> usize,
) -> u64 {
    let (mut at, mut tokens) = (0, 0);
    while at < text.len() {
        let window = word::window(text, at);
        let mut length = plain(window);
        if length == 0 {
            length = rule(text, at) - at;
        }
        let piece = &text[at..at + length];
        at += length;
        tokens += if length > word::MAX_BYTES {
            table.tokens(piece)
        } else {
            let word = word::cut(window, length);
            recent.get(word, |hash| table.tokens_of(word, hash, piece))
        };
    }
    tokens as u64
}
