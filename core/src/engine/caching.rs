//! What the road asks of the cache: which answer is kept, who asks for the same, and what is to be kept.

use std::cmp::Reverse;
use std::sync::Arc;

use http::HeaderValue;

use super::Engine;
use crate::answer::Shared;
use crate::cache::{
    self, Asked, Call, Difference, Filter, Found, Given, Kept, Lease, Member, Miss, Now, Part, Parts, Refresh, Scope,
    Stored,
};
use crate::config::Broken;
use crate::exchange::{CacheKey, Target};
use crate::policy::Use;
use crate::stage::Stage;

/// So many kept answers are compared with a request.
const MAX_COMPARED: usize = 1_000;

impl Engine {
    /// The answer that is kept for `target`, if the cache may give it, now or later.
    pub(crate) async fn cached(&self, target: &Target) -> Option<Given> {
        let key = self.key_to_read(target)?;
        given(target, &self.answers.get(&key, self.now()).await?)
    }

    /// As [`cached`](Self::cached), from this process's memory alone, and only what is fresh.
    pub(crate) fn cached_here(&self, target: &Target) -> Option<Given> {
        let key = self.key_to_read(target)?;
        given(target, &self.answers.peek(&key, self.now())?).filter(|given| given.how == Use::Fresh)
    }

    /// Waits until this process may call the provider for `target`, or another one has an answer. What a stream's callers
    /// want soon is not waited for: each process reads its own.
    pub(crate) async fn call(&self, target: &Target) -> Result<Option<Lease>, Given> {
        let Some(key) = self.key_to_read(target).filter(|_| !target.stream) else { return Ok(None) };
        match self.answers.call(key, &*self.clock, || self.now()).await {
            Call::Ours(lease) => Ok(lease),
            // One who wants a newer answer than that calls for itself.
            Call::Answered(found) => {
                given(target, &found).filter(|given| given.how == Use::Fresh).map_or(Ok(None), Err)
            }
        }
    }

    pub(super) fn key_to_read(&self, target: &Target) -> Option<CacheKey> {
        if !target.policy.cache.reads() {
            return None;
        }
        *target.cache_key.get_or_init(|| self.cache_key(target))
    }

    /// This moment by both clocks.
    pub(crate) fn now(&self) -> Now {
        Now { monotonic_us: self.clock.monotonic_us(), wall_us: self.clock.now_us() }
    }

    /// A place among those who ask for the same as `target`. One who goes past the cache shares nothing.
    pub(crate) fn join(&self, target: &Target) -> Option<Member<Shared>> {
        if target.stream && self.config.streams.broken == Broken::Continue {
            // Each goes on from what its own caller has seen.
            return None;
        }
        let key = self.key_to_read(target)?;
        let max_bytes = usize::try_from(self.config.cache.max_entry_bytes.bytes()).unwrap_or(usize::MAX);
        Some(self.flights.join(key, max_bytes))
    }

    /// The only refresh of what is kept for `target`; `None` while another one is under way.
    pub(crate) fn refresh(&self, target: &Target) -> Option<Refresh> {
        self.refreshes.begin(self.key_to_read(target)?)
    }

    /// Whether the cache is on for `target`.
    pub(crate) fn caches(&self, target: &Target) -> bool {
        let cache = &target.policy.cache;
        let covered = cache::covers(&target.method, &target.body) && (!target.stream || cache.streams);
        self.stages.on(Stage::Cache) && covered && cache.ttl().is_some()
    }

    /// Keeps the answer to `target`, if the cache is on for it. An answer that was fetched past the cache refreshes it.
    pub(crate) fn remember(&self, target: &Target, entry: cache::Entry) {
        let key = target.cache_key.get_or_init(|| self.cache_key(target));
        let is_stream = matches!(entry.body, Kept::Stream { .. });
        if let (Some(key), Some((ttl, keep))) = (key, target.policy.cache.times(&entry.headers, is_stream)) {
            let (now, asked) = (self.now(), Arc::new(self.asked(target)));
            self.answers.put(*key, Stored { entry, asked, at_us: now.wall_us, ttl, keep }, now);
            if let (Some(semantic), Some(meaning)) = (&self.semantic, target.meaning.get()) {
                semantic.learn(meaning, *key);
            }
        }
    }

    /// The answer that is kept under `key`, if it may be given to `target` as a fresh one.
    pub(crate) async fn kept(&self, target: &Target, key: &CacheKey) -> Option<Given> {
        given(target, &self.answers.get(key, self.now()).await?).filter(|given| given.how == Use::Fresh)
    }

