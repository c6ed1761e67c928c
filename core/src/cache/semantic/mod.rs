//! Answers to questions that mean the same: found by their embeddings, let through by guards, and only told of until they may
//! be given. See docs/decisions/0028-semantic-cache.md.

mod embedder;
mod facts;
mod point;
mod question;
mod words;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

pub(crate) use self::embedder::read_embedding;
pub use self::embedder::{Embedder, Embedding};
use self::facts::Facts;
pub(crate) use self::point::Vector;
pub(crate) use self::question::{Question, question};
use crate::config::{SemanticConfig, SemanticMode};
use crate::exchange::{CacheKey, Meaning};

/// How many embeddings are remembered by their texts, so that a question that comes again costs none.
const MAX_TEXTS: u64 = 1_000;

/// The questions whose answers are kept, by what they mean.
pub(crate) struct Semantic {
    config: SemanticConfig,
    space: Mutex<Space>,
    texts: moka::sync::Cache<[u8; 32], Vector>,
    looks: AtomicU64,
    near: AtomicU64,
    guarded: AtomicU64,
    failures: AtomicU64,
}

#[derive(Default)]
struct Space {
    /// By partition: questions of different tenants, models or system prompts never meet.
    points: HashMap<CacheKey, Vec<Point>>,
    /// In the order in which they came.
    ages: VecDeque<(CacheKey, CacheKey)>,
}

struct Point {
    key: CacheKey,
    vector: Vector,
    facts: Facts,
}

/// A kept question that is near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Neighbour {
    /// Under which its answer is kept.
    pub(crate) key: CacheKey,
    pub(crate) similarity: f32,
    /// Why its answer is none to this question: what the two texts do not agree in.
    pub(crate) differs: Option<&'static str>,
}

/// What the semantic cache has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SemanticStats {
    /// Questions that were looked for.
    pub lookups: u64,
    /// Those that had a neighbour whose answer would have been, or was, given.
    pub near: u64,
    /// Those whose neighbours a guard held back.
    pub guarded: u64,
    /// Embeddings that failed or came too late.
    pub failures: u64,
    /// Questions that are remembered.
    pub entries: u64,
}

