//! The routes of a gateway by name: made of their configuration, checked before they hold, and replaced as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::candidate::{Candidate, digest};
use super::file::GraphFile;
use super::fit::Ceiling;
use super::graph::{Graph, Kind};
use super::health::{Breaker, Health};
use super::sticky::Sticky;
use crate::config::{Config, ModelConfig, Money, RouteConfig, Span, Strategy};
use crate::error::Error;
use crate::provider::{Catalogue, split_model};
use crate::record::{Failure, Trail};

/// A route of more models than anybody has.
const MAX_MODELS: usize = 1000;

/// A route, ready to be walked.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) name: String,
    /// 1 for the one that the gateway began with.
    pub(crate) version: u64,
    /// Those of `try` first, in its order.
    pub(super) candidates: Vec<Arc<Candidate>>,
    /// How many of them are in `try`.
    pub(super) own: usize,
    /// Those of `try` by price.
    pub(super) cheapest: Vec<usize>,
    pub(super) strategy: Strategy,
    pub(super) sticky: Option<Sticky>,
    pub(super) on: Vec<Failure>,
    /// For each failure that has a list of its own, the candidates of that list.
    pub(super) instead: Vec<(Failure, Vec<usize>)>,
    pub(super) ceiling: Option<Ceiling>,
    pub(super) graph: Option<Graph>,
    /// The file that the graph was read from.
    pub(super) file: Option<Arc<GraphFile>>,
    pub(crate) breaker: Breaker,
    pub(crate) first_byte: Option<Duration>,
    /// Zero never hedges.
    pub(crate) hedge_after: Option<Duration>,
}

/// Input and output of a model of a provider, in nano-dollars per million tokens.
pub(crate) type PriceOf<'a> = &'a dyn Fn(&str, &str) -> Option<(u64, u64)>;

/// What routes are made with.
pub(crate) struct Parts<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) models: &'a BTreeMap<String, ModelConfig>,
    pub(crate) price: PriceOf<'a>,
}

/// All routes of a gateway.
#[derive(Default)]
pub(crate) struct Routes {
    by_name: ArcSwap<HashMap<String, Arc<Route>>>,
    /// How models are doing, by `provider/model`: what was learned of one outlives the route that it stands in.
    health: Mutex<HashMap<String, Arc<Health>>>,
}

impl Routes {
    /// The routes of a configuration.
    pub(crate) fn of(config: &Config, parts: &Parts<'_>) -> Result<Self, Error> {
        let routes = Self::default();
        for (name, settings) in &config.routes {
            routes.set(name, Some(settings), parts)?;
        }
        Ok(routes)
    }

