//! A chat's messages as Gemini's system instruction and turns.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::object::Object;
use super::super::text::{Text, join};
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;
use super::parts::{Call, CallResult, Output, Owner, Part, content, part_of};

/// What is said to the model.
#[derive(Default)]
pub(super) struct Conversation<'a> {
    /// The texts of all system and developer messages.
    pub(super) system: Vec<Part<'a>>,
    /// User and model by turns.
    pub(super) contents: Vec<Content<'a>>,
}

/// What one side says before the other does.
#[derive(Debug, Serialize)]
pub(super) struct Content<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

/// The member `messages` of a chat body. Neighbours of one role become one turn: the answers to calls that were made
/// together have to come together.
pub(super) fn conversation<'a>(
    chat: &mut Object<'a>,
    changes: &mut Vec<Change>,
) -> Result<Conversation<'a>, Untranslatable> {
    let (mut conversation, mut called) = (Conversation::default(), Called::default());
    for (path, raw) in chat.take_list("messages")? {
        conversation.add(Object::parse(path, raw)?, &mut called, changes)?;
    }
    if conversation.contents.is_empty() {
        return Err(Untranslatable::new("messages", "nothing is said; send a user message that is not empty"));
    }
    Ok(conversation)
}

impl<'a> Conversation<'a> {
    fn add(
        &mut self,
        mut message: Object<'a>,
        called: &mut Called<'a>,
        changes: &mut Vec<Change>,
    ) -> Result<(), Untranslatable> {
        let role: String = message.require_as("role", "a role")?;
        match role.as_str() {
            "system" | "developer" => {
                if !self.contents.is_empty() {
                    let reason = "Gemini has one system instruction, before all turns: moved there";
                    changes.push(Change { path: message.at("role"), reason });
                }
                self.system.extend(content(&mut message, Owner::System, changes)?);
            }
            "user" => self.say("user", content(&mut message, Owner::User, changes)?),
            "tool" => self.say("user", vec![called.answer(&mut message, changes)?]),
            "assistant" => self.say("model", assistant(&mut message, called, changes)?),
            _ => {
                let roles = "expected system, developer, user, assistant or tool";
                return Err(Untranslatable::new(message.at("role"), roles));
            }
        }
        message.report_rest(LEFT_OUT, changes);
        Ok(())
    }

    fn say(&mut self, role: &'static str, parts: Vec<Part<'a>>) {
        if parts.is_empty() {
            return;
        }
        match self.contents.last_mut() {
            Some(turn) if turn.role == role => turn.parts.extend(parts),
            _ => self.contents.push(Content { role, parts }),
        }
    }
}

/// The calls so far: Gemini's answers to calls name the function, OpenAI's only the call.
#[derive(Default)]
struct Called<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'a> Called<'a> {
    fn answer(&self, message: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Part<'a>, Untranslatable> {
        let id: Text<'a> = message.require_as("tool_call_id", "the id of the call that this answers")?;
        let known = self.0.iter().rev().find(|(call, _)| call.inside() == id.inside());
        let Some((_, name)) = known else {
            let remedy =
                "answers a call that is not in the messages before it; send the assistant message with it, too";
            return Err(Untranslatable::new(message.at("tool_call_id"), remedy));
        };
        let mut texts = Vec::new();
        for part in content(message, Owner::Tool, changes)? {
            if let Part::Text { text } = part {
                texts.push(text);
            }
        }
        let output = join(texts).unwrap_or_else(|| to_raw_value("").expect("a string is JSON"));
        Ok(Part::Result { function_response: CallResult { id, name: *name, response: Output { output } } })
    }
}