impl Semantic {
    pub(crate) fn new(config: SemanticConfig) -> Self {
        Self {
            config,
            space: Mutex::default(),
            texts: moka::sync::Cache::new(MAX_TEXTS),
            looks: AtomicU64::new(0),
            near: AtomicU64::new(0),
            guarded: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    pub(crate) fn config(&self) -> &SemanticConfig {
        &self.config
    }

    /// Whether near answers are given, and not only told of.
    pub(crate) fn serves(&self) -> bool {
        self.config.mode == SemanticMode::Serve
    }

    /// The embedding of this text, if it is remembered.
    pub(crate) fn remembered(&self, text: &str) -> Option<Vector> {
        self.texts.get::<[u8; 32]>(&Sha256::digest(text).into())
    }

    /// Remembers the embedding of a text.
    pub(crate) fn remember(&self, text: &str, vector: Vector) {
        self.texts.insert(Sha256::digest(text).into(), vector);
    }

    /// Takes note of an embedding that did not come.
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// The nearest question whose answer is one to `text` too; without one the nearest that a guard holds back.
    pub(crate) fn look(
        &self,
        partition: &CacheKey,
        text: &str,
        vector: &Vector,
        namespace: Option<&str>,
    ) -> Option<Neighbour> {
        self.looks.fetch_add(1, Relaxed);
        let threshold = namespace.and_then(|name| self.config.namespaces.get(name)).unwrap_or(&self.config.threshold);
        #[expect(clippy::cast_possible_truncation, reason = "similarities are no finer")]
        let threshold = *threshold as f32;
        let facts = Facts::of(text);
        let space = self.space();
        let (mut nearest, mut held_back): (Option<Neighbour>, Option<Neighbour>) = (None, None);
        for point in space.points.get(partition).into_iter().flatten() {
            let bar = nearest.map_or(threshold, |nearest| nearest.similarity);
            let Some(similarity) = vector.similarity(&point.vector, bar) else { continue };
            let differs = facts.differ(&point.facts);
            let place = if differs.is_none() { &mut nearest } else { &mut held_back };
            if place.is_none_or(|known| known.similarity < similarity) {
                *place = Some(Neighbour { key: point.key, similarity, differs });
            }
        }
        drop(space);
        let found = nearest.or(held_back);
        match &found {
            Some(Neighbour { differs: None, .. }) => self.near.fetch_add(1, Relaxed),
            Some(_) => self.guarded.fetch_add(1, Relaxed),
            None => 0,
        };
        found
    }

    /// Remembers what a question meant whose answer is kept under `key`. The oldest makes room.
    pub(crate) fn learn(&self, meaning: &Meaning, key: CacheKey) {
        let Some(vector) = Vector::of(meaning.vector.to_vec()) else { return };
        let point = Point { key, vector, facts: Facts::of(&meaning.text) };
        let mut space = self.space();
        space.forget(&meaning.partition, &key);
        space.points.entry(meaning.partition).or_default().push(point);
        space.ages.push_back((meaning.partition, key));
        while space.ages.len() > self.config.max_entries as usize {
            let Some((partition, key)) = space.ages.front().copied() else { break };
            space.forget(&partition, &key);
        }
    }

    /// Forgets a question whose answer is no longer kept.
    pub(crate) fn forget(&self, partition: &CacheKey, key: &CacheKey) {
        self.space().forget(partition, key);
    }

    pub(crate) fn stats(&self) -> SemanticStats {
        SemanticStats {
            lookups: self.looks.load(Relaxed),
            near: self.near.load(Relaxed),
            guarded: self.guarded.load(Relaxed),
            failures: self.failures.load(Relaxed),
            entries: self.space().ages.len() as u64,
        }
    }

    fn space(&self) -> MutexGuard<'_, Space> {
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Space {
    fn forget(&mut self, partition: &CacheKey, key: &CacheKey) {
        let Some(points) = self.points.get_mut(partition) else { return };
        let before = points.len();
        points.retain(|point| point.key != *key);
        if points.len() < before {
            if points.is_empty() {
                self.points.remove(partition);
            }
            self.ages.retain(|(_, known)| known != key);
        }
    }
}

/// What a question means, for the one who will keep its answer.
pub(crate) fn meaning(partition: CacheKey, text: &str, vector: &Vector) -> Arc<Meaning> {
    Arc::new(Meaning { partition, text: text.to_owned(), vector: vector.parts().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn semantic(max_entries: u32) -> Semantic {
        let namespaces = [("strict".to_owned(), 0.999)].into();
        Semantic::new(SemanticConfig { threshold: 0.9, namespaces, max_entries, ..SemanticConfig::default() })
    }

    fn vector(parts: [f32; 2]) -> Vector {
        Vector::of(parts.to_vec()).expect("it has a length")
    }

    fn learn(semantic: &Semantic, key: u8, text: &str, parts: [f32; 2]) {
        semantic.learn(&meaning([0; 32], text, &vector(parts)), [key; 32]);
    }

    #[test]
    fn the_nearest_that_agrees_is_found() {
        let semantic = semantic(10);
        learn(&semantic, 1, "how do refunds work", [1.0, 0.1]);
        learn(&semantic, 2, "how do refunds work after 30 days", [1.0, 0.0]);
        learn(&semantic, 3, "what is the weather", [0.0, 1.0]);
        let look = |text, namespace| semantic.look(&[0; 32], text, &vector([1.0, 0.01]), namespace);
        let found = look("how does a refund work", None).expect("one is near");
        assert_eq!((found.key, found.differs), ([1; 32], None));
        let held_back = look("how does a refund work", Some("strict")).expect("one is nearer still");
        assert_eq!((held_back.key, held_back.differs), ([2; 32], Some("numbers")));
        assert_eq!(semantic.look(&[9; 32], "how does a refund work", &vector([1.0, 0.0]), None), None);
        let stats = semantic.stats();
        assert_eq!((stats.lookups, stats.near, stats.guarded, stats.entries), (3, 1, 1, 3));
    }

    #[test]
    fn the_oldest_makes_room_and_nobody_is_there_twice() {
        let semantic = semantic(2);
        for key in [1, 1, 2, 3] {
            learn(&semantic, key, "a question", [1.0, f32::from(key) / 100.0]);
        }
        assert_eq!(semantic.stats().entries, 2);
        let nearest = semantic.look(&[0; 32], "a question", &vector([1.0, 0.01]), None).expect("one is near");
        assert_eq!(nearest.key, [2; 32]);
        semantic.forget(&[0; 32], &[2; 32]);
        semantic.forget(&[0; 32], &[3; 32]);
        assert_eq!(semantic.look(&[0; 32], "a question", &vector([1.0, 0.01]), None), None);
        assert!(semantic.space().points.is_empty() && semantic.space().ages.is_empty());
    }
}
