//! A chat's messages as Converse's system prompt and turns.

use serde_json::value::{RawValue, to_raw_value};

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::content::{Owner, cache_point, content};

/// User and assistant by turns, and what stands before them.
#[derive(Default)]
struct Conversation {
    system: Vec<Written>,
    turns: Vec<(&'static str, Vec<Written>)>,
}

/// The member `messages`. Neighbours of one role become one turn: Converse wants both sides in turn, and the answers to calls
/// that were made together have to come together.
pub(super) fn conversation(
    chat: &mut Object<'_>,
    converse: &mut Written,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let mut conversation = Conversation::default();
    for (path, raw) in chat.take_list("messages")? {
        conversation.add(Object::parse(path, raw)?, changes)?;
    }
    if conversation.turns.is_empty() {
        return Err(Untranslatable::new("messages", "nothing is said; send a user message that is not empty"));
    }
    if !conversation.system.is_empty() {
        converse.put("system", conversation.system);
    }
    let turn = |(role, blocks)| Written::default().with("role", role).with("content", blocks);
    let turns: Vec<_> = conversation.turns.into_iter().map(turn).collect();
    converse.put("messages", turns);
    Ok(())
}

impl Conversation {
    fn add(&mut self, mut message: Object<'_>, changes: &mut Vec<Change>) -> Result<(), Untranslatable> {
        let role: String = message.require_as("role", "a role")?;
        match role.as_str() {
            "system" | "developer" => {
                if !self.turns.is_empty() {
                    let reason = "Bedrock has one system prompt, before all turns: moved there";
                    changes.push(Change { path: message.at("role"), reason });
                }
                self.system.extend(content(&mut message, Owner::System, changes)?);
            }
            "user" => self.say("user", content(&mut message, Owner::User, changes)?),
            "tool" => self.say("user", result(&mut message, changes)?),
            "assistant" => self.say("assistant", assistant(&mut message, changes)?),
            _ => {
                let roles = "expected system, developer, user, assistant or tool";
                return Err(Untranslatable::new(message.at("role"), roles));
            }
        }
        message.report_rest(LEFT_OUT, changes);
        Ok(())
    }

    fn say(&mut self, role: &'static str, blocks: Vec<Written>) {
        if blocks.is_empty() {
            return;
        }
        match self.turns.last_mut() {
            Some((last, said)) if *last == role => said.extend(blocks),
            _ => self.turns.push((role, blocks)),
        }
    }
}

fn result(message: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Vec<Written>, Untranslatable> {
    let id: Text<'_> = message.require_as("tool_call_id", "the id of the call that this answers")?;
    let mark = message.take("cache_control");
    let mut said = content(message, Owner::Tool, changes)?;
    if said.is_empty() {
        said.push(Written::default().with("text", ""));
    }
    let failed = message.take_as::<bool>("is_error", "true or false")? == Some(true);
    let result = Written::default().with("toolUseId", id).with("content", said);
    let result = result.with_some("status", failed.then_some("error"));
    let block = Written::default().with("toolResult", result);
    Ok(std::iter::once(block).chain(mark.map(cache_point)).collect())
}

fn assistant(message: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Vec<Written>, Untranslatable> {
    if message.take("function_call").is_some() {
        return Err(Untranslatable::new(message.at("function_call"), "deprecated; send tool_calls"));
    }
    let mut blocks = content(message, Owner::Assistant, changes)?;
    if let Some(refusal) = message.take_as::<Text<'_>>("refusal", "a string")? {
        let reason = "Bedrock has no refusals in messages: carried as text";
        changes.push(Change { path: message.at("refusal"), reason });
        blocks.push(Written::default().with("text", refusal));
    }
    for (path, raw) in message.take_list("tool_calls")? {
        blocks.push(call(Object::parse(path, raw)?, changes)?);
    }
    let kept = message.take_list("thinking_blocks")?;
    let thoughts = message.take_as::<Text<'_>>("reasoning_content", "a string")?;
    if kept.is_empty() && thoughts.is_some_and(|thoughts| !thoughts.is_empty()) {
        let reason = "Bedrock takes thoughts back only with their signature: left out; send thinking_blocks with it";
        changes.push(Change { path: message.at("reasoning_content"), reason });
    }
    for (position, (path, raw)) in kept.into_iter().enumerate() {
        if let Some((index, block)) = thought(Object::parse(path, raw)?, position, changes)? {
            blocks.insert(index.min(blocks.len()), block);
        }
    }
    Ok(blocks)
}

/// A block of an earlier answer, and where it stood: Bedrock's own as it was, and Anthropic's thoughts, whose signatures hold
/// on every platform (platform.claude.com/docs/en/build-with-claude/extended-thinking).
fn thought(
    mut block: Object<'_>,
    position: usize,
    changes: &mut Vec<Change>,
) -> Result<Option<(usize, Written)>, Untranslatable> {
    let index = block.take_as("index", "the block's place")?.unwrap_or(position);
    if let Some(own) = block.take("reasoningContent") {
        block.report_rest(LEFT_OUT, changes);
        return Ok(Some((index, Written::default().with("reasoningContent", own))));
    }
    if block.texts("type").next() == Some("\"thinking\"") {
        block.take("type");
        let text: Text<'_> = block.require_as("thinking", "a string")?;
        let signed = Written::default().with("text", text).with_some("signature", block.take("signature"));
        block.report_rest(LEFT_OUT, changes);
        let content = Written::default().with("reasoningText", signed);
        return Ok(Some((index, Written::default().with("reasoningContent", content))));
    }
    changes.push(Change { path: block.path().to_owned(), reason: "not one of Bedrock's blocks: left out" });
    Ok(None)
}

fn call(mut call: Object<'_>, changes: &mut Vec<Change>) -> Result<Written, Untranslatable> {
    if call.take_as::<String>("type", "a string")?.is_some_and(|kind| kind != "function") {
        return Err(Untranslatable::new(call.at("type"), "only calls of functions can be carried to Bedrock"));
    }
    // Calls put together from a stream still have their place in the list.
    call.take("index");
    let id: Text<'_> = call.require_as("id", "the call's id")?;
    let mut function = call.require_object("function", "an object with name and arguments")?;
    let name: Text<'_> = function.require_as("name", "the function's name")?;
    let input = arguments(&mut function, changes)?;
    function.report_rest(LEFT_OUT, changes);
    call.report_rest(LEFT_OUT, changes);
    let tool = Written::default().with("toolUseId", id).with("name", name).with("input", input);
    Ok(Written::default().with("toolUse", tool))
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
        Ok(_) => Err(Untranslatable::new(path, "Bedrock takes an object as arguments; send {...} in the string")),
        Err(error) => {
            let place = format!("line {} column {}", error.line(), error.column());
            Err(Untranslatable::new(path, format!("not JSON at {place}; send back what the model had written")))
        }
    }
}

/// A text that is written anew.
pub(super) fn string(text: &str) -> Box<RawValue> {
    to_raw_value(text).expect("a string is JSON")
}
