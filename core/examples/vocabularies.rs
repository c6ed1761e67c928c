//! Makes core/src/account/tokens/data anew: OpenAI's vocabularies in the packed form that `account/tokens/table.rs` reads,
//! and the classes of characters for `class.rs`. `make vocabularies` runs it.
//!
//! The vocabularies are those of the crate tiktoken-rs, the classes those of the crate regex-syntax, which is what
//! tiktoken's own splitting looks up.

use std::collections::HashMap;
use std::path::Path;

use regex_syntax::hir::{Class, HirKind};
use tiktoken_rs::CoreBPE;

type Bytes = Vec<u8>;

fn main() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/account/tokens/data");
    let write = |name: &str, bytes: Bytes| {
        std::fs::write(data.join(name), &bytes).unwrap_or_else(|error| panic!("{name} cannot be written: {error}"));
        println!("{name}: {} bytes", bytes.len());
    };
    // Base vocabularies without their special tokens: the numbers from the first special one on belong to those. p50k is
    // r50k and more after its one special token.
    write("o200k.bin", pack(&tiktoken_rs::o200k_base().expect("a vocabulary"), 199_998));
    write("cl100k.bin", pack(&tiktoken_rs::cl100k_base().expect("a vocabulary"), 100_256));
    write("p50k.bin", pack(&tiktoken_rs::p50k_base().expect("a vocabulary"), 50_281));
    write("classes.bin", classes());
}

/// The number of tokens; the bytes that tokens 0 to 255 are; then for each further token the two that it is merged from, in
/// as many bits each as its own number has. A number that belongs to no token stands as its own left part.
fn pack(vocabulary: &CoreBPE, size: u32) -> Bytes {
    let special = vocabulary.special_tokens();
    let word = |rank: u32| {
        let word = vocabulary.decode_bytes(&[rank]).ok()?;
        (!std::str::from_utf8(&word).is_ok_and(|text| special.contains(text))).then_some(word)
    };
    let words: Vec<Option<Bytes>> = (0..size).map(word).collect();
    let ranks: HashMap<&[u8], u32> =
        words.iter().zip(0..).filter_map(|(word, rank)| Some((word.as_deref()?, rank))).collect();
    let mut packed = size.to_le_bytes().to_vec();
    packed.extend(words[..256].iter().map(|word| match word.as_deref() {
        Some([byte]) => *byte,
        other => panic!("the first 256 tokens are the bytes, and not {other:?}"),
    }));
    let mut bits = Bits { bytes: packed, pending: 0, count: 0 };
    for rank in 256..size {
        let (left, right) = words[rank as usize].as_deref().map_or((rank, rank), |word| parts(word, rank, &ranks));
        let width = rank.ilog2() + 1;
        bits.push(left, width);
        bits.push(right, width);
    }
    bits.end()
}

/// The two tokens that token `rank` is merged from: what merging leaves of it with earlier tokens only.
fn parts(word: &[u8], rank: u32, ranks: &HashMap<&[u8], u32>) -> (u32, u32) {
    let mut cuts: Vec<usize> = (0..=word.len()).collect();
    while cuts.len() > 3 {
        let merged = |at: usize| ranks.get(&word[cuts[at - 1]..cuts[at + 1]]).filter(|merged| **merged < rank);
        let next = (1..cuts.len() - 1).filter_map(|at| Some((*merged(at)?, at))).min();
        let (_, at) = next.unwrap_or_else(|| panic!("token {rank} cannot be merged from earlier ones"));
        cuts.remove(at);
    }
    (ranks[&word[..cuts[1]]], ranks[&word[cuts[1]..]])
}

struct Bits {
    bytes: Bytes,
    pending: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, width: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push((self.pending & 0xFF) as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Eight more bytes, so that a reader may always take eight at once.
    fn end(mut self) -> Bytes {
        self.bytes.extend(self.pending.to_le_bytes());
        self.bytes
    }
}

/// One byte of class bits for every character, in blocks of 128 of which equal ones are kept once: the number of blocks'
/// indices is fixed, and each is one byte.
fn classes() -> Bytes {
    let mut bits = vec![0_u8; 0x11_0000];
    for (at, pattern) in
        [r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"\p{L}", r"\p{N}", r"\s", r"[\r\n]"]
            .iter()
            .enumerate()
    {
        let parsed = regex_syntax::parse(pattern).expect("a pattern of a class");
        let HirKind::Class(Class::Unicode(class)) = parsed.kind() else { panic!("{pattern} is no class") };
        for range in class.ranges() {
            bits[range.start() as usize..=range.end() as usize].iter_mut().for_each(|bits| *bits |= 1 << at);
        }
    }
    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut indices = Bytes::new();
    for block in bits.chunks(128) {
        let known = blocks.iter().position(|known| *known == block);
        let at = known.unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        indices.push(u8::try_from(at).expect("no more than 256 different blocks"));
    }
    indices.into_iter().chain(blocks.concat()).collect()
}
