//! What models cost: a small table that ships with the gateway, and the caller's own prices before it.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::money::{Amount, Billed};
use crate::usage::{NanoUsd, Usage};

/// Made by `scripts/prices.py`; names its source, date and unit.
const TABLE: &str = include_str!("prices.json");

/// What a model costs, in nano-dollars per million tokens: 1.25 dollars a million are `1_250_000_000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    /// Input tokens that no prompt cache was involved in.
    pub(crate) input: u64,
    /// Output tokens, reasoning included.
    pub(crate) output: u64,
    /// Input tokens read from the provider's prompt cache; the input price if not given.
    pub(crate) cache_read: Option<u64>,
    /// Input tokens written to the provider's prompt cache; the input price if not given.
    pub(crate) cache_write: Option<u64>,
}

/// The price list of one gateway.
pub(crate) struct Prices {
    overrides: HashMap<String, Price>,
    table: OnceLock<Table>,
}

impl Prices {
    /// A list with the caller's own prices before the table's: under `provider/model`, or under `model` for all
    /// providers.
    pub(crate) fn new(overrides: impl Iterator<Item = (String, Price)>) -> Self {
        Self { overrides: overrides.collect(), table: OnceLock::new() }
    }

    /// What a call cost, rounded once, half up; `None` where the tokens or the price are not known.
    ///
    /// The model is looked for under its own name, then without the mark of a snapshot (`-2024-07-18`, `-20250929`,
    /// `-001`, `-latest`), then without a provider's prefix.
    pub(crate) fn cost(&self, provider: &str, model: &str, usage: &Usage) -> Option<NanoUsd> {
        let tokens = Billed::of(usage)?;
        let row = self.find(provider, model)?;
        // Beyond this size the provider charges more by a rate that is not in the table: unknown, rather than too low.
        if row.up_to.is_some_and(|up_to| usage.tokens_in.unwrap_or(0) > up_to) {
            return None;
        }
        charge(row.price, &tokens)
    }

    /// Input and output of a model, in nano-dollars per million tokens.
    pub(crate) fn per_million(&self, provider: &str, model: &str) -> Option<(u64, u64)> {
        self.find(provider, model).map(|row| (row.price.input, row.price.output))
    }

    fn find(&self, provider: &str, model: &str) -> Option<Row> {
        let names = candidates(provider, model);
        self.negotiated(&names).or_else(|| {
            let table = self.table.get_or_init(read_table);
            names.iter().find_map(|(provider, name)| table.get(*provider)?.get(*name).copied())
        })
    }

    /// The caller's price for a model holds for its snapshots too, so every name is tried here before the table.
    fn negotiated(&self, names: &[(&str, &str)]) -> Option<Row> {
        if self.overrides.is_empty() {
            return None;
        }
        let price = names.iter().find_map(|(provider, name)| {
            self.overrides.get(&format!("{provider}/{name}")).or_else(|| self.overrides.get(*name))
        })?;
        Some(Row { price: *price, up_to: None })
    }
}

fn charge(price: Price, tokens: &Billed) -> Option<NanoUsd> {
    let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
    let parts = [
        part(tokens.fresh, price.input),
        part(tokens.cache_read, price.cache_read.unwrap_or(price.input)),
        part(tokens.cache_write, price.cache_write.unwrap_or(price.input)),
        part(tokens.out, price.output),
    ];
    let sum = parts.into_iter().try_fold(500_000, u128::checked_add)?;
    NanoUsd::try_from(sum / 1_000_000).ok()
}

/// The names to look under, best first, each with the provider whose model it would be.
fn candidates<'a>(provider: &'a str, model: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut names = vec![(provider, model)];
    names.extend(without_snapshot(model).map(|name| (provider, name)));
    if let Some((prefix, bare)) = model.split_once('/') {
        for owner in [provider, prefix] {
            names.push((owner, bare));
            names.extend(without_snapshot(bare).map(|name| (owner, name)));
        }
    }
    names
}

