//! The tools of a chat call as Anthropic's.
//! Format: <https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools>.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::{Change, Untranslatable};
use super::LEFT_OUT;

/// A function that the model may call.
#[derive(Debug, Serialize)]
pub(super) struct Tool<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    input_schema: Cow<'a, RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

/// Whether the model calls, and what.
#[derive(Debug, Serialize)]
pub(super) struct ToolChoice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// The member `tools` of a chat body.
pub(super) fn tools<'a>(body: &mut Object<'a>, changes: &mut Vec<Change>) -> Result<Vec<Tool<'a>>, Untranslatable> {
    for deprecated in ["functions", "function_call"] {
        if body.take(deprecated).is_some() {
            return Err(Untranslatable::new(deprecated, "deprecated; send tools and tool_choice"));
        }
    }
    let tools = body.take_list("tools")?;
    tools.into_iter().map(|(path, raw)| tool(Object::parse(path, raw)?, changes)).collect()
}

fn tool<'a>(mut tool: Object<'a>, changes: &mut Vec<Change>) -> Result<Tool<'a>, Untranslatable> {
    let kind: String = tool.require_as("type", "`function`")?;
    if kind != "function" {
        let remedy = "only functions can be carried to Anthropic; for its own tools call its /v1/messages";
        return Err(Untranslatable::new(tool.at("type"), remedy));
    }
    let mut function = tool.require_object("function", "an object with name and parameters")?;
    let carried = Tool {
        name: function.require_as("name", "the function's name")?,
        description: function.take_as("description", "a string")?,
        input_schema: schema(&mut function)?,
        strict: function.take_as("strict", "true or false")?,
        cache_control: tool.take("cache_control"),
    };
    function.report_rest(LEFT_OUT, changes);
    tool.report_rest(LEFT_OUT, changes);
    Ok(carried)
}

