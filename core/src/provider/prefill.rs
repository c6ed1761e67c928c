//! Answers whose beginning stands in the request already: a last message of the assistant's, which the model goes on with.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config;

/// How a provider takes the beginning of an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prefill {
    /// What the message carries besides its text, with the value true.
    #[serde(default)]
    mark: Option<&'static str>,
    /// The path that takes it, where it is not that of all chats.
    #[serde(default)]
    path: Option<&'static str>,
    /// How the names of the models begin that take it, where not all of them do.
    #[serde(default)]
    models: Vec<&'static str>,
    /// Whether the answer repeats the beginning.
    #[serde(default)]
    echoes: bool,
    /// The page that says so.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds every row to it"))]
    pub(crate) docs: &'static str,
}

/// A chat whose answer has begun.
pub(crate) struct Begun {
    pub(crate) body: Bytes,
    /// In the place of the usual path.
    pub(crate) path: Option<&'static str>,
    /// Whether the answer repeats the beginning.
    pub(crate) echoes: bool,
}

impl Prefill {
    /// As the configuration of a provider says.
    pub(crate) fn configured(form: config::Prefill) -> Self {
        let mark = match form {
            config::Prefill::Plain => None,
            config::Prefill::Prefix => Some("prefix"),
            config::Prefill::Partial => Some("partial"),
        };
        Self { mark, path: None, models: Vec::new(), echoes: false, docs: "" }
    }

    /// `body`, a chat in OpenAI's shape, with `text` as the beginning of its answer. `None` where `model` takes none.
    pub(crate) fn begin(&self, body: &[u8], model: &str, text: &str) -> Option<Begun> {
        if !self.models.is_empty() && !self.models.iter().any(|start| model.starts_with(start)) {
            return None;
        }
        let mut message = json!({"role": "assistant", "content": text});
        if let Some(mark) = self.mark {
            message[mark] = Value::Bool(true);
        }
        let mut body: Value = serde_json::from_slice(body).ok()?;
        body.get_mut("messages")?.as_array_mut()?.push(message);
        Some(Begun { body: body.to_string().into(), path: self.path, echoes: self.echoes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_the_last_message() {
        let prefill = Prefill::configured(config::Prefill::Partial);
        let begun = prefill.begin(br#"{"messages":[{"role":"user","content":"hi"}]}"#, "m", "Hel").unwrap();
        let body: Value = serde_json::from_slice(&begun.body).unwrap();
        assert_eq!(body["messages"][1], json!({"role": "assistant", "content": "Hel", "partial": true}));
        assert!(prefill.begin(b"{}", "m", "Hel").is_none());
    }

    #[test]
    fn only_models_that_take_it() {
        let prefill = Prefill { models: vec!["old-"], ..Prefill::configured(config::Prefill::Plain) };
        let takes = |model| prefill.begin(br#"{"messages":[]}"#, model, "a").is_some();
        assert!(takes("old-1") && !takes("new-1"));
    }
}
