//! A chat's messages as Anthropic's system prompt and turns.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;
use super::content::{Block, Owner, block_of, content};

/// What is said to the model.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    /// The texts of all system and developer messages.
    pub(super) system: Vec<Block<'a>>,
    /// User and assistant by turns.
    pub(super) turns: Vec<Turn<'a>>,
}

/// What one side says before the other does.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

/// The member `messages` of a chat body.
///
/// Neighbours of one role become one turn, as Anthropic itself would make of them; tool results are said by the user.
pub(super) fn conversation<'a>(
    body: &mut Object<'a>,
    changes: &mut Vec<Change>,
) -> Result<Conversation<'a>, Untranslatable> {
    let mut conversation = Conversation::default();
    for (path, raw) in body.take_list("messages")? {
        conversation.add(Object::parse(path, raw)?, changes)?;
    }
    if conversation.turns.is_empty() {
        return Err(Untranslatable::new("messages", "nothing is said; send a user message that is not empty"));
    }
    Ok(conversation)
}

impl<'a> Conversation<'a> {
    fn add(&mut self, mut message: Object<'a>, changes: &mut Vec<Change>) -> Result<(), Untranslatable> {
        let role: String = message.require_as("role", "a role")?;
        match role.as_str() {
            "system" | "developer" => {
                if !self.turns.is_empty() {
                    let reason = "Anthropic has one system prompt, before all turns: moved there";
                    changes.push(Change { path: message.at("role"), reason });
                }
                self.system.extend(content(&mut message, Owner::System, changes)?);
            }
            "user" => self.say("user", content(&mut message, Owner::User, changes)?),
            "tool" => self.say("user", vec![tool_result(&mut message, changes)?]),
            "assistant" => self.say("assistant", assistant(&mut message, changes)?),
            _ => {
                let roles = "expected system, developer, user, assistant or tool";
                return Err(Untranslatable::new(message.at("role"), roles));
            }
        }
        message.report_rest(LEFT_OUT, changes);
        Ok(())
    }

    fn say(&mut self, role: &'static str, content: Vec<Block<'a>>) {
        if content.is_empty() {
            return;
        }
        match self.turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.extend(content),
            _ => self.turns.push(Turn { role, content }),
        }
    }
}

fn tool_result<'a>(message: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Block<'a>, Untranslatable> {
    let tool_use_id = message.require_as("tool_call_id", "the id of the call that this answers")?;
    let cache_control = message.take("cache_control");
    Ok(Block::ToolResult { tool_use_id, content: content(message, Owner::Tool, changes)?, cache_control })
}

fn assistant<'a>(message: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Vec<Block<'a>>, Untranslatable> {
    if message.take("function_call").is_some() {
        return Err(Untranslatable::new(message.at("function_call"), "deprecated; send tool_calls"));
    }
    let mut blocks = content(message, Owner::Assistant, changes)?;
    if let Some(refusal) = message.take_as::<Text<'a>>("refusal", "a string")? {
        let reason = "Anthropic has no refusals in messages: carried as text";
        changes.push(Change { path: message.at("refusal"), reason });
        blocks.extend(block_of(refusal, None));
    }
    for (path, raw) in message.take_list("tool_calls")? {
        blocks.push(tool_use(Object::parse(path, raw)?, changes)?);
    }
    let thinking = message.take_list("thinking_blocks")?;
    let thoughts = message.take_as::<Text<'a>>("reasoning_content", "a string")?;
    if thinking.is_empty() && thoughts.is_some_and(|thoughts| !thoughts.is_empty()) {
        let reason = "Anthropic takes thinking back only with its signature: left out; send thinking_blocks with it";
        changes.push(Change { path: message.at("reasoning_content"), reason });
    }
    put_back(thinking, &mut blocks, changes)?;
    Ok(blocks)
}

/// Puts the blocks of an earlier answer back where they stood: Anthropic refuses thinking that was moved or altered.
/// Blocks that do not say where they stood go in front, as a model thinks first.
fn put_back<'a>(
    kept: Vec<(String, &'a RawValue)>,
    blocks: &mut Vec<Block<'a>>,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let mut placed = Vec::with_capacity(kept.len());
    for (position, (path, raw)) in kept.into_iter().enumerate() {
        let mut block = Object::parse(path, raw)?;
        let index: usize = block.take_as("index", "the block's place")?.unwrap_or(position);
        if block.texts("type").next().is_none() {
            changes.push(Change { path: block.path().to_owned(), reason: "not one of Anthropic's blocks: left out" });
            continue;
        }
        placed.push((index, to_raw_value(&block).expect("an object that was read can be written")));
    }
    placed.sort_by_key(|(index, _)| *index);
    for (index, block) in placed {
        blocks.insert(index.min(blocks.len()), Block::Kept(block));
    }
    Ok(())
}

