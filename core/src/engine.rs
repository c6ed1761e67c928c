//! What the road needs: every room, once, for this process.

mod caching;
mod meaning;
#[cfg(not(feature = "sqlite"))]
#[path = "engine/not_uploading.rs"]
mod uploading;
#[cfg(feature = "sqlite")]
mod uploading;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, header};

pub(crate) use self::meaning::check_semantic;
pub(crate) use self::uploading::Uploads;
use crate::account::{self, Prices};
use crate::answer::Shared;
use crate::cache::{Answers, Embedder, Flights, Ignored, Refreshes, Semantic};
use crate::clock::Clock;
use crate::config::{Config, Durability, ProviderConfig, RouteConfig, UploadConfig};
use crate::error::Error;
use crate::exchange::Target;
use crate::grant::Grants;
use crate::headers;
use crate::keys::{KeySource, Keyring, Lent};
use crate::ledger::Ledger;
use crate::limit::{Limits, Quotas};
use crate::log::{LogSettings, LogStore, Past};
use crate::outbox::Sink;
use crate::policy::Policy;
use crate::provider::{Catalogue, Provider};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::route::{self, Budget, Hedges, KeyPool, Routes, Turn};
use crate::stage::{Stage, Stages};
use crate::store::Background;
use crate::transport::{HttpTransport, Transport};
use crate::usage::NanoUsd;

/// What is put in from outside. A forked child begins again with the same parts.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) clock: Arc<dyn Clock>,
    /// HTTP, unless somebody brings another.
    pub(crate) transport: Option<Arc<dyn Transport>>,
    /// Providers that answer in this process, by the names that the configuration gives them.
    pub(crate) hosted: BTreeMap<String, Arc<dyn Transport>>,
    pub(crate) keys: Option<Arc<dyn KeySource>>,
    pub(crate) embedder: Option<Arc<dyn Embedder>>,
    pub(crate) stages: Stages,
    /// Where chance begins; without it the operating system says.
    pub(crate) seed: Option<u64>,
}

pub(crate) struct Engine {
    pub(crate) pid: u32,
    pub(crate) config: Arc<Config>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
    /// By slug.
    hosted: HashMap<String, Arc<dyn Transport>>,
    keyring: Option<Arc<Keyring>>,
    grants: Grants,
    pub(crate) stages: Stages,
    /// The gateway's own settings, before any header.
    pub(crate) defaults: Arc<Policy>,
    pub(crate) limits: Limits,
    pub(crate) ledger: Ledger,
    pub(crate) quotas: Quotas,
    pub(crate) prices: Prices,
    pub(crate) log: Arc<LogStore>,
    pub(crate) uploads: Uploads,
    pub(crate) retries: Budget,
    pub(crate) hedges: Hedges,
    pub(crate) routes: Routes,
    /// By provider slug.
    key_pools: HashMap<String, KeyPool>,
    pub(crate) answers: Answers,
    flights: Flights<Shared>,
    /// What a cache key leaves out.
    ignored: Ignored,
    pub(crate) refreshes: Arc<Refreshes>,
    pub(crate) semantic: Option<Semantic>,
    pub(crate) embedder: Option<Arc<dyn Embedder>>,
    pub(crate) background: Arc<Background>,
    random: Mutex<fastrand::Rng>,
    /// What routing leaves to chance. Apart from the ids, so that a test may know it.
    chance: Mutex<fastrand::Rng>,
}

