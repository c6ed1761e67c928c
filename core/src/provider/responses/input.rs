//! The items of a responses call as a chat's messages. What the model said comes as items of its own: those between two of
//! the user's are one message.

use serde_json::value::{RawValue, to_raw_value};

use super::super::carried::Carried;
use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::parts::Parts;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::turn::{Call, Turn};
use super::super::written::Written;
use super::LEFT_OUT;
use super::content::content;

/// The members `instructions` and `input`, as messages, and where each of them stands in the caller's body.
pub(super) fn conversation<'a>(
    asked: &mut Object<'a>,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(Vec<Written>, Vec<String>), Untranslatable> {
    let mut input = Input { takes, changes, messages: Vec::new(), origins: Vec::new(), turn: None, shown: None };
    if let Some(instructions) = asked.take_as::<Text<'_>>("instructions", "a string")? {
        input.push("instructions".to_owned(), Written::default().with("role", "system").with("content", instructions));
    }
    let before = input.messages.len();
    let raw: &'a RawValue = asked.require_as("input", "a string or an array of items")?;
    if let Some(text) = Text::of(raw) {
        let mut parts = Parts::default();
        parts.text(text, None);
        input.say("user", "input".to_owned(), &parts);
    } else {
        let items: Vec<&'a RawValue> = serde_json::from_str(raw.get())
            .map_err(|_| Untranslatable::new("input", "expected a string or an array of items"))?;
        for (index, raw) in items.into_iter().enumerate() {
            input.item(Object::parse(format!("input[{index}]"), raw)?)?;
        }
    }
    input.close();
    if input.messages.len() == before {
        return Err(Untranslatable::new("input", "nothing is said; send a message that is not empty"));
    }
    Ok((input.messages, input.origins))
}

/// The messages so far.
struct Input<'a, 't> {
    takes: &'t Takes,
    changes: &'t mut Vec<Change>,
    messages: Vec<Written>,
    origins: Vec<String>,
    /// What the model says at this point, and where that began.
    turn: Option<(String, Turn<'a>)>,
    /// What results of calls hold besides text: it follows as the user's, behind the last of them.
    shown: Option<(String, Parts)>,
}

impl<'a> Input<'a, '_> {
    fn item(&mut self, mut item: Object<'a>) -> Result<(), Untranslatable> {
        let kind: Option<String> = item.take_as("type", "the kind of this item")?;
        item.take("id");
        // An item that was cut off is what it is.
        item.take("status");
        match kind.as_deref() {
            None | Some("message") => self.message(&mut item)?,
            Some("function_call") => {
                let turn = self.turn(item.path());
                let call = Call {
                    id: item.require_as("call_id", "the call's id")?,
                    name: item.require_as("name", "the function's name")?,
                    arguments: item.require_as("arguments", "a JSON object in a string")?,
                };
                turn.calls.push(call);
            }
            Some("function_call_output") => self.result(&mut item)?,
            Some("reasoning") => self.reasoning(&mut item)?,
            Some(_) => {
                let remedy = "only OpenAI can go on from this kind of item; send message, reasoning, function_call and \
                              function_call_output items";
                return Err(Untranslatable::new(item.at("type"), remedy));
            }
        }
        item.report_rest(LEFT_OUT, self.changes);
        Ok(())
    }

    fn message(&mut self, item: &mut Object<'a>) -> Result<(), Untranslatable> {
        let (role, path): (String, _) =
            (item.require_as("role", "user, assistant, system or developer")?, item.path().to_owned());
        let mut refusals = Vec::new();
        let parts = content(item, "content", &mut refusals, self.takes, self.changes)?;
        match role.as_str() {
            "assistant" => {
                let turn = self.turn(&path);
                turn.said.extend(parts);
                turn.refusals.extend(refusals);
            }
            "user" => self.say("user", path, &parts),
            "system" | "developer" => self.say("system", path, &parts),
            _ => return Err(Untranslatable::new(item.at("role"), "expected user, assistant, system or developer")),
        }
        Ok(())
    }

    fn result(&mut self, item: &mut Object<'a>) -> Result<(), Untranslatable> {
        self.end_turn();
        let id: Text<'a> = item.require_as("call_id", "the id of the call that this answers")?;
        let parts = content(item, "output", &mut Vec::new(), self.takes, self.changes)?;
        let (texts, others) = if self.takes.shows_results() { (parts, Parts::default()) } else { parts.split() };
        let path = item.path().to_owned();
        if !others.is_empty() {
            let reason = "a tool's answer holds text only: the rest of it follows as the user's";
            self.changes.push(Change { path: item.at("output"), reason });
            let (_, shown) = self.shown.get_or_insert_with(|| (path.clone(), Parts::default()));
            shown.extend(others);
        }
        let text = texts.content().unwrap_or_else(|| to_raw_value("").expect("a string is JSON"));
        self.push(path, Written::default().with("role", "tool").with("tool_call_id", id).with("content", text));
        Ok(())
    }

    fn reasoning(&mut self, item: &mut Object<'a>) -> Result<(), Untranslatable> {
        let mut thoughts = Vec::new();
        for key in ["summary", "content"] {
            for (path, raw) in item.take_list(key)? {
                let mut part = Object::parse(path, raw)?;
                part.take("type");
                thoughts.extend(part.take_as::<Text<'a>>("text", "a string")?);
                part.report_rest(LEFT_OUT, self.changes);
            }
        }
        let sealed = item.take_as::<Text<'a>>("encrypted_content", "a string")?;
        let Some(carried) = sealed.and_then(Carried::open) else {
            let reason = "only the provider that wrote this takes it back: left out";
            self.changes.push(Change { path: item.path().to_owned(), reason });
            return Ok(());
        };
        let turn = self.turn(item.path());
        turn.thoughts.extend(thoughts);
        turn.carried.join(carried);
        Ok(())
    }

    /// What the model says at this point.
    fn turn(&mut self, path: &str) -> &mut Turn<'a> {
        self.end_results();
        &mut self.turn.get_or_insert_with(|| (path.to_owned(), Turn::default())).1
    }

    fn end_turn(&mut self) {
        if let Some((path, turn)) = self.turn.take()
            && let Some(message) = turn.message(&path, self.takes, self.changes)
        {
            self.push(path, message);
        }
    }

    fn end_results(&mut self) {
        if let Some((path, shown)) = self.shown.take()
            && let Some(content) = shown.content()
        {
            self.push(path, Written::default().with("role", "user").with("content", content));
        }
    }

    fn close(&mut self) {
        self.end_turn();
        self.end_results();
    }

    fn say(&mut self, role: &'static str, origin: String, said: &Parts) {
        self.close();
        if let Some(content) = said.content() {
            self.push(origin, Written::default().with("role", role).with("content", content));
        }
    }

    fn push(&mut self, origin: String, message: Written) {
        self.messages.push(message);
        self.origins.push(origin);
    }
}
