//! The system prompt and the turns of a messages call as a chat's messages.

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::parts::Parts;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::assistant::assistant;
use super::content::content;

/// A chat's messages.
#[derive(Default)]
pub(super) struct Conversation {
    pub(super) messages: Vec<Written>,
    /// Where each stands in the caller's body.
    pub(super) origins: Vec<String>,
}

/// The members `system` and `messages`.
pub(super) fn conversation(
    asked: &mut Object<'_>,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<Conversation, Untranslatable> {
    let mut conversation = Conversation::default();
    let system = content(asked, "system", takes, changes)?;
    conversation.say("system", "system".to_owned(), &system.parts);
    for (path, raw) in asked.take_list("messages")? {
        conversation.turn(Object::parse(path, raw)?, takes, changes)?;
    }
    if conversation.origins.iter().all(|origin| origin == "system") {
        return Err(Untranslatable::new("messages", "nothing is said; send a user message that is not empty"));
    }
    Ok(conversation)
}

impl Conversation {
    fn turn(&mut self, mut turn: Object<'_>, takes: &Takes, changes: &mut Vec<Change>) -> Result<(), Untranslatable> {
        let (role, path): (String, _) = (turn.require_as("role", "user or assistant")?, turn.path().to_owned());
        match role.as_str() {
            "user" => {
                // Results of calls are messages of their own, right behind the turn that made the calls.
                let said = content(&mut turn, "content", takes, changes)?;
                for result in said.results {
                    self.push(path.clone(), result);
                }
                self.say("user", path, &said.parts);
            }
            "assistant" => {
                if let Some(message) = assistant(&mut turn, takes, changes)? {
                    self.push(path, message);
                }
            }
            "system" => {
                let said = content(&mut turn, "content", takes, changes)?;
                self.say("system", path, &said.parts);
            }
            _ => return Err(Untranslatable::new(turn.at("role"), "expected user or assistant")),
        }
        turn.report_rest(LEFT_OUT, changes);
        Ok(())
    }

    fn say(&mut self, role: &'static str, origin: String, said: &Parts) {
        if let Some(content) = said.content() {
            self.push(origin, Written::default().with("role", role).with("content", content));
        }
    }

    fn push(&mut self, origin: String, message: Written) {
        self.messages.push(message);
        self.origins.push(origin);
    }
}
