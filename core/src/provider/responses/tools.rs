//! The tools of a responses call as a chat's.

use serde_json::value::RawValue;

use super::super::dialect::Takes;
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;

/// The members `tools`, `tool_choice` and `parallel_tool_calls`. The last two mean nothing without the first.
pub(super) fn tools(
    asked: &mut Object<'_>,
    chat: &mut Written,
    takes: &Takes,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    let mut tools = Vec::new();
    for (path, raw) in asked.take_list("tools")? {
        tools.push(tool(Object::parse(path, raw)?, changes)?);
    }
    let choice = asked.take("tool_choice").map(|raw| tool_choice(raw, changes)).transpose()?;
    let parallel: Option<bool> = asked.take_as("parallel_tool_calls", "true or false")?;
    if tools.is_empty() {
        return Ok(());
    }
    chat.put("tools", tools);
    chat.put_some("tool_choice", choice);
    if takes.member("parallel_tool_calls") {
        chat.put_some("parallel_tool_calls", parallel);
    } else if parallel == Some(false) {
        changes.push(Change { path: "parallel_tool_calls".to_owned(), reason: LEFT_OUT });
    }
    Ok(())
}

fn tool(mut tool: Object<'_>, changes: &mut Vec<Change>) -> Result<Written, Untranslatable> {
    let kind: String = tool.require_as("type", "function")?;
    if kind != "function" {
        let remedy = "a tool that OpenAI runs itself cannot be carried to another provider; send functions";
        return Err(Untranslatable::new(tool.at("type"), remedy));
    }
    let mut function = Written::default().with("name", tool.require_as::<Text<'_>>("name", "the function's name")?);
    for name in ["description", "parameters", "strict"] {
        function.put_some(name, tool.take(name));
    }
    tool.report_rest(LEFT_OUT, changes);
    Ok(Written::of("function").with("function", function))
}

fn tool_choice(raw: &RawValue, changes: &mut Vec<Change>) -> Result<Box<RawValue>, Untranslatable> {
    const EXPECTED: &str =
        "expected auto, none, required or a function to call; to allow some tools only, send only those";
    if let "\"auto\"" | "\"none\"" | "\"required\"" = raw.get() {
        return Ok(raw.to_owned());
    }
    let mut choice =
        Object::parse("tool_choice".to_owned(), raw).map_err(|fault| Untranslatable::new(fault.field, EXPECTED))?;
    if choice.take_as::<String>("type", "function")?.as_deref() != Some("function") {
        return Err(Untranslatable::new(choice.at("type"), EXPECTED));
    }
    let name: Text<'_> = choice.require_as("name", "the function's name")?;
    choice.report_rest(LEFT_OUT, changes);
    let named = Written::of("function").with("function", Written::default().with("name", name));
    Ok(serde_json::value::to_raw_value(&named).expect("what is written here has string keys only"))
}