impl Engine {
    pub(crate) fn new(config: Arc<Config>, catalogue: Arc<Catalogue>, routes: Routes, parts: &Parts) -> Self {
        let connect = config.timeouts.connect.duration();
        // From the operating system: a parent and its forked child must not draw the same ids.
        let background: Arc<Background> = Arc::default();
        let transport = parts.transport.clone().unwrap_or_else(|| Arc::new(HttpTransport::new(connect)));
        let seed = getrandom::u64().unwrap_or_else(|_| parts.clock.now_us());
        Self {
            pid: std::process::id(),
            hosted: hosted(&catalogue, parts),
            keyring: parts.keys.clone().map(|source| Arc::new(Keyring::new(source, parts.clock.clone()))),
            grants: Grants::new(transport.clone(), parts.clock.clone()),
            key_pools: key_pools(&config, &catalogue),
            catalogue,
            clock: parts.clock.clone(),
            transport,
            stages: parts.stages,
            defaults: Arc::new(Policy::of(&config)),
            limits: Limits::new(&config, parts.clock.clone()),
            ledger: Ledger::new(&config, parts.clock.clone()),
            quotas: Quotas::new(&config.limits.quotas, parts.clock.clone()),
            prices: Prices::new(&config.prices),
            log: Arc::new(LogStore::new(log_settings(&config))),
            uploads: Uploads::new(&config, &format!("{}-{seed:016x}", std::process::id())),
            answers: Answers::new(&config, &background),
            flights: Flights::default(),
            ignored: Ignored::new(config.cache.ignored()),
            refreshes: Arc::default(),
            semantic: config.cache.semantic.clone().map(Semantic::new),
            embedder: parts.embedder.clone(),
            background,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            chance: Mutex::new(fastrand::Rng::with_seed(parts.seed.unwrap_or(!seed))),
            retries: Budget::new(config.retries.budget_percent),
            hedges: Hedges::new(config.hedging.budget_percent),
            routes,
            config,
        }
    }

    /// A lowercase `UUIDv7` at the clock's time (RFC 9562, 5.7).
    pub(crate) fn new_id(&self) -> String {
        let mut random = [0; 10];
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(self.clock.now_us() / 1_000, &random).into_uuid().to_string()
    }

    /// Writes a call down, and sees that it gets to those who are told of it.
    pub(crate) fn keep(&self, record: Record) {
        self.log.append(record);
        self.changed();
    }

    /// Sees that a change of the log gets to those who are told of it.
    pub(crate) fn changed(&self) {
        self.uploads.appended(&self.log, &self.background);
    }

    /// The way to `provider`: over HTTP, unless it answers in this process.
    pub(crate) fn transport_to(&self, provider: &Provider) -> &dyn Transport {
        self.hosted.get(&provider.slug).unwrap_or(&self.transport).as_ref()
    }

