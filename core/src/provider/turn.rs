//! What a model said before, put together from another shape as a chat's assistant message.

use serde_json::value::RawValue;

use super::carried::Carried;
use super::dialect::Takes;
use super::parts::Parts;
use super::text::{Text, join};
use super::translate::Change;
use super::written::Written;

/// One turn so far.
#[derive(Default)]
pub(super) struct Turn<'a> {
    pub(super) said: Parts,
    pub(super) refusals: Vec<Text<'a>>,
    pub(super) calls: Vec<Call<'a>>,
    pub(super) thoughts: Vec<Text<'a>>,
    pub(super) carried: Carried,
}

/// A call of a function.
pub(super) struct Call<'a> {
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    /// The text of a JSON document.
    pub(super) arguments: String,
}

impl Turn<'_> {
    /// The message; `None` if nothing was said. `path` is where the turn stands in the caller's body.
    pub(super) fn message(self, path: &str, takes: &Takes, changes: &mut Vec<Change>) -> Option<Written> {
        let (content, refusal) = (self.said.content(), join(self.refusals));
        let is_silent = content.is_none() && refusal.is_none() && self.calls.is_empty();
        if is_silent && self.carried.is_empty() {
            return None;
        }
        let mut message = Written::default().with("role", "assistant").with("content", content);
        message.put_some("refusal", refusal);
        if let Some(thoughts) = join(self.thoughts) {
            put_thoughts(&mut message, &thoughts, &self.carried, path, takes, changes);
        }
        self.carried.put(&mut message, takes);
        let call = |call: &Call<'_>| self.carried.call(call.id, call.name, &call.arguments, takes);
        let calls: Vec<_> = self.calls.iter().map(call).collect();
        message.put_some("tool_calls", Some(calls).filter(|calls| !calls.is_empty()));
        Some(message)
    }
}

/// A target that has blocks of its own has the thoughts in them.
fn put_thoughts(
    message: &mut Written,
    thoughts: &RawValue,
    carried: &Carried,
    path: &str,
    takes: &Takes,
    changes: &mut Vec<Change>,
) {
    if takes.is_translated() && carried.has_blocks() {
        return;
    }
    if takes.extra("reasoning_content") {
        message.put("reasoning_content", thoughts);
    } else if !carried.is_taken(takes) {
        let reason = "this provider takes no thoughts back: left out";
        changes.push(Change { path: path.to_owned(), reason });
    }
}
