//! What the road asks of the semantic cache.

use super::Engine;
use crate::cache::{self, Question};
use crate::config::Config;
use crate::error::Error;
use crate::exchange::{CacheKey, Target};
use crate::provider::{Catalogue, split_model};

impl Engine {
    /// The question that `target` asks, where a near answer may be given: in a chat, of a caller who names no key of its own.
    pub(crate) fn question(&self, target: &Target) -> Option<Question> {
        let is_chat = matches!(target.request_type(), Some("chat" | "responses"));
        let may_be_given = is_chat && target.policy.cache.key.is_none() && self.key_to_read(target).is_some();
        may_be_given.then(|| cache::question(&target.body))?
    }

    /// A digest of all that must be the same beside the question: whose it is, who is asked, and the rest of the request.
    pub(crate) fn partition(&self, target: &Target, rest: &[u8]) -> CacheKey {
        let namespace = target.policy.cache.namespace.as_deref().unwrap_or_default();
        self.digest(target, format!("near {namespace}").as_bytes(), rest)
    }

    /// The target of a call that embeds, and the model's own name.
    pub(crate) fn embedding_path<'a>(&self, model: &'a str) -> Option<(String, &'a str)> {
        embedding_path(&self.catalogue, model)
    }
}

fn embedding_path<'a>(catalogue: &Catalogue, model: &'a str) -> Option<(String, &'a str)> {
    let (slug, model) = split_model(model)?;
    let root = catalogue.find(slug)?.chat()?.path.strip_suffix("chat/completions")?.to_owned();
    Some((format!("/{slug}/{root}embeddings"), model))
}

/// Whether the semantic cache of a configuration can embed anything.
pub(crate) fn check_semantic(config: &Config, catalogue: &Catalogue, has_embedder: bool) -> Result<(), Error> {
    let Some(semantic) = config.cache.semantic.as_ref().filter(|_| !has_embedder) else { return Ok(()) };
    let field = "cache.semantic.model";
    let example = "write it as \"openai/text-embedding-3-small\"";
    let Some(model) = &semantic.model else {
        return Err(Error::config(field, format!("missing: without it no question can be embedded; {example}")));
    };
    if embedding_path(catalogue, model).is_none() {
        let message = format!("{model:?} names no provider with OpenAI's embeddings endpoint; {example}");
        return Err(Error::config(field, message));
    }
    Ok(())
}
