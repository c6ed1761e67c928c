//! What the tools of a chat add to it.
//!
//! Source: OpenAI's cookbook, "How to count tokens with tiktoken", section 7, which says how the definitions of functions
//! are counted whose parameters are flat. What is deeper is counted alike, as an estimate.

use serde_json::{Map, Value};

/// What stands around the definitions: of the models before GPT-4o first, then of those since.
const FUNCTION: (u64, u64) = (10, 7);
const PROPERTIES: u64 = 3;
const PROPERTY: u64 = 3;
const ENUM_ITEM: u64 = 3;
/// A list of what is allowed takes the place of something else.
const ENUM: u64 = 3;
const END: u64 = 12;

/// The tokens of definitions, and whether the published rule covers all of them. `count` counts a text.
pub(super) fn tokens(tools: &[Value], is_before_4o: bool, count: &dyn Fn(&str) -> u64) -> (u64, bool) {
    if tools.is_empty() {
        return (0, true);
    }
    let mut counted = Counted { tokens: END, is_covered: true, count };
    for tool in tools {
        let function = tool.get("function").unwrap_or(tool);
        counted.tokens += if is_before_4o { FUNCTION.0 } else { FUNCTION.1 };
        counted.line(&[text(function, "name"), text(function, "description")]);
        let parameters = function.get("parameters").or_else(|| function.get("input_schema"));
        match parameters.and_then(|parameters| parameters.get("properties")).and_then(Value::as_object) {
            Some(properties) if !properties.is_empty() => counted.properties(properties),
            _ => {}
        }
        counted.is_covered &= tool.get("type").is_none_or(|kind| kind == "function");
    }
    (counted.tokens, counted.is_covered)
}

struct Counted<'a> {
    tokens: u64,
    is_covered: bool,
    count: &'a dyn Fn(&str) -> u64,
}

impl Counted<'_> {
    fn properties(&mut self, properties: &Map<String, Value>) {
        self.tokens += PROPERTIES;
        for (name, property) in properties {
            self.tokens += PROPERTY;
            if let Some(allowed) = property.get("enum").and_then(Value::as_array) {
                let items: u64 = allowed.iter().map(|item| ENUM_ITEM + self.text(item)).sum();
                self.tokens += items.saturating_sub(ENUM);
            }
            self.line(&[name, text(property, "type"), text(property, "description")]);
            for inner in [property.get("properties"), property.get("items").and_then(|items| items.get("properties"))] {
                if let Some(inner) = inner.and_then(Value::as_object) {
                    self.is_covered = false;
                    self.properties(inner);
                }
            }
        }
    }

    fn text(&self, item: &Value) -> u64 {
        item.as_str().map_or_else(|| (self.count)(&item.to_string()), |text| (self.count)(text))
    }

    /// Parts of a definition, with colons between them and no full stop at the end.
    fn line(&mut self, parts: &[&str]) {
        let line = parts.join(":");
        self.tokens += (self.count)(line.strip_suffix('.').unwrap_or(&line));
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