    fn cache_key(&self, target: &Target) -> Option<CacheKey> {
        self.caches(target).then(|| self.digest(target, &[], &target.body))
    }

    /// A digest of all that decides the answer of `target`, with this body for its own.
    pub(super) fn digest(&self, target: &Target, realm: &[u8], body: &[u8]) -> CacheKey {
        let head: [&[u8]; 7] = [
            realm,
            target.provider.slug.as_bytes(),
            // Of a URL that nobody in the catalogue has, the slug is only the host: who asks may stand before it.
            target.provider.base_url.as_bytes(),
            target.path.as_bytes(),
            target.query.as_deref().unwrap_or_default().as_bytes(),
            // One body may be a call in two shapes.
            &[target.shape.dialect().map_or(0, |dialect| dialect as u8 + 1)],
            target.provider.credential(&target.headers).map_or(&[], HeaderValue::as_bytes),
        ];
        let cache = &target.policy.cache;
        let scope = Scope { gateway: &self.config.id, tenant: cache.scope.as_deref() };
        cache::key(scope, cache.key.as_deref(), Parts { head: &head, body, ignored: &self.ignored })
    }

    /// By what an answer of `target` was asked for.
    fn asked(&self, target: &Target) -> Asked {
        let cache = &target.policy.cache;
        Asked {
            provider: target.provider.slug.clone(),
            model: target.model.clone(),
            scope: cache.scope.clone(),
            word: cache.key.as_deref().map(cache::word),
            fields: self.parts(target).into_iter().map(|part| part.field).collect(),
        }
    }

    /// What decides the answer of `target`, part by part; of one with a key of the caller's own nothing else does.
    fn parts(&self, target: &Target) -> Vec<Part> {
        if target.policy.cache.key.is_some() {
            return Vec::new();
        }
        let shape = target.shape.dialect().map_or(0, |dialect| dialect as u8 + 1).to_string();
        let mut parts = vec![
            cache::part("provider", target.provider.slug.as_bytes()),
            cache::part("path", target.path.as_bytes()),
            cache::part("shape", shape.as_bytes()),
            // A query may hold a key.
            cache::secret_part("query", target.query.as_deref().unwrap_or_default().as_bytes()),
            cache::secret_part("key", target.provider.credential(&target.headers).map_or(&[], HeaderValue::as_bytes)),
        ];
        let ignored: Vec<Vec<String>> = self.config.cache.ignored().collect();
        parts.extend(cache::parts(&target.body, &ignored));
        parts
    }

    /// Why there was no answer for `target`.
    pub(crate) fn miss(&self, target: &Target) -> Miss {
        self.uncacheable(target).unwrap_or(Miss::NothingKept)
    }

    /// Why no kept answer can be given to `target` whatever is kept.
    pub(crate) fn uncacheable(&self, target: &Target) -> Option<Miss> {
        let cache = &target.policy.cache;
        if target.method != http::Method::POST {
            return Some(Miss::Method);
        }
        if cache.ttl().is_none() {
            return Some(Miss::Off);
        }
        if !cache.reads() {
            return Some(Miss::Past);
        }
        if target.stream && !cache.streams {
            return Some(Miss::Stream);
        }
        (!self.caches(target)).then_some(Miss::TooLarge)
    }

    /// The kept answer whose request comes nearest to `target`, of those of its scope that were stored last: how long ago
    /// that was in microseconds, and where the two differ.
    pub(crate) async fn nearest(&self, target: &Target) -> Option<(u64, Vec<Difference>)> {
        let scope = &target.policy.cache.scope;
        let now = self.now();
        let filter = Filter { scope: scope.clone(), ..Filter::default() };
        let known = self.answers.newest(filter, MAX_COMPARED, now).await;
        let parts = self.parts(target);
        let of_the_same = known.into_iter().filter(|(asked, _)| asked.scope == *scope && asked.word.is_none());
        let compared = of_the_same.map(|(asked, at_us)| (at_us, cache::differences(&parts, &asked.fields)));
        let nearest = compared.min_by_key(|(at_us, differences)| (differences.len(), Reverse(*at_us)));
        nearest.map(|(at_us, differences)| (now.wall_us.saturating_sub(at_us), differences))
    }
}

/// What may be done with what was found.
fn given(target: &Target, found: &Found) -> Option<Given> {
    let how = target.policy.cache.use_of(found.age, found.stored.ttl);
    (how != Use::No).then_some(Given { entry: found.stored.entry.clone(), age: found.age, how })
}