    /// The same routes, with nothing learned yet: a forked child has none of its parent's calls under way.
    pub(crate) fn renewed(&self) -> Self {
        let mut health: HashMap<String, Arc<Health>> = HashMap::new();
        let mut renewed = |candidate: &Arc<Candidate>| {
            let health = health.entry(candidate.name.clone()).or_default().clone();
            Arc::new(Candidate { health, ..Candidate::clone(candidate) })
        };
        let known = self.by_name.load();
        let routes = known.iter().map(|(name, route)| {
            let candidates = route.candidates.iter().map(&mut renewed).collect();
            let file = route.file.as_ref().map(|file| Arc::new(file.renewed()));
            (name.clone(), Arc::new(Route { candidates, file, ..Route::clone(route) }))
        });
        let by_name = ArcSwap::from_pointee(routes.collect());
        Self { by_name, health: Mutex::new(health) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Route>> {
        self.by_name.load().get(name).cloned()
    }

    /// Looks whether the file of a route has changed, once a second, and takes it over if it can work. What is wrong with it
    /// otherwise: then the route that is there goes on.
    pub(crate) fn refresh(&self, name: &str, now_us: u64, parts: &Parts<'_>) -> Option<String> {
        let route = self.get(name)?;
        let file = route.file.as_ref()?;
        if !file.has_changed(now_us) {
            return file.trouble();
        }
        let trouble = self.set(name, Some(&file.settings), parts).err().map(|error| {
            format!("the changed file of the route was refused, and version {} goes on: {error}", route.version)
        });
        file.set_trouble(trouble.clone());
        trouble
    }

    /// Tells the elements that a call went through what it has cost.
    pub(crate) fn charge(&self, trail: &Trail, passed: &[(usize, u64)], nano_usd: u64, wall_us: u64) {
        let route = trail.route.as_ref().and_then(|name| self.get(name));
        let Some(route) = route.filter(|route| Some(route.version) == trail.version) else { return };
        let Some(graph) = &route.graph else { return };
        for (index, key) in passed {
            if let Kind::Rate { rate, .. } = &graph.nodes[*index].kind {
                rate.charge(*key, nano_usd, wall_us);
            }
        }
    }

    /// The routes whose changed file was refused, and why.
    pub(crate) fn troubles(&self) -> BTreeMap<String, String> {
        let routes = self.by_name.load();
        let trouble = |(name, route): (&String, &Arc<Route>)| Some((name.clone(), route.file.as_ref()?.trouble()?));
        routes.iter().filter_map(trouble).collect()
    }

    /// The names of all routes, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.by_name.load().keys().cloned().collect();
        names.sort();
        names
    }

    /// Puts a route in the place of the one of this name, or takes it away. If it cannot work, the one that is there stays.
    pub(crate) fn set(&self, name: &str, settings: Option<&RouteConfig>, parts: &Parts<'_>) -> Result<u64, Error> {
        let at = format!("routes.{name}");
        check_name(name, &at)?;
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.by_name.load();
        let version = known.get(name).map_or(1, |route| route.version + 1);
        let mut routes = HashMap::clone(&known);
        match settings {
            Some(settings) => {
                let mut route = Route::new(name, &at, settings, parts, &mut health)?;
                route.version = version;
                routes.insert(name.to_owned(), Arc::new(route));
            }
            None => _ = routes.remove(name),
        }
        // What stands in no route any more is forgotten, so that routes that come and go take no memory.
        health.retain(|name, _| routes.values().any(|route| route.asks(name)));
        self.by_name.store(Arc::new(routes));
        Ok(version)
    }
}

fn check_name(name: &str, at: &str) -> Result<(), Error> {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(in_name) {
        return Ok(());
    }
    Err(Error::config(at, "a route is named with 1 to 64 letters, digits, \"-\", \"_\" and \".\""))
}

impl Route {
    fn new(
        name: &str,
        at: &str,
        settings: &RouteConfig,
        parts: &Parts<'_>,
        health: &mut HashMap<String, Arc<Health>>,
    ) -> Result<Self, Error> {
        let mut making = Making { parts, health, candidates: Vec::new(), settings };
        let file = settings.file.as_ref().map(|path| GraphFile::read(path, settings, at)).transpose()?;
        let written = file.as_ref().map(|(_, elements)| elements).or(settings.elements.as_ref());
        let forms = [!settings.models.is_empty(), settings.file.is_some(), settings.elements.is_some()];
        if forms.iter().filter(|form| **form).count() > 1 {
            return Err(Error::config(at, "a route has one of try, file and elements; keep one of them"));
        }
        let graph = match written {
            Some(elements) => {
                let at = format!("{at}.elements");
                Some(Graph::parse(elements, &at, |name, place| making.candidate(name, place))?)
            }
            None if settings.models.is_empty() => {
                let message = "names no model; write for example [\"openai/gpt-4o-mini\"]";
                return Err(Error::config(format!("{at}.try"), message));
            }
            None => None,
        };
        for (index, model) in settings.models.iter().enumerate() {
            let place = format!("{at}.try[{index}]");
            if making.candidates.iter().any(|known| known.name == *model) {
                return Err(Error::config(place, format!("{model} is there twice; a weight makes it come more often")));
            }
            making.candidate(model, &place)?;
        }
        let own = making.candidates.len();
        let mut instead = Vec::new();
        for (failure, models) in settings.instead.lists().into_iter().filter(|(_, models)| !models.is_empty()) {
            let place = |index| format!("{at}.instead.{}[{index}]", failure.code());
            let list = models.iter().enumerate().map(|(index, model)| making.candidate(model, &place(index)));
            instead.push((failure, list.collect::<Result<_, _>>()?));
        }
        if let Some(model) = settings.weights.keys().find(|model| !settings.models.contains(model)) {
            return Err(Error::config(format!("{at}.weights.{model}"), "not in try; name a model that is"));
        }
        if let Some((model, _)) = settings.weights.iter().find(|(_, weight)| **weight > 1_000_000) {
            return Err(Error::config(
                format!("{at}.weights.{model}"),
                "over 1000000; weights are shares, so take smaller ones",
            ));
        }
        let candidates = making.candidates;
        if candidates.len() > MAX_MODELS {
            return Err(Error::config(
                format!("{at}.try"),
                format!("more than {MAX_MODELS} models; spread them over routes"),
            ));
        }
        if graph.is_none() && candidates[..own].iter().all(|candidate| candidate.weight == 0) {
            return Err(Error::config(
                format!("{at}.weights"),
                "all weights are 0, so no model would be asked; raise one",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            version: 1,
            own,
            cheapest: cheapest(&candidates[..own]),
            candidates,
            strategy: settings.strategy,
            sticky: Sticky::of(settings, at)?,
            on: settings.on.clone(),
            instead,
            ceiling: settings.max_price.map(|max| (max.input.map(nano), max.output.map(nano))),
            graph,
            file: file.map(|(file, _)| Arc::new(file)),
            breaker: Breaker { failures: settings.breaker.failures, pause: settings.breaker.pause.duration() },
            first_byte: Span::unless_zero(settings.first_byte),
            hedge_after: settings.hedge_after.map(Span::duration),
        })
    }

    fn asks(&self, name: &str) -> bool {
        self.candidates.iter().any(|candidate| candidate.name == name)
    }

    /// Whether a refusal of the content leads on: then whole answers are looked at for one.
    pub(crate) fn minds_refusals(&self) -> bool {
        self.on.contains(&Failure::Refusal) || self.instead.iter().any(|(failure, _)| *failure == Failure::Refusal)
    }
}

/// A route that is being made.
struct Making<'a, 'b> {
    parts: &'a Parts<'b>,
    health: &'a mut HashMap<String, Arc<Health>>,
    candidates: Vec<Arc<Candidate>>,
    settings: &'a RouteConfig,
}

impl Making<'_, '_> {
    /// The index of the candidate that `name` means; `place` is where it is written.
    fn candidate(&mut self, name: &str, place: &str) -> Result<usize, Error> {
        if let Some(known) = self.candidates.iter().position(|candidate| candidate.name == name) {
            return Ok(known);
        }
        let refuse = |message: String| Err(Error::config(place, message));
        let Some((slug, model)) = split_model(name) else {
            return refuse(format!("{name:?} has no provider; write for example \"openai/gpt-4o-mini\""));
        };
        if slug == "dynamic" {
            return refuse(format!("{name:?} is a route; a route names models, so take those of that route"));
        }
        let catalogue = self.parts.catalogue;
        let Some(provider) = catalogue.find(slug) else {
            let hint = catalogue.nearest(slug).map_or(String::new(), |meant| format!("; did you mean {meant:?}?"));
            return refuse(format!("no provider {slug:?}{hint} A provider of your own is custom-{{name}}"));
        };
        if provider.chat().is_none() {
            return refuse(format!("{slug} takes no chat completions that we know of, and routes are for those"));
        }
        self.candidates.push(Arc::new(Candidate {
            name: name.to_owned(),
            provider: provider.clone(),
            model: model.to_owned(),
            weight: self.settings.weights.get(name).copied().unwrap_or(1),
            abilities: self.parts.models.get(name).copied().unwrap_or_default(),
            price: (self.parts.price)(&provider.slug, model),
            health: self.health.entry(name.to_owned()).or_default().clone(),
            place: digest(name),
        }));
        Ok(self.candidates.len() - 1)
    }
}

/// By input and output price together; what has none comes last.
fn cheapest(candidates: &[Arc<Candidate>]) -> Vec<usize> {
    let mut order: Vec<_> = (0..candidates.len()).collect();
    order
        .sort_by_key(|index| candidates[*index].price.map_or(u64::MAX, |(input, output)| input.saturating_add(output)));
    order
}

fn nano(money: Money) -> u64 {
    u64::try_from(money.nano_usd()).unwrap_or_default()
}
