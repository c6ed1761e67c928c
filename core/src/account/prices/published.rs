//! Examples as providers publish them, with the prices that their pages name, recomputed.

use super::tests::{cost, table_only};
use crate::usage::{NanoUsd, Tier, Usage, UsageDetails};

/// A call, and what it costs by the page: in nano-dollars.
struct Example {
    page: &'static str,
    provider: &'static str,
    model: &'static str,
    usage: Usage,
    details: UsageDetails,
    cost: NanoUsd,
}

fn tokens(tokens_in: u64, tokens_out: u64) -> Usage {
    Usage { tokens_in: Some(tokens_in), tokens_out: Some(tokens_out), ..Usage::default() }
}

const OPENAI: &str = "platform.openai.com/docs/pricing";
const ANTHROPIC: &str = "docs.claude.com/en/docs/about-claude/pricing";
const GEMINI: &str = "ai.google.dev/gemini-api/docs/pricing";
const M: u64 = 1_000_000;

fn examples() -> Vec<Example> {
    let none = UsageDetails::default;
    let example = |page, provider, model, usage, details, cost| Example { page, provider, model, usage, details, cost };
    vec![
        // 0.15 in, 0.075 cached, 0.60 out: 800 x 0.15 + 200 x 0.075 + 500 x 0.60 = 435 millionths.
        example(OPENAI, "openai", "gpt-4o-mini", Usage { cache_read: Some(200), ..tokens(1000, 500) }, none(), 435_000),
        example(OPENAI, "openai", "gpt-4o", tokens(M, M), none(), 12_500_000_000),
        example(OPENAI, "openai", "gpt-4.1", Usage { cache_read: Some(M), ..tokens(M, 0) }, none(), 500_000_000),
        example(OPENAI, "openai", "o3", tokens(M, M), none(), 10_000_000_000),
        example(OPENAI, "openai", "gpt-5-mini", Usage { reasoning: Some(M), ..tokens(0, M) }, none(), 2_000_000_000),
        // Batch is half.
        example(
            OPENAI,
            "openai",
            "gpt-4o",
            tokens(M, M),
            UsageDetails { tier: Some(Tier::Batch), ..none() },
            6_250_000_000,
        ),
        example(
            OPENAI,
            "openai",
            "gpt-4.1",
            tokens(M, 0),
            UsageDetails { tier: Some(Tier::Priority), ..none() },
            3_500_000_000,
        ),
        example(
            OPENAI,
            "openai",
            "text-embedding-3-large",
            Usage { tokens_in: Some(M), ..Usage::default() },
            none(),
            130_000_000,
        ),
        // 0.006 a minute.
        example(
            OPENAI,
            "openai",
            "whisper-1",
            Usage::default(),
            UsageDetails { seconds: Some(60), ..none() },
            6_000_000,
        ),
        // 5 text in, 10 pictures in, 40 pictures out.
        example(
            OPENAI,
            "openai",
            "gpt-image-1",
            tokens(2 * M, M),
            UsageDetails { image: Some(2 * M), image_out: Some(M), ..none() },
            55_000_000_000,
        ),
        // 3 in, 0.30 read, 3.75 written, 15 out: 50 fresh, 1,800 read, 200 written, 503 out.
        example(
            ANTHROPIC,
            "anthropic",
            "claude-sonnet-4-5",
            Usage { cache_read: Some(1800), cache_write: Some(200), ..tokens(2050, 503) },
            none(),
            8_985_000,
        ),
        // Beyond 200,000 tokens: 6 in, 22.50 out.
        example(ANTHROPIC, "anthropic", "claude-sonnet-4-5", tokens(300_000, 1000), none(), 1_822_500_000),
        // Written for an hour: twice the input.
        example(
            ANTHROPIC,
            "anthropic",
            "claude-haiku-4-5",
            Usage { cache_write: Some(M), ..tokens(M, 0) },
            UsageDetails { cache_write_1h: Some(M), ..none() },
            2_000_000_000,
        ),
        // 10 dollars a thousand searches.
        example(
            ANTHROPIC,
            "anthropic",
            "claude-sonnet-4-5",
            tokens(0, 0),
            UsageDetails { searches: Some(3), ..none() },
            30_000_000,
        ),
        example(
            ANTHROPIC,
            "anthropic",
            "claude-opus-4-5",
            tokens(M, M),
            UsageDetails { tier: Some(Tier::Batch), ..none() },
            15_000_000_000,
        ),
        // 0.30 in, 1.00 sound in, 2.50 out with thoughts.
        example(
            GEMINI,
            "google-ai-studio",
            "gemini-2.5-flash",
            Usage { reasoning: Some(60), ..tokens(10, 100) },
            none(),
            253_000,
        ),
        example(
            GEMINI,
            "google-ai-studio",
            "gemini-2.5-flash",
            Usage { audio: Some(M), ..tokens(M, 0) },
            none(),
            1_000_000_000,
        ),
        example(GEMINI, "google-ai-studio", "gemini-2.5-pro", tokens(200_000, M), none(), 10_250_000_000),
        example(GEMINI, "google-ai-studio", "gemini-2.5-pro", tokens(200_001, M), none(), 15_500_002_500),
    ]
}

#[test]
fn published_examples_are_recomputed() {
    let prices = table_only();
    let wrong: Vec<String> = examples()
        .into_iter()
        .filter_map(|Example { page, provider, model, usage, details, cost: published }| {
            let usage = Usage { details: Some(Box::new(details)), ..usage };
            let ours = cost(&prices, provider, model, &usage);
            (ours != Some(published)).then(|| format!("{page}: {model} {ours:?}, not {published}"))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}