fn without_snapshot(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let name = model.trim_end_matches(|letter: char| letter == '-' || letter.is_ascii_digit());
    ["-dddd-dd-dd", "-dddddddd", "-ddd"].iter().find_map(|pattern| {
        let at = model.len().checked_sub(pattern.len()).filter(|at| *at >= name.len())?;
        let matches = model[at..].bytes().zip(pattern.bytes()).all(|(letter, like)| (letter == b'-') == (like == b'-'));
        matches.then(|| &model[..at])
    })
}

type Table = HashMap<String, HashMap<String, Row>>;

#[derive(Clone, Copy)]
struct Row {
    price: Price,
    /// The prompt size, in tokens, up to which the price holds.
    up_to: Option<u64>,
}

fn read_table() -> Table {
    let file: File = serde_json::from_str(TABLE).expect("a test reads the embedded table");
    let row = |(name, rates): (String, Rates)| (name, Row { price: rates.price(), up_to: rates.up_to });
    file.providers.into_iter().map(|(provider, rows)| (provider, rows.into_iter().map(row).collect())).collect()
}

#[derive(Deserialize)]
struct File {
    providers: HashMap<String, HashMap<String, Rates>>,
}

/// Dollars per million tokens, as decimal text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    input: String,
    /// Embeddings have none.
    output: Option<String>,
    cache_read: Option<String>,
    cache_write: Option<String>,
    up_to: Option<u64>,
}

