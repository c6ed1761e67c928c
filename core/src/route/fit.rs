//! Whether a model can serve a request at all. What is not known of a model is no reason to skip it.

use std::cell::OnceCell;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::config::ModelConfig;

/// What a model can do.
pub(crate) type Abilities = ModelConfig;

/// The highest price, in nano-dollars per million tokens.
pub(crate) type Ceiling = (Option<u64>, Option<u64>);

/// A call as routes look at it. Its body is parsed when the first one asks.
pub(crate) struct Question<'a> {
    pub(crate) body: &'a Bytes,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) metadata: &'a Map<String, Value>,
    /// The tokens of a list of messages for a model, where they can be counted.
    pub(crate) count: &'a dyn Fn(&str, &Value) -> Option<u64>,
    pub(crate) json: OnceCell<Value>,
}

impl Question<'_> {
    pub(crate) fn json(&self) -> &Value {
        self.json.get_or_init(|| serde_json::from_slice(self.body).unwrap_or_default())
    }

    fn wants_tools(&self) -> bool {
        self.json()["tools"].as_array().is_some_and(|tools| !tools.is_empty())
    }

    fn has_images(&self) -> bool {
        let is_image = |part: &Value| part["type"] == "image_url";
        let has = |message: &Value| message["content"].as_array().is_some_and(|parts| parts.iter().any(is_image));
        self.json()["messages"].as_array().is_some_and(|messages| messages.iter().any(has))
    }

    fn tokens_out(&self) -> u64 {
        let json = self.json();
        let asked = json["max_completion_tokens"].as_u64().or_else(|| json["max_tokens"].as_u64());
        asked.unwrap_or(0)
    }
}

/// Why `model` cannot serve `question`, if it cannot.
pub(crate) fn unfit(question: &Question<'_>, model: &str, abilities: &Abilities) -> Option<String> {
    if abilities.tools == Some(false) && question.wants_tools() {
        return Some("it calls no tools".to_owned());
    }
    if abilities.images == Some(false) && question.has_images() {
        return Some("it reads no images".to_owned());
    }
    let context = abilities.context_tokens?;
    // A token has a byte at least, so most requests fit without being counted. A picture's bytes are no tokens, and then
    // the counting knows.
    let tokens_out = question.tokens_out();
    if (question.body.len() as u64).saturating_add(tokens_out) <= context {
        return None;
    }
    let tokens = (question.count)(model, &question.json()["messages"])?.saturating_add(tokens_out);
    (tokens > context).then(|| format!("its context holds {context} tokens, the request may need {tokens}"))
}

/// Why a price is over the ceiling, if it is.
pub(crate) fn over(ceiling: Option<Ceiling>, price: Option<(u64, u64)>) -> Option<&'static str> {
    let (input, output) = ceiling?;
    match price {
        None => Some("its price is not known, and the route has a max_price"),
        Some(price) if input.is_some_and(|max| price.0 > max) => Some("its input price is over the route's max_price"),
        Some(price) if output.is_some_and(|max| price.1 > max) => {
            Some("its output price is over the route's max_price")
        }
        Some(_) => None,
    }
}
