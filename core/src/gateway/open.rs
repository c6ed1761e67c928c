//! How a gateway comes to be, survives a fork, and ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::Gateway;
use crate::cache::Embedder;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::engine::{self, Engine, Parts};
use crate::error::{Error, ErrorKind};
use crate::keys::KeySource;
use crate::provider::Catalogue;
use crate::secret::Secret;
#[cfg(feature = "testing")]
use crate::stage::Stage;
use crate::stage::Stages;
use crate::transport::Transport;

/// The value of an environment variable.
type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// A gateway with parts of your own.
pub struct GatewayBuilder {
    config: Config,
    parts: Parts,
    environment: Environment,
}

impl GatewayBuilder {
    pub(super) fn new(config: Config) -> Self {
        let parts = Parts {
            clock: Arc::new(SystemClock::new()),
            transport: None,
            hosted: BTreeMap::new(),
            keys: None,
            embedder: None,
            stages: Stages::default(),
            seed: None,
        };
        Self { config, parts, environment: Box::new(|name| std::env::var(name).ok()) }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.parts.clock = clock;
        self
    }

    /// Sends through `transport`.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.parts.transport = Some(transport);
        self
    }

    /// Answers for provider `name` through `transport`, in this process, instead of over HTTP: a model on the device, or a
    /// server of your own. The calls are in OpenAI's format unless `providers.{name}.format` says otherwise; their URLs
    /// begin with the provider's `base_url`, or with `host://{name}` where it has none. A name that is not in the catalogue
    /// is called as `custom-{name}`, like every provider of the user's own.
    #[must_use]
    pub fn provider(mut self, name: impl Into<String>, transport: Arc<dyn Transport>) -> Self {
        self.parts.hosted.insert(name.into(), transport);
        self
    }

    /// Asks `source` for a key where neither the caller nor the configuration has one.
    #[must_use]
    pub fn keys(mut self, source: Arc<dyn KeySource>) -> Self {
        self.parts.keys = Some(source);
        self
    }

    /// Embeds questions for the semantic cache in this process, instead of by `cache.semantic.model`.
    #[must_use]
    pub fn embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.parts.embedder = Some(embedder);
        self
    }

    /// Reads keys and account ids from `environment` instead of the process's.
    #[must_use]
    pub fn environment(mut self, environment: impl Fn(&str) -> Option<String> + 'static) -> Self {
        self.environment = Box::new(environment);
        self
    }

    /// Lets chance begin at `seed`, to make a test's draws the same every time.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.parts.seed = Some(seed);
        self
    }

    /// Takes one stage off the road, to show that a test needs it.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn without(mut self, stage: Option<Stage>) -> Self {
        self.parts.stages = Stages::without(stage);
        self
    }

    /// The gateway.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the field that cannot work.
    pub fn build(mut self) -> Result<Gateway, Error> {
        for name in self.parts.hosted.keys() {
            self.config.providers.entry(name.clone()).or_default();
        }
        self.config.validate()?;
        self.read_upload_keys()?;
        let hosted: Vec<&str> = self.parts.hosted.keys().map(String::as_str).collect();
        let catalogue = Arc::new(Catalogue::new(&self.config, &hosted, &*self.environment)?);
        engine::check_semantic(&self.config, &catalogue, self.parts.embedder.is_some())?;
        let config = Arc::new(self.config);
        let routes = engine::routes(&config, &catalogue)?;
        let engine = Engine::new(config.clone(), catalogue.clone(), routes, &self.parts);
        let shared = Shared {
            config,
            catalogue,
            parts: self.parts,
            current: ArcSwap::from_pointee(engine),
            closed: AtomicBool::new(false),
        };
        Ok(Gateway { shared: Arc::new(shared) })
    }

    /// Reads the keys of receivers that stand in variables.
    fn read_upload_keys(&mut self) -> Result<(), Error> {
        for (name, upload) in &mut self.config.uploads {
            let Some(variable) = &upload.key_env else { continue };
            let key = (self.environment)(variable).filter(|key| !key.trim().is_empty()).ok_or_else(|| {
                let message = format!("the environment variable {variable} is not set");
                Error::config(format!("uploads.{name}.key_env"), message)
            })?;
            upload.key = Some(Secret::new(key.trim()));
        }
        Ok(())
    }
}

/// What all clones of a handle have in common.
pub(super) struct Shared {
    config: Arc<Config>,
    catalogue: Arc<Catalogue>,
    parts: Parts,
    current: ArcSwap<Engine>,
    closed: AtomicBool,
}

impl Shared {
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The state of this process. In a forked child the parent's threads and sockets are gone and its locks may be held
    /// by nobody, so the child begins afresh and leaves the parent's state untouched.
    pub(super) fn engine(&self) -> Result<Arc<Engine>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the gateway was closed; open a new one"));
        }
        let engine = self.current.load_full();
        if engine.pid == std::process::id() {
            return Ok(engine);
        }
        let fresh =
            Arc::new(Engine::new(self.config.clone(), self.catalogue.clone(), engine.routes.renewed(), &self.parts));
        let left = self.current.compare_and_swap(&engine, fresh);
        std::mem::forget((left, engine));
        Ok(self.current.load_full())
    }

    pub(super) fn before_fork(&self, budget: Duration) -> bool {
        let engine = self.current.load();
        if engine.pid != std::process::id() {
            return true;
        }
        let counts = engine.limits.release(budget);
        let answers = engine.answers.release(budget);
        engine.uploads.hold();
        let credits = engine.ledger.release(budget);
        engine.log.release(budget) && counts && answers && credits
    }

    pub(super) fn close(&self, budget: Duration) {
        let engine = self.current.load_full();
        if !self.closed.swap(true, Ordering::AcqRel) && engine.pid == std::process::id() {
            let budget = engine.refreshes.wait(budget);
            let budget = engine.uploads.close(budget);
            engine.answers.close(budget);
            engine.limits.close(budget);
            engine.ledger.close(budget);
            engine.log.close(budget);
        }
    }
}
