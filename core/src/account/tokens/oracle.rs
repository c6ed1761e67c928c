//! Our counts against tiktoken-rs, which is OpenAI's own code: no difference on any text.

use super::encoding::{CL100K_BASE, Encoding, O200K_BASE, P50K_BASE, R50K_BASE};

/// What texts are made of: every class that a splitting pattern names, its borders, and what merges into long tokens.
const PARTS: &[&str] = &[
    "a",
    "b",
    "s",
    "t",
    "Z",
    "Hello",
    "hello",
    "HTML",
    "camelCase",
    " the",
    " and",
    " I",
    "'s",
    "'S",
    "'t",
    "'re",
    "'RE",
    "'ve",
    "'m",
    "'ll",
    "'lL",
    "'d",
    "'\u{17F}",
    "'\u{212A}",
    "'",
    "''",
    "\"",
    "0",
    "7",
    "42",
    "1234",
    "Ⅻ",
    "½",
    "٣",
    "९",
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    " \n",
    "\n ",
    "\u{A0}",
    "\u{3000}",
    "\u{2028}",
    "\u{85}",
    "\u{200B}",
    "\u{FEFF}",
    "/",
    "//",
    ".",
    ",",
    "...",
    "!",
    "?!",
    "--",
    "----",
    "====",
    "();",
    "{}",
    "<|endoftext|>",
    "<|im_start|>",
    "<|fim_prefix|>",
    "é",
    "É",
    "ß",
    "ǅ",
    "ʰ",
    "ª",
    "\u{301}",
    "\u{308}",
    "e\u{301}",
    "\u{20E3}",
    "ж",
    "Ж",
    "привет",
    "Привет",
    "Ελλάς",
    "你好",
    "世界",
    "日本語",
    "ひらがな",
    "カタカナ",
    "한국어",
    "नमस्ते",
    "ภาษาไทย",
    "שלום",
    "مرحبا",
    "😀",
    "👨‍👩‍👧",
    "🇩🇪",
    "👍🏽",
    "\u{1F}",
    "\0",
    "\u{7F}",
    "\u{FFFD}",
    "\u{10FFFF}",
    "\u{E000}",
    "\u{378}",
    "𝒜",
    "𐐀",
    "𐐨",
    "ſ",
    "İ",
    "ı",
    "K",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "antidisestablishmentarianism",
    " internationalization",
    "return",
    "\n    ",
    "\n\t\t",
    "self.",
    "fn ",
    "https://",
    "a_b",
    "x=1",
    "€",
    "£9.99",
    "™",
    "№",
    "。",
    "，",
    "「",
    "\u{300}\u{301}",
];

fn text(random: &mut fastrand::Rng) -> String {
    let mut text = String::new();
    let length = if random.u8(..16) == 0 { 200 } else { 24 };
    for _ in 0..random.usize(..=length) {
        match random.u8(..10) {
            0 => text.push(random.char(..)),
            1 => text.extend(std::iter::repeat_n(random.choice(PARTS).copied().unwrap_or(" "), random.usize(1..8))),
            2 => text.extend((0..random.usize(1..12)).map(|_| random.lowercase())),
            3 => text.push(random.char(' '..='~')),
            4 => text.push(random.char('\u{80}'..='\u{52F}')),
            // A cut in the middle of a character leaves what UTF-8 readers put in its place.
            5 => text.push_str(&String::from_utf8_lossy(&[random.u8(..), random.u8(..), random.u8(..)])),
            _ => text.push_str(random.choice(PARTS).copied().unwrap_or(" ")),
        }
    }
    text
}

pub(super) fn differences(strings: usize, seed: u64) -> Vec<String> {
    println!("seed {seed}");
    let oracles: [(&Encoding, &tiktoken_rs::CoreBPE); 4] = [
        (&O200K_BASE, tiktoken_rs::o200k_base_singleton()),
        (&CL100K_BASE, tiktoken_rs::cl100k_base_singleton()),
        (&P50K_BASE, tiktoken_rs::p50k_base_singleton()),
        (&R50K_BASE, tiktoken_rs::r50k_base_singleton()),
    ];
    let mut random = fastrand::Rng::with_seed(seed);
    let mut found = Vec::new();
    for _ in 0..strings {
        let text = text(&mut random);
        for (encoding, oracle) in oracles {
            let (ours, theirs) = (encoding.count(&text), oracle.count_ordinary(&text) as u64);
            if ours != theirs {
                found.push(format!("{}: {ours}, not {theirs}: {text:?}", encoding.name));
            }
        }
    }
    found
}

#[test]
fn no_generated_text_is_counted_otherwise() {
    assert_eq!(differences(2_000, 11), Vec::<String>::new());
}

/// `cargo test --profile ci -p tollhouse --lib a_million -- --ignored --nocapture`; SEED chooses the texts.
#[test]
#[ignore = "takes minutes"]
fn a_million_generated_texts_are_not_counted_otherwise() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    assert_eq!(differences(1_000_000, seed), Vec::<String>::new());
}

#[test]
fn every_character_is_split_alike() {
    let oracle = tiktoken_rs::o200k_base_singleton();
    for first in (0..=0x10_FFFF).step_by(64) {
        let characters: String = (first..first + 64)
            .filter_map(char::from_u32)
            .flat_map(|character| ['a', character, '\'', 's', ' ', character, 'Z', 'b'])
            .collect();
        assert_eq!(O200K_BASE.count(&characters), oracle.count_ordinary(&characters) as u64, "from {first:x}");
    }
}

#[test]
fn long_pieces_are_counted_alike() {
    for (part, times) in [("a", 3_000), (" ", 3_000), ("abc", 700), ("=", 2_000), ("\n", 900), ("你", 500), ("é", 999)]
    {
        let text = part.repeat(times);
        for (encoding, oracle) in
            [(&O200K_BASE, tiktoken_rs::o200k_base_singleton()), (&CL100K_BASE, tiktoken_rs::cl100k_base_singleton())]
        {
            assert_eq!(encoding.count(&text), oracle.count_ordinary(&text) as u64, "{} {part:?}", encoding.name);
        }
    }
}