impl Rates {
    fn price(&self) -> Price {
        let nanos = |text: &String| {
            let amount = Amount::from_decimal(text).ok().and_then(Amount::nanos);
            amount.expect("a test reads every price of the embedded table")
        };
        Price {
            input: nanos(&self.input),
            output: self.output.as_ref().map_or(0, nanos),
            cache_read: self.cache_read.as_ref().map(nanos),
            cache_write: self.cache_write.as_ref().map(nanos),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table_only() -> Prices {
        Prices::new(std::iter::empty())
    }

    fn usage(tokens_in: u64, cache_read: u64, cache_write: u64, tokens_out: u64) -> Usage {
        Usage {
            tokens_in: Some(tokens_in),
            tokens_out: Some(tokens_out),
            cache_read: Some(cache_read),
            cache_write: Some(cache_write),
            ..Usage::default()
        }
    }

    #[test]
    fn published_examples() {
        let prices = table_only();
        // platform.openai.com/docs/pricing: gpt-4o-mini 0.15 in, 0.075 cached, 0.60 out per million.
        // 1,000 in (200 cached), 500 out: 800 x 0.15 + 200 x 0.075 + 500 x 0.6 = 120 + 15 + 300 millionths of a dollar.
        assert_eq!(prices.cost("openai", "gpt-4o-mini", &usage(1000, 200, 0, 500)), Some(435_000));
        // docs.claude.com/en/docs/about-claude/pricing: Sonnet 4.5 3 in, 0.30 read, 3.75 written, 15 out.
        // 50 fresh, 1,800 read, 200 written, 503 out: 150 + 540 + 750 + 7,545 millionths.
        assert_eq!(prices.cost("anthropic", "claude-sonnet-4-5", &usage(2050, 1800, 200, 503)), Some(8_985_000));
        // ai.google.dev/gemini-api/docs/pricing: 2.5 Flash 0.30 in, 2.50 out with thoughts.
        assert_eq!(prices.cost("google-ai-studio", "gemini-2.5-flash", &usage(10, 0, 0, 100)), Some(253_000));
        // Embeddings: 0.02 a million, no output. 5 tokens are 100 nano-dollars.
        let embedded = Usage { tokens_in: Some(5), ..Usage::default() };
        assert_eq!(prices.cost("openai", "text-embedding-3-small", &embedded), Some(100));
    }

    #[test]
    fn names_resolve() {
        let (prices, million) = (table_only(), usage(1_000_000, 0, 0, 0));
        let cost = |provider, model| prices.cost(provider, model, &million);
        assert_eq!(cost("openai", "gpt-4o"), Some(2_500_000_000));
        assert_eq!(cost("openai", "gpt-4o-2024-08-06"), Some(2_500_000_000));
        assert_eq!(cost("openai", "gpt-4o-2024-05-13"), Some(5_000_000_000), "a snapshot with a price of its own");
        assert_eq!(cost("openai", "openai/gpt-4o-mini-2024-07-18"), Some(150_000_000));
        assert_eq!(cost("openrouter", "openai/gpt-4o"), Some(2_500_000_000));
        assert_eq!(cost("groq", "openai/gpt-oss-120b"), Some(150_000_000));
        assert_eq!(cost("anthropic", "claude-haiku-4-5-20251001"), Some(1_000_000_000));
        assert_eq!(cost("anthropic", "claude-3-5-haiku-latest"), Some(800_000_000));
        assert_eq!(cost("google-ai-studio", "gemini-2.0-flash-001"), Some(100_000_000));
        for (provider, model) in [
            ("openai", "gpt-4o-2024"),
            ("openai", "gpt-4o-1-2-3-4"),
            ("openai", "gpt"),
            ("openai", ""),
            ("openai", "-latest"),
            ("openai", "claude-haiku-4-5"),
            ("ollama", "gpt-4o"),
            ("", "gpt-4o"),
            ("openai", "gpt-4o-２０２４"),
        ] {
            assert_eq!(cost(provider, model), None, "{provider} {model}");
        }
    }

    #[test]
    fn overrides_come_first_and_hold_for_snapshots() {
        let price = |input| Price { input, output: 0, cache_read: None, cache_write: None };
        let own =
            [("openai/gpt-4o", 7), ("my-model", 8), ("gpt-4o", 9)].map(|(name, input)| (name.into(), price(input)));
        let prices = Prices::new(own.into_iter());
        let cost = |provider, model| prices.cost(provider, model, &usage(1_000_000, 10, 0, 0));
        assert_eq!(cost("openai", "gpt-4o-2024-05-13"), Some(7));
        assert_eq!(cost("azure-openai", "gpt-4o"), Some(9));
        assert_eq!(cost("ollama", "my-model"), Some(8));
        assert_eq!(cost("openai", "gpt-4o-mini"), Some(149_999_250), "the table still stands behind");
    }

    #[test]
    fn the_unknown_is_not_zero() {
        let prices = table_only();
        assert_eq!(prices.cost("openai", "gpt-4o", &Usage::default()), None);
        assert_eq!(prices.cost("openai", "gpt-4o", &usage(0, 0, 0, 0)), Some(0));
        assert_eq!(prices.cost("openai", "gpt-5.4", &usage(272_000, 0, 0, 0)), Some(680_000_000));
        assert_eq!(
            prices.cost("openai", "gpt-5.4", &usage(272_001, 0, 0, 0)),
            None,
            "a dearer rate that is not listed"
        );
        assert_eq!(prices.cost("openai", "gpt-4o", &usage(u64::MAX, 0, 0, u64::MAX)), None, "more than i64 holds");
    }

    #[test]
    fn half_a_nano_dollar_rounds_up() {
        let price = Price { input: 500_000, output: 499_999, cache_read: None, cache_write: None };
        let prices = Prices::new([("m".to_string(), price)].into_iter());
        assert_eq!(prices.cost("p", "m", &usage(1, 0, 0, 0)), Some(1));
        assert_eq!(prices.cost("p", "m", &usage(0, 0, 0, 1)), Some(0));
    }

    #[test]
    fn a_cache_hit_at_the_provider_never_costs_more_than_a_miss() {
        let table = read_table();
        assert!(table.values().map(HashMap::len).sum::<usize>() >= 40);
        for (provider, rows) in &table {
            for (model, row) in rows {
                let cost = |usage| charge(row.price, &Billed::of(&usage).unwrap()).unwrap();
                assert!(row.price.input > 0, "{provider} {model} is free");
                assert!(cost(usage(10_000, 9_000, 0, 10)) <= cost(usage(10_000, 0, 0, 10)), "{provider} {model}");
                assert!(cost(usage(10_000, 9_000, 0, 10)) <= cost(usage(10_000, 0, 9_000, 10)), "{provider} {model}");
            }
        }
    }

    #[test]
    fn the_table_says_where_it_is_from() {
        let file: serde_json::Value = serde_json::from_str(TABLE).unwrap();
        assert_eq!(file["unit"], "US dollars per million tokens");
        for path in ["/date", "/source/package", "/source/version", "/source/licence"] {
            assert!(file.pointer(path).is_some_and(serde_json::Value::is_string), "{path}");
        }
    }
}