/// The schema of the arguments as it is. Anthropic asks for `"type": "object"`, which OpenAI lets one leave out and which
/// arguments always are.
fn schema<'a>(function: &mut Object<'a>) -> Result<Cow<'a, RawValue>, Untranslatable> {
    const FITS: &str = "one more member fits in front of an object's own";
    let path = function.at("parameters");
    let Some(raw) = function.take("parameters") else {
        return Ok(Cow::Owned(RawValue::from_string(r#"{"type":"object"}"#.to_owned()).expect(FITS)));
    };
    let mut schema = Object::parse(path, raw)?;
    match schema.take_as::<String>("type", "`object`")?.as_deref() {
        Some("object") => Ok(Cow::Borrowed(raw)),
        Some(_) => Err(Untranslatable::new(schema.at("type"), "Anthropic takes an object as arguments; send `object`")),
        None => {
            let comma = if schema.is_empty() { "" } else { "," };
            let typed = format!(r#"{{"type":"object"{comma}{}"#, &raw.get()[1..]);
            Ok(Cow::Owned(RawValue::from_string(typed).expect(FITS)))
        }
    }
}

/// The members `tool_choice` and `parallel_tool_calls` of a chat body. Both mean nothing without tools.
pub(super) fn tool_choice<'a>(
    body: &mut Object<'a>,
    has_tools: bool,
    changes: &mut Vec<Change>,
) -> Result<Option<ToolChoice<'a>>, Untranslatable> {
    let choice = match body.take("tool_choice") {
        None => None,
        Some(raw) => Some(choice(&body.at("tool_choice"), raw, changes)?),
    };
    let parallel: Option<bool> = body.take_as("parallel_tool_calls", "true or false")?;
    if !has_tools {
        return Ok(choice.filter(|choice| matches!(choice.kind, "any" | "tool")));
    }
    if parallel != Some(false) {
        return Ok(choice);
    }
    let mut choice = choice.unwrap_or(ToolChoice { kind: "auto", name: None, disable_parallel_tool_use: None });
    choice.disable_parallel_tool_use = (choice.kind != "none").then_some(true);
    Ok(Some(choice))
}

fn choice<'a>(path: &str, raw: &'a RawValue, changes: &mut Vec<Change>) -> Result<ToolChoice<'a>, Untranslatable> {
    let of = |kind, name| ToolChoice { kind, name, disable_parallel_tool_use: None };
    match raw.get() {
        "\"auto\"" => return Ok(of("auto", None)),
        "\"none\"" => return Ok(of("none", None)),
        "\"required\"" => return Ok(of("any", None)),
        _ => {}
    }
    let unknown = "expected auto, none, required or a function to call; to allow some tools only, send only those";
    let mut choice = Object::parse(path.to_owned(), raw).map_err(|fault| Untranslatable::new(fault.field, unknown))?;
    let (kind, function) = (choice.take_as::<String>("type", "`function`")?, choice.take_object("function")?);
    let (Some("function"), Some(mut function)) = (kind.as_deref(), function) else {
        return Err(Untranslatable::new(choice.at("type"), unknown));
    };
    let named = of("tool", Some(function.require_as("name", "the function's name")?));
    function.report_rest(LEFT_OUT, changes);
    choice.report_rest(LEFT_OUT, changes);
    Ok(named)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn carried(body: &Value) -> Result<Value, Untranslatable> {
        let (text, mut changes) = (body.to_string(), Vec::new());
        let mut body = Object::body(text.as_bytes()).unwrap();
        let tools = tools(&mut body, &mut changes)?;
        let choice = tool_choice(&mut body, !tools.is_empty(), &mut changes)?;
        assert_eq!(changes, []);
        Ok(json!([tools, choice]))
    }

    fn with_tool(members: &Value) -> Value {
        let mut body = json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    }

    #[test]
    fn every_choice_has_its_word() {
        let cases = [
            (json!({}), json!(null)),
            (json!({"parallel_tool_calls": true}), json!(null)),
            (json!({"tool_choice": "auto"}), json!({"type": "auto"})),
            (json!({"tool_choice": "none", "parallel_tool_calls": false}), json!({"type": "none"})),
            (json!({"tool_choice": "required"}), json!({"type": "any"})),
            (json!({"parallel_tool_calls": false}), json!({"type": "auto", "disable_parallel_tool_use": true})),
            (
                json!({"parallel_tool_calls": false, "tool_choice": "required"}),
                json!({"type": "any", "disable_parallel_tool_use": true}),
            ),
            (
                json!({"tool_choice": {"type": "function", "function": {"name": "f"}}}),
                json!({"type": "tool", "name": "f"}),
            ),
        ];
        for (members, choice) in cases {
            assert_eq!(carried(&with_tool(&members)).unwrap()[1], choice, "{members}");
        }
        assert_eq!(carried(&json!({"tool_choice": "auto", "parallel_tool_calls": false})).unwrap(), json!([[], null]));
    }

    #[test]
    fn tools_that_cannot_be_carried_name_their_place() {
        let function = |function: Value| json!({"tools": [{"type": "function", "function": function}]});
        let cases = [
            (json!({"functions": [{"name": "f"}]}), "functions"),
            (json!({"tools": {}}), "tools"),
            (json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}), "tools[0].type"),
            (json!({"tools": [{"type": "function"}]}), "tools[0].function"),
            (function(json!({})), "tools[0].function.name"),
            (function(json!({"name": "f", "parameters": []})), "tools[0].function.parameters"),
            (function(json!({"name": "f", "parameters": {"type": "string"}})), "tools[0].function.parameters.type"),
            (with_tool(&json!({"tool_choice": "any"})), "tool_choice"),
            (with_tool(&json!({"tool_choice": {"type": "allowed_tools"}})), "tool_choice.type"),
            (with_tool(&json!({"parallel_tool_calls": "no"})), "parallel_tool_calls"),
        ];
        for (body, field) in cases {
            assert_eq!(carried(&body).unwrap_err().field, field, "{body}");
        }
    }
}