fn assistant<'a>(
    message: &mut Object<'a>,
    called: &mut Called<'a>,
    changes: &mut Vec<Change>,
) -> Result<Vec<Part<'a>>, Untranslatable> {
    if message.take("function_call").is_some() {
        return Err(Untranslatable::new(message.at("function_call"), "deprecated; send tool_calls"));
    }
    let mut parts = content(message, Owner::Assistant, changes)?;
    if let Some(refusal) = message.take_as::<Text<'a>>("refusal", "a string")? {
        let reason = "Gemini has no refusals in messages: carried as text";
        changes.push(Change { path: message.at("refusal"), reason });
        parts.extend(part_of(refusal));
    }
    for (path, raw) in message.take_list("tool_calls")? {
        parts.push(function_call(Object::parse(path, raw)?, called, changes)?);
    }
    let kept = message.take_list("thinking_blocks")?;
    let thoughts = message.take_as::<Text<'a>>("reasoning_content", "a string")?;
    if kept.is_empty() && thoughts.is_some_and(|thoughts| !thoughts.is_empty()) {
        let reason = "Gemini takes thoughts back only as its own parts: left out; send thinking_blocks with it";
        changes.push(Change { path: message.at("reasoning_content"), reason });
    }
    put_back(kept, &mut parts, changes)?;
    Ok(parts)
}

/// Puts the parts of an earlier answer back where they stood. A block that another provider wrote is no part of Gemini's.
fn put_back<'a>(
    kept: Vec<(String, &'a RawValue)>,
    parts: &mut Vec<Part<'a>>,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    for (position, (path, raw)) in kept.into_iter().enumerate() {
        let mut part = Object::parse(path, raw)?;
        let index: usize = part.take_as("index", "the part's place")?.unwrap_or(position);
        if part.texts("type").next().is_some() {
            changes.push(Change { path: part.path().to_owned(), reason: "not one of Gemini's parts: left out" });
            continue;
        }
        let part = Part::Kept(to_raw_value(&part).expect("an object that was read can be written"));
        parts.insert(index.min(parts.len()), part);
    }
    Ok(())
}

fn function_call<'a>(
    mut call: Object<'a>,
    called: &mut Called<'a>,
    changes: &mut Vec<Change>,
) -> Result<Part<'a>, Untranslatable> {
    let kind: Option<String> = call.take_as("type", "a string")?;
    if kind.is_some_and(|kind| kind != "function") {
        return Err(Untranslatable::new(call.at("type"), "only calls of functions can be carried to Gemini"));
    }
    let id = call.require_as("id", "the call's id")?;
    // Calls put together from a stream still have their place in the list.
    call.take("index");
    let thought_signature = signature(&mut call, changes)?;
    let mut function = call.require_object("function", "an object with name and arguments")?;
    let name = function.require_as("name", "the function's name")?;
    let args = arguments(&mut function, changes)?;
    function.report_rest(LEFT_OUT, changes);
    call.report_rest(LEFT_OUT, changes);
    called.0.push((id, name));
    Ok(Part::Call { function_call: Call { id, name, args }, thought_signature })
}

/// Where Google's own OpenAI-shaped endpoint keeps a call's signature (ai.google.dev/gemini-api/docs/thought-signatures).
fn signature<'a>(call: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Option<Text<'a>>, Untranslatable> {
    let Some(mut extra) = call.take_object("extra_content")? else { return Ok(None) };
    let google = extra.take_object("google")?;
    extra.report_rest(LEFT_OUT, changes);
    let Some(mut google) = google else { return Ok(None) };
    let signature = google.take_as("thought_signature", "a string")?;
    google.report_rest(LEFT_OUT, changes);
    Ok(signature)
}

/// The arguments, a JSON object in a string, as the object, digit for digit.
fn arguments(function: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Box<RawValue>, Untranslatable> {
    let mut text: String = function.require_as("arguments", "a JSON object in a string")?;
    let path = function.at("arguments");
    if text.trim().is_empty() {
        "{}".clone_into(&mut text);
        changes.push(Change { path: path.clone(), reason: "empty arguments are not JSON: sent as {}" });
    }
    match RawValue::from_string(text) {
        Ok(object) if object.get().starts_with('{') => Ok(object),
        Ok(_) => Err(Untranslatable::new(path, "Gemini takes an object as arguments; send {...} in the string")),
        Err(error) => {
            let place = format!("line {} column {}", error.line(), error.column());
            Err(Untranslatable::new(path, format!("not JSON at {place}; send back what the model had written")))
        }
    }
}