fn tool_use<'a>(mut call: Object<'a>, changes: &mut Vec<Change>) -> Result<Block<'a>, Untranslatable> {
    let kind: Option<String> = call.take_as("type", "a string")?;
    if kind.is_some_and(|kind| kind != "function") {
        return Err(Untranslatable::new(call.at("type"), "only calls of functions can be carried to Anthropic"));
    }
    let id = call.require_as("id", "the call's id")?;
    // Calls put together from a stream still have their place in the list.
    call.take("index");
    let mut function = call.require_object("function", "an object with name and arguments")?;
    let name = function.require_as("name", "the function's name")?;
    let input = arguments(&mut function, changes)?;
    function.report_rest(LEFT_OUT, changes);
    call.report_rest(LEFT_OUT, changes);
    Ok(Block::ToolUse { id, name, input })
}

/// The arguments, a JSON object in a string, as the object, digit for digit.
fn arguments(function: &mut Object<'_>, changes: &mut Vec<Change>) -> Result<Box<RawValue>, Untranslatable> {
    const EMPTY: &str = "{}";
    let mut text: String = function.require_as("arguments", "a JSON object in a string")?;
    let path = function.at("arguments");
    if text.trim().is_empty() {
        EMPTY.clone_into(&mut text);
        changes.push(Change { path: path.clone(), reason: "empty arguments are not JSON: sent as {}" });
    }
    match RawValue::from_string(text) {
        Ok(object) if object.get().starts_with('{') => Ok(object),
        Ok(_) => Err(Untranslatable::new(path, "Anthropic takes an object as arguments; send {...} in the string")),
        Err(error) => {
            let place = format!("line {} column {}", error.line(), error.column());
            Err(Untranslatable::new(path, format!("not JSON at {place}; send back what the model had written")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn turns(messages: &Value) -> Result<Value, Untranslatable> {
        let text = json!({ "messages": messages }).to_string();
        let conversation = conversation(&mut Object::body(text.as_bytes()).unwrap(), &mut Vec::new())?;
        Ok(serde_json::to_value(&conversation.turns).unwrap())
    }

    fn call(arguments: &str) -> Value {
        let function = json!({"name": "f", "arguments": arguments});
        json!([{"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": function}]}])
    }

    #[test]
    fn results_and_what_follows_them_are_one_turn() {
        let result = |id| json!({"role": "tool", "tool_call_id": id, "content": "x"});
        let turns = turns(&json!([result("a"), result("b"), {"role": "user", "content": "y"}])).unwrap();
        let kinds = turns[0]["content"].as_array().unwrap().iter().map(|block| block["type"].clone());
        assert_eq!(kinds.collect::<Value>(), json!(["tool_result", "tool_result", "text"]));
        assert_eq!((turns.as_array().unwrap().len(), &turns[0]["role"]), (1, &json!("user")));
    }

    #[test]
    fn thinking_without_a_place_goes_in_front() {
        let block = json!({"type": "thinking", "thinking": "t", "signature": "s"});
        let said = json!([{"role": "assistant", "content": "a", "thinking_blocks": [block]}]);
        assert_eq!(turns(&said).unwrap()[0]["content"], json!([block, {"type": "text", "text": "a"}]));
    }

    #[test]
    fn what_cannot_be_said_names_its_place() {
        let user = |content: Value| json!([{"role": "user", "content": content}]);
        let assistant = |name: &str, value: Value| json!([{"role": "assistant", name: value}]);
        let cases = [
            (json!([]), "messages"),
            (json!("hi"), "messages"),
            (json!([{"role": "system", "content": "only"}]), "messages"),
            (user(json!("")), "messages"),
            (json!(["hi"]), "messages[0]"),
            (json!([{"content": "hi"}]), "messages[0].role"),
            (json!([{"role": "function", "content": "hi"}]), "messages[0].role"),
            (user(json!({"text": "hi"})), "messages[0].content"),
            (json!([{"role": "tool", "content": "hi"}]), "messages[0].tool_call_id"),
            (assistant("function_call", json!({})), "messages[0].function_call"),
            (assistant("tool_calls", json!([{"id": "c", "type": "custom"}])), "messages[0].tool_calls[0].type"),
            (assistant("tool_calls", json!([{"id": "c"}])), "messages[0].tool_calls[0].function"),
            (assistant("tool_calls", json!([{"function": {}}])), "messages[0].tool_calls[0].id"),
            (assistant("thinking_blocks", json!(["t"])), "messages[0].thinking_blocks[0]"),
            (call("{\"a\":"), "messages[0].tool_calls[0].function.arguments"),
            (call("[1]"), "messages[0].tool_calls[0].function.arguments"),
            (call("{} {}"), "messages[0].tool_calls[0].function.arguments"),
        ];
        for (messages, field) in cases {
            assert_eq!(turns(&messages).unwrap_err().field, field, "{messages}");
        }
    }
}
