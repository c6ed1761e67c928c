//! Functions, and which of them the model may call.
//! Formats: <https://ai.google.dev/gemini-api/docs/function-calling>, `Tool` and `ToolConfig` of
//! <https://ai.google.dev/api/caching>.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tools<'a> {
    function_declarations: Vec<Function<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Function<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[Text<'a>; 1]>,
}

/// The member `tools` of a chat body: all functions are one tool.
pub(super) fn tools<'a>(chat: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Vec<Tools<'a>>, Untranslatable> {
    for deprecated in ["functions", "function_call"] {
        if chat.take(deprecated).is_some() {
            return Err(Untranslatable::new(deprecated, "deprecated; send tools and tool_choice"));
        }
    }
    let mut function_declarations = Vec::new();
    for (path, raw) in chat.take_list("tools")? {
        function_declarations.push(function(Object::parse(path, raw)?, changes)?);
    }
    let none = function_declarations.is_empty();
    Ok(if none { Vec::new() } else { vec![Tools { function_declarations }] })
}

fn function<'a>(mut tool: Object<'a>, changes: &mut Vec<Change>) -> Result<Function<'a>, Untranslatable> {
    let kind: String = tool.require_as("type", "`function`")?;
    if kind != "function" {
        let remedy = "only functions can be carried to Gemini; for its own tools call its generateContent";
        return Err(Untranslatable::new(tool.at("type"), remedy));
    }
    let mut function = tool.require_object("function", "an object with name and parameters")?;
    let carried = Function {
        name: function.require_as("name", "the function's name")?,
        description: function.take_as("description", "a string")?,
        parameters_json_schema: schema(&mut function)?,
    };
    function.take_if("strict", "false");
    function.report_rest(LEFT_OUT, changes);
    tool.report_rest(LEFT_OUT, changes);
    Ok(carried)
}

fn schema<'a>(function: &mut Object<'a>) -> Result<Option<&'a RawValue>, Untranslatable> {
    let path = function.at("parameters");
    let Some(raw) = function.take("parameters") else { return Ok(None) };
    Object::parse(path, raw)?;
    Ok(Some(raw))
}

/// The members `tool_choice` and `parallel_tool_calls` of a chat body. Both mean nothing without tools.
pub(super) fn tool_config<'a>(
    chat: &mut Object<'a>,
    has_tools: bool,
    changes: &mut Vec<Change>,
) -> Result<Option<ToolConfig<'a>>, Untranslatable> {
    let calling = match chat.take("tool_choice") {
        None => None,
        Some(raw) => Some(choice(raw, changes)?),
    };
    let parallel: Option<bool> = chat.take_as("parallel_tool_calls", "true or false")?;
    if parallel == Some(false) && has_tools {
        let reason = "Gemini cannot be kept from calling several functions at once: left out";
        changes.push(Change { path: "parallel_tool_calls".to_owned(), reason });
    }
    let said = calling.filter(|calling| has_tools || calling.mode == "ANY");
    Ok(said.map(|function_calling_config| ToolConfig { function_calling_config }))
}

fn choice<'a>(raw: &'a RawValue, changes: &mut Vec<Change>) -> Result<Calling<'a>, Untranslatable> {
    let unknown = "expected auto, none, required or a function to call; to allow some tools only, send only those";
    let of = |mode| Ok(Calling { mode, allowed_function_names: None });
    match raw.get() {
        "\"auto\"" => return of("AUTO"),
        "\"none\"" => return of("NONE"),
        "\"required\"" => return of("ANY"),
        _ => {}
    }
    let mut choice =
        Object::parse("tool_choice".to_owned(), raw).map_err(|fault| Untranslatable::new(fault.field, unknown))?;
    let (kind, function) = (choice.take_as::<String>("type", "`function`")?, choice.take_object("function")?);
    let (Some("function"), Some(mut function)) = (kind.as_deref(), function) else {
        return Err(Untranslatable::new(choice.at("type"), unknown));
    };
    let name = function.require_as("name", "the function's name")?;
    function.report_rest(LEFT_OUT, changes);
    choice.report_rest(LEFT_OUT, changes);
    Ok(Calling { mode: "ANY", allowed_function_names: Some([name]) })
}
