//! What a provider wants back with its model's thoughts, where every client keeps what it does not understand: the
//! signature of Anthropic's thinking blocks, the encrypted content of OpenAI's reasoning items.
//!
//! It is the text of a JSON object behind a mark of ours. Whoever holds it sends it back as it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chat::ToolCall;
use super::dialect::Takes;
use super::text::Text;
use super::written::Written;

/// No provider's signature begins so: those are base64.
const MARK: &str = "tollhouse:";

/// Members of an assistant message that no client of another shape has a place for.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Carried {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<Box<RawValue>>,
    /// OpenRouter's (openrouter.ai/docs/use-cases/reasoning-tokens).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning_details: Vec<Box<RawValue>>,
    /// The calls' `extra_content`, by the calls' ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra_content: BTreeMap<String, Box<RawValue>>,
}

impl Carried {
    /// What `sealed` holds; `None` of a text that is not ours.
    pub(super) fn open(sealed: Text<'_>) -> Option<Self> {
        if !sealed.inside().starts_with(MARK) {
            return None;
        }
        let text: String = serde_json::from_str(sealed.raw().get()).ok()?;
        serde_json::from_str(&text[MARK.len()..]).ok()
    }

    /// The text that holds it.
    pub(super) fn seal(&self) -> String {
        format!("{MARK}{}", serde_json::to_string(self).expect("these members have string keys only"))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.thinking_blocks.is_empty() && self.reasoning_details.is_empty() && self.extra_content.is_empty()
    }

    pub(super) fn has_blocks(&self) -> bool {
        !self.thinking_blocks.is_empty()
    }

    /// Whether a target takes the thoughts back in its own form.
    pub(super) fn is_taken(&self, takes: &Takes) -> bool {
        let members = [("thinking_blocks", &self.thinking_blocks), ("reasoning_details", &self.reasoning_details)];
        members.iter().any(|(name, blocks)| !blocks.is_empty() && takes.extra(name))
    }

    /// Takes over what a message, or a piece of it, brings.
    pub(super) fn keep(&mut self, thinking_blocks: &[&RawValue], reasoning_details: &[&RawValue]) {
        self.thinking_blocks.extend(thinking_blocks.iter().map(|&block| block.to_owned()));
        self.reasoning_details.extend(reasoning_details.iter().map(|&detail| detail.to_owned()));
    }

    /// Takes over what a call brings.
    pub(super) fn keep_call(&mut self, id: &str, call: &ToolCall<'_>) {
        if let Some(extra) = call.extra_content {
            self.extra_content.insert(id.to_owned(), extra.to_owned());
        }
    }

    /// Both together.
    pub(super) fn join(&mut self, other: Self) {
        self.thinking_blocks.extend(other.thinking_blocks);
        self.reasoning_details.extend(other.reasoning_details);
        self.extra_content.extend(other.extra_content);
    }

    /// Puts one more block among those of the model's thinking.
    pub(super) fn push(&mut self, block: Box<RawValue>) {
        self.thinking_blocks.push(block);
    }

    /// A call as a chat has it, with what belongs to it where the target takes that.
    pub(super) fn call(&self, id: Text<'_>, name: Text<'_>, arguments: &str, takes: &Takes) -> Written {
        let key: String = serde_json::from_str(id.raw().get()).unwrap_or_default();
        let extra = self.extra_content.get(&key).filter(|_| takes.extra("extra_content"));
        let function = Written::default().with("name", name).with("arguments", arguments);
        let call = Written::default().with("id", id).with("type", "function").with("function", function);
        call.with_some("extra_content", extra)
    }

    /// Puts the members into a message, where its target takes them.
    pub(super) fn put(&self, message: &mut Written, takes: &Takes) {
        let members = [("thinking_blocks", &self.thinking_blocks), ("reasoning_details", &self.reasoning_details)];
        for (name, blocks) in members {
            if !blocks.is_empty() && takes.extra(name) {
                message.put(name, blocks);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_can_be_opened() {
        let block: &RawValue =
            serde_json::from_str(r#"{"index":0,"text":"\ud83d\"","thoughtSignature":"c2ln"}"#).unwrap();
        let mut carried = Carried::default();
        carried.keep(&[block], &[]);
        let json = serde_json::to_string(&carried.seal()).unwrap();
        let opened = Carried::open(serde_json::from_str(&json).unwrap()).unwrap();
        assert_eq!(opened.thinking_blocks[0].get(), block.get());
        assert!(!opened.is_empty());
    }

    #[test]
    fn what_others_sealed_is_theirs() {
        for text in [r#""EqQBCkYIA==""#, r#""""#, r#""tollhouse:{oops""#, r#""tollhouse:[1]""#] {
            assert!(Carried::open(serde_json::from_str(text).unwrap()).is_none(), "{text}");
        }
    }
}