    /// The turn of the keys that the configuration has for a call which brings none.
    pub(crate) fn key_turn(&self, target: &Target) -> Option<Turn<'_>> {
        let pool = self.key_pools.get(&target.provider.slug).filter(|_| self.stages.on(Stage::Keys))?;
        let lacks = target.provider.lacks_key(&target.headers, target.query.as_deref());
        lacks.then(|| pool.turn(self.clock.monotonic_us()))
    }

    /// The key that was brought for a call which has none, or the token that its own is exchanged for. A provider in this
    /// process needs none.
    pub(crate) async fn lent_key(&self, target: &Target) -> Result<Option<Lent>, Error> {
        let provider = &target.provider;
        if self.hosted.contains_key(&provider.slug) || !self.stages.on(Stage::Keys) {
            return Ok(None);
        }
        let (headers, query) = (&target.headers, target.query.as_deref());
        let (keyring, is_token) = match provider.grant(headers, query)? {
            Some(grant) => (self.grants.keyring(&grant), true),
            None => match self.keyring.as_ref().filter(|_| provider.lacks_key(headers, query)) {
                Some(keyring) => (keyring.clone(), false),
                None => return Ok(None),
            },
        };
        keyring.lend(&provider.slug, is_token).await
    }

    /// Puts a route in the place of the one of this name, or takes it away; gives its version. If it cannot work, the one
    /// that is there goes on.
    pub(crate) fn set_route(&self, name: &str, route: Option<&RouteConfig>) -> Result<u64, Error> {
        with_parts(&self.config, &self.catalogue, &self.prices, |parts| self.routes.set(name, route, parts))
    }

    /// Takes over the file of a route if it has changed, and says what is wrong with it otherwise.
    pub(crate) fn refresh_route(&self, name: &str) -> Option<String> {
        let now_us = self.clock.monotonic_us();
        with_parts(&self.config, &self.catalogue, &self.prices, |parts| self.routes.refresh(name, now_us, parts))
    }

    /// The slug of a model's provider, and the model without it. A name such as `openai/gpt-4o` says both.
    pub(crate) fn provider_of<'a>(&self, model: &'a str) -> Result<(String, &'a str), Error> {
        let named = model.split_once('/').filter(|(_, name)| !name.is_empty());
        let known = named.and_then(|(provider, name)| Some((self.catalogue.configured(provider)?.slug.clone(), name)));
        let message = "names no provider that is known: write it as in \"openai/gpt-4o-mini\"";
        known.ok_or_else(|| Error::invalid("model", message))
    }

    /// What a call that was logged costs by the prices in force, and what that comes from.
    pub(crate) fn price_again(&self, past: &Past) -> Option<(NanoUsd, Option<String>)> {
        let names = [Some(past.model.as_str()), past.model_served.as_deref()];
        names.into_iter().flatten().find_map(|model| {
            let asked = account::Asked { provider: &past.provider, model, at_us: past.created_at_us };
            let priced = self.prices.cost(&asked, &past.usage);
            priced.cost.map(|cost| (cost, priced.by))
        })
    }

    /// A number from 0 to 1, by chance.
    pub(crate) fn chance(&self) -> f64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// `policy` under `headers`: the same one where they say nothing to the gateway.
    pub(crate) fn under_headers(&self, policy: &Arc<Policy>, headers: &HeaderMap) -> Result<Arc<Policy>, Refusal> {
        let says_something = |name| headers::is_for_gateway(name) || name == header::CACHE_CONTROL;
        if !self.stages.on(Stage::Headers) || !headers.keys().any(says_something) {
            return Ok(policy.clone());
        }
        Policy::clone(policy).under(headers).map(Arc::new)
    }
}

fn hosted(catalogue: &Catalogue, parts: &Parts) -> HashMap<String, Arc<dyn Transport>> {
    let placed = |(name, transport): (&String, &Arc<dyn Transport>)| {
        Some((catalogue.named(name)?.slug.clone(), transport.clone()))
    };
    parts.hosted.iter().filter_map(placed).collect()
}

fn key_pools(config: &Config, catalogue: &Catalogue) -> HashMap<String, KeyPool> {
    let several = config.providers.iter().filter(|(_, settings)| !settings.keys.is_empty());
    let pool = |(name, settings): (&String, &ProviderConfig)| {
        let provider = catalogue.configured(name)?;
        Some((provider.slug.clone(), KeyPool::new(&settings.keys)))
    };
    several.filter_map(pool).collect()
}

/// The routes of a configuration.
pub(crate) fn routes(config: &Config, catalogue: &Catalogue) -> Result<Routes, Error> {
    let prices = Prices::new(&config.prices);
    with_parts(config, catalogue, &prices, |parts| Routes::of(config, parts))
}

fn with_parts<T>(
    config: &Config,
    catalogue: &Catalogue,
    prices: &Prices,
    act: impl FnOnce(&route::Parts<'_>) -> T,
) -> T {
    let price = |provider: &str, model: &str| prices.per_million(provider, model);
    act(&route::Parts { catalogue, models: &config.models, price: &price })
}

fn log_settings(config: &Config) -> LogSettings {
    let mut settings = config.logs.path.as_ref().map_or_else(LogSettings::in_memory, LogSettings::in_file);
    settings.max_records = config.logs.max_records.unwrap_or(settings.max_records);
    settings.when_full = config.logs.when_full;
    settings.durable = config.logs.durability == Durability::Full;
    settings.gateway = Some(config.id.clone());
    let sink = |(name, upload): (&String, &UploadConfig)| Sink { name: name.clone(), payloads: upload.payloads };
    settings.sinks = config.uploads.iter().map(sink).collect();
    settings
}
