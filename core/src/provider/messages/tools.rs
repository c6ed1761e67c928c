//! The tools of a messages call as a chat's.

use serde_json::value::RawValue;

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::content::cache_control;

/// The members `tools` and `tool_choice`.
pub(super) fn tools(
    asked: &mut Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let mut tools = Vec::new();
    for (path, raw) in asked.take_list("tools")? {
        tools.push(tool(Object::parse(path, raw)?, takes, changes)?);
    }
    let choice = asked.take_object("tool_choice")?;
    if tools.is_empty() {
        // Without tools there is nothing to choose.
        return Ok(());
    }
    chat.put("tools", tools);
    if let Some(choice) = choice {
        tool_choice(choice, chat, takes, changes)?;
    }
    Ok(())
}

fn tool(mut tool: Object<'_>, takes: &Takes, changes: &mut Vec<Change>) -> Result<Written, Untranslatable> {
    let kind: Option<String> = tool.take_as("type", "custom")?;
    if kind.is_some_and(|kind| kind != "custom") {
        let remedy = "a tool that Anthropic runs itself cannot be carried to another provider; send tools of your own";
        return Err(Untranslatable::new(tool.at("type"), remedy));
    }
    let mark = cache_control(&mut tool, takes, changes);
    let mut function = Written::default().with("name", tool.require_as::<Text<'_>>("name", "the tool's name")?);
    function.put_some("description", tool.take_as::<Text<'_>>("description", "a string")?);
    let schema: &RawValue = tool.require_as("input_schema", "a JSON schema")?;
    if !schema.get().starts_with('{') {
        return Err(Untranslatable::new(tool.at("input_schema"), "expected a JSON schema: an object"));
    }
    function.put("parameters", schema);
    function.put_some("strict", tool.take_as::<bool>("strict", "true or false")?);
    tool.report_rest(LEFT_OUT, changes);
    Ok(Written::of("function").with("function", function).with_some("cache_control", mark))
}

fn tool_choice(
    mut choice: Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let kind: String = choice.require_as("type", "auto, any, tool or none")?;
    match kind.as_str() {
        "auto" => chat.put("tool_choice", "auto"),
        "any" => chat.put("tool_choice", "required"),
        "none" => chat.put("tool_choice", "none"),
        "tool" => {
            let name: Text<'_> = choice.require_as("name", "the tool's name")?;
            chat.put("tool_choice", Written::of("function").with("function", Written::default().with("name", name)));
        }
        _ => return Err(Untranslatable::new(choice.at("type"), "expected auto, any, tool or none")),
    }
    let alone: Option<bool> = choice.take_as("disable_parallel_tool_use", "true or false")?;
    if let Some(alone) = alone.filter(|_| takes.member("parallel_tool_calls")) {
        chat.put("parallel_tool_calls", !alone);
    }
    choice.report_rest(LEFT_OUT, changes);
    Ok(())
}
