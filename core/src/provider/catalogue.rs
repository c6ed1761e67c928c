//! Which providers there are: the rows of `catalogue.json`, what the configuration says of them, and providers of the
//! user's own.

mod credentials;
mod entry;
mod keys;
mod paths;
mod places;
mod row;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{Config, ProviderConfig, nearest};
use crate::error::Error;
use row::{Row, rows};

pub(crate) use credentials::without_keys;
pub(crate) use entry::Provider;

/// What providers of the user's own are called: `custom-{slug}`.
const CUSTOM: &str = "custom-";

/// Where providers are that answer in this process. No request to such a URL leaves it.
const HOSTED: &str = "host://";

/// All providers of one gateway.
#[derive(Debug)]
pub(crate) struct Catalogue {
    providers: Vec<Arc<Provider>>,
    by_name: HashMap<String, Arc<Provider>>,
    /// Where providers are, the configured places before the usual ones.
    bases: Vec<(String, Arc<Provider>)>,
}

impl Catalogue {
    /// The catalogue that `config` makes. `hosted` names those providers that answer in this process, which need no
    /// base URL. `environment` gives the value of a variable; only keys and account ids are asked for. Base URLs are not: SDKs find the gateway by them, so it would call itself.
    pub(crate) fn new(
        config: &Config,
        hosted: &[&str],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let environment = &|name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let none = ProviderConfig::default();
        let (mut configured, mut custom) = (HashMap::new(), Vec::new());
        for (name, settings) in &config.providers {
            let Some(row) = rows().iter().find(|row| row.is_called(name)) else {
                custom.push((name, settings));
                continue;
            };
            if let Some((other, _)) = configured.insert(row.slug, (name, settings)) {
                return Err(same_provider(other, name));
            }
        }

        let mut catalogue = Self { providers: Vec::new(), by_name: HashMap::new(), bases: Vec::new() };
        for row in rows() {
            let (name, settings) =
                configured.get(row.slug).map_or((row.slug, &none), |(name, settings)| (name, settings));
            let provider = Provider::known(row, name, settings, environment)?;
            catalogue.add(provider, &row.aliases);
        }
        for (name, settings) in custom {
            let slug = custom_slug(name);
            if catalogue.find(&slug).is_some() {
                return Err(same_provider(&slug, name));
            }
            let base_url = match &settings.base_url {
                Some(url) => url.clone(),
                None if hosted.contains(&name.as_str()) => format!("{HOSTED}{name}"),
                None => return Err(not_known(name)),
            };
            catalogue.add(Provider::custom(&slug, name, &base_url, settings, environment)?, &[]);
        }
        // Stable, so that equally placed providers stay in the order above.
        catalogue.bases.sort_by_key(|(base, provider)| !provider.is_placed_at(base));
        Ok(catalogue)
    }

    fn add(&mut self, provider: Provider, aliases: &[&str]) {
        let provider = Arc::new(provider);
        for name in [provider.slug.as_str()].iter().chain(aliases) {
            self.by_name.insert((*name).to_owned(), Arc::clone(&provider));
        }
        for base in provider.bases() {
            self.bases.push((base, Arc::clone(&provider)));
        }
        self.providers.push(provider);
    }

    /// The provider of a slug or an alias. A provider of the user's own has the name `custom-{slug}` only.
    pub(crate) fn find(&self, slug: &str) -> Option<&Arc<Provider>> {
        self.by_name.get(slug)
    }

    /// The provider that the configuration calls `name`.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Provider>> {
        self.find(name).or_else(|| self.find(&custom_slug(name)))
    }

    /// The provider that the configuration calls `name`: a known one, or one of the user's own.
    pub(crate) fn configured(&self, name: &str) -> Option<&Arc<Provider>> {
        self.find(name).or_else(|| self.find(&custom_slug(name)))
    }

    /// The provider at an absolute URL, as an SDK calls it, and what follows its base URL: path and query, for
    /// [`Provider::url`]. The longest base wins; among equals a configured one.
    pub(crate) fn by_url<'a>(&self, url: &'a str) -> Option<(&Arc<Provider>, Cow<'a, str>)> {
        let mut best: Option<(usize, &Arc<Provider>, &str)> = None;
        for (base, provider) in &self.bases {
            let Some(rest) = below(url, base) else { continue };
            if best.is_none_or(|(longest, _, _)| base.len() > longest) {
                best = Some((base.len(), provider, rest));
            }
        }
        match best {
            Some((_, provider, rest)) => Some((provider, Cow::Borrowed(rest))),
            None => self.providers.iter().find_map(|known| Some((known, Cow::Owned(known.path_of(url)?)))),
        }
    }

    /// Every slug, without aliases.
    pub(crate) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(|provider| provider.slug.as_str())
    }

    /// The slug or alias that `name` is most likely a slip of.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        let known = rows().iter().flat_map(|row| row.names().map(|name| -> &str { name }));
        nearest(name, self.slugs().chain(known))
    }
}

fn custom_slug(name: &str) -> String {
    format!("{CUSTOM}{}", name.strip_prefix(CUSTOM).unwrap_or(name))
}

fn not_known(name: &str) -> Error {
    let known = rows().iter().flat_map(Row::names);
    let hint = nearest(name, known).map_or(".".to_owned(), |meant| format!("; did you mean \"{meant}\"?"));
    let message = format!("not in the catalogue{hint} A provider of your own needs a base_url");
    Error::config(format!("providers.{name}"), message)
}

fn same_provider(one: &str, other: &str) -> Error {
    Error::config(format!("providers.{other}"), format!("{one} and {other} are the same provider; keep one of them"))
}

/// What follows `base` in `url`, without the slash between them.
fn below<'a>(url: &'a str, base: &str) -> Option<&'a str> {
    let (start, rest) = url.split_at_checked(base.len())?;
    if !start.eq_ignore_ascii_case(base) {
        return None;
    }
    match rest.as_bytes().first() {
        None | Some(b'?') => Some(rest),
        Some(b'/') => Some(&rest[1..]),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
