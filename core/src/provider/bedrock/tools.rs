//! The tools of a chat as Converse's.

use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::super::written::Written;
use super::LEFT_OUT;
use super::content::cache_point;

/// The members `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn tools(
    chat: &mut Object<'_>,
    converse: &mut Written,
    changes: &mut Vec<Change>,
) -> Result<(), Untranslatable> {
    for deprecated in ["functions", "function_call"] {
        if chat.take(deprecated).is_some() {
            return Err(Untranslatable::new(deprecated, "deprecated; send tools and tool_choice"));
        }
    }
    let mut tools = Vec::new();
    for (path, raw) in chat.take_list("tools")? {
        let mut tool = Object::parse(path, raw)?;
        let mark = tool.take("cache_control");
        tools.push(spec(tool, changes)?);
        tools.extend(mark.map(cache_point));
    }
    let choice = match chat.take("tool_choice") {
        Some(raw) => choice(raw, changes)?,
        None => None,
    };
    if chat.take_as::<bool>("parallel_tool_calls", "true or false")? == Some(false) && !tools.is_empty() {
        changes.push(Change { path: "parallel_tool_calls".to_owned(), reason: LEFT_OUT });
    }
    if !tools.is_empty() {
        let config = Written::default().with("tools", tools).with_some("toolChoice", choice);
        converse.put("toolConfig", config);
    }
    Ok(())
}

fn spec(mut tool: Object<'_>, changes: &mut Vec<Change>) -> Result<Written, Untranslatable> {
    if tool.require_as::<String>("type", "`function`")? != "function" {
        return Err(Untranslatable::new(tool.at("type"), "only functions can be carried to Bedrock"));
    }
    let mut function = tool.require_object("function", "an object with name and parameters")?;
    let mut spec = Written::default().with("name", function.require_as::<Text<'_>>("name", "the function's name")?);
    let description = function.take_as::<Text<'_>>("description", "a string")?;
    spec.put_some("description", description.filter(|text| !text.is_empty()));
    let schema = Written::default();
    let schema = match function.take("parameters") {
        Some(raw) if raw.get().starts_with('{') => schema.with("json", raw),
        Some(_) => return Err(Untranslatable::new(function.at("parameters"), "expected an object")),
        None => schema.with("json", Written::of("object")),
    };
    spec.put("inputSchema", schema);
    let strict: Option<bool> = function.take_as("strict", "true or false")?;
    spec.put_some("strict", strict.filter(|strict| *strict));
    function.report_rest(LEFT_OUT, changes);
    tool.report_rest(LEFT_OUT, changes);
    Ok(Written::default().with("toolSpec", spec))
}

fn choice(raw: &RawValue, changes: &mut Vec<Change>) -> Result<Option<Written>, Untranslatable> {
    const EXPECTED: &str =
        "expected auto, none, required or a function to call; to allow some tools only, send only those";
    let of = |name: &'static str, value: Written| Some(Written::default().with(name, value));
    match raw.get() {
        "\"auto\"" => return Ok(of("auto", Written::default())),
        "\"required\"" => return Ok(of("any", Written::default())),
        "\"none\"" => {
            let reason = "Bedrock cannot be told to call nothing: left out; send no tools, or ask for it";
            changes.push(Change { path: "tool_choice".to_owned(), reason });
            return Ok(None);
        }
        _ => {}
    }
    let mut choice =
        Object::parse("tool_choice".to_owned(), raw).map_err(|fault| Untranslatable::new(fault.field, EXPECTED))?;
    let (kind, function) = (choice.take_as::<String>("type", "`function`")?, choice.take_object("function")?);
    let (Some("function"), Some(mut function)) = (kind.as_deref(), function) else {
        return Err(Untranslatable::new(choice.at("type"), EXPECTED));
    };
    let name: Text<'_> = function.require_as("name", "the function's name")?;
    function.report_rest(LEFT_OUT, changes);
    choice.report_rest(LEFT_OUT, changes);
    Ok(of("tool", Written::default().with("name", name)))
}
