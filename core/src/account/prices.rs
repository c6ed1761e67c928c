//! What models cost: the catalogue that ships with the gateway or a newer one, and the caller's own prices before it.

mod catalogue;
mod name;
mod own;
mod rates;
mod read;
mod row;
mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use serde_json::{Value, json};

use self::catalogue::Catalogue;
use self::own::Own;
use self::rates::Kind;
use self::row::Row;
use crate::config::PriceConfig;
use crate::error::Error;
use crate::usage::{NanoUsd, Usage};

/// Which price is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The provider's slug.
    pub(crate) provider: &'a str,
    pub(crate) model: &'a str,
    /// When the call is, in microseconds since 1970 UTC.
    pub(crate) at_us: u64,
}

/// What a call cost, and how that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Priced {
    /// `None` where the tokens or their price are not known, which is not zero.
    pub(crate) cost: Option<NanoUsd>,
    /// The price that it comes from.
    pub(crate) by: Option<String>,
}

impl Priced {
    const CALLER: &str = "cf-aig-custom-cost";

    /// By the caller's own word.
    pub(crate) fn by_the_caller(cost: Option<NanoUsd>) -> Self {
        Self { cost, by: cost.map(|_| Self::CALLER.to_owned()) }
    }

    /// Whether the caller named the price.
    pub(crate) fn is_custom(&self) -> bool {
        self.by.as_deref() == Some(Self::CALLER)
    }
}

/// The prices of one gateway.
pub(crate) struct Prices {
    own: Own,
    /// What was loaded; the embedded one until then.
    loaded: ArcSwapOption<Catalogue>,
}

impl Prices {
    /// The configuration's prices before the catalogue's: under `provider/model`, or under `model` for all providers.
    pub(crate) fn new(own: &BTreeMap<String, PriceConfig>) -> Self {
        Self { own: Own::new(own), loaded: ArcSwapOption::empty() }
    }

    /// Takes a newer catalogue, from the next call on. If it cannot be read, the one that is there goes on.
    ///
    /// # Errors
    /// `InvalidRequest` with the path of what is wrong.
    pub(crate) fn load(&self, json: &Value) -> Result<Value, Error> {
        let catalogue = Catalogue::read(json)?;
        let told = json!({ "version": catalogue.version, "models": catalogue.len() });
        self.loaded.store(Some(Arc::new(catalogue)));
        Ok(told)
    }

    /// What a call cost, rounded once, half up.
    ///
    /// The model is looked for under its own name, then without the mark of a snapshot (`-2024-07-18`, `-20250929`,
    /// `-001`, `-latest`), then without a provider's prefix.
    pub(crate) fn cost(&self, asked: &Asked<'_>, usage: &Usage) -> Priced {
        let priced = self.with_row(asked, |row, by| {
            let cost = row.at(asked.at_us, usage.details().tier)?.charge(usage)?;
            Some((cost, by()))
        });
        let Some((cost, by)) = priced.flatten() else { return Priced::default() };
        // What is agreed on holds for a model's snapshots too.
        let discount = self.own.discount(&name::candidates(asked.provider, asked.model));
        match discount.filter(|_| by.starts_with("catalogue")) {
            Some(discount) => {
                let by = format!("{by}, less the discount of {}", discount.name);
                Priced { cost: Some(discount.of(cost)), by: Some(by) }
            }
            None => Priced { cost: Some(cost), by: Some(by) },
        }
    }

    /// Input and output of a model, in nano-dollars per million tokens.
    pub(crate) fn per_million(&self, provider: &str, model: &str) -> Option<(u64, u64)> {
        let rates = |row: &Row| {
            let output = row.rates.get(Kind::Output).map_or(0, |rate| rate.base);
            Some((row.rates.get(Kind::Input)?.base, output))
        };
        self.with_row(&Asked { provider, model, at_us: 0 }, |row, _| rates(row)).flatten()
    }

    /// Gives `act` the row that prices a model, and what a cost by it names.
    fn with_row<T>(&self, asked: &Asked<'_>, act: impl FnOnce(&Row, &dyn Fn() -> String) -> T) -> Option<T> {
        let names = name::candidates(asked.provider, asked.model);
        if let Some(row) = self.own.price(&names) {
            return Some(act(row, &|| format!("configuration: {}", row.name)));
        }
        let loaded = self.loaded.load();
        let catalogue = loaded.as_deref().unwrap_or_else(|| embedded());
        let listed = names.iter().find_map(|(provider, name)| catalogue.find(provider, name));
        let elsewhere = || {
            let others = catalogue.see(asked.provider).iter();
            others
                .flat_map(|other| name::candidates(other, asked.model))
                .find_map(|(other, name)| catalogue.find(other, name))
        };
        let (provider, row) = listed.or_else(elsewhere)?;
        Some(act(row, &|| format!("catalogue {}: {provider}/{}", catalogue.version, row.name)))
    }
}

/// The embedded catalogue, read once and then shared by all gateways.
fn embedded() -> &'static Catalogue {
    static EMBEDDED: OnceLock<Catalogue> = OnceLock::new();
    EMBEDDED.get_or_init(Catalogue::embedded)
}

#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;
