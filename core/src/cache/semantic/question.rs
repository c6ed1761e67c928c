//! The question of a chat: its last user text. All the rest of the request is its surroundings.

use serde_json::Value;

/// A text that may have been asked in other words before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) text: String,
    /// The body without the text: system prompt, tools, sampling, the talk so far, pictures.
    pub(crate) rest: Vec<u8>,
}

/// The question of a body, where it ends with one text of the user's: in the messages of OpenAI and Anthropic, the input of
/// OpenAI's responses, or the contents of Gemini. `None` where it ends otherwise, as with the result of a tool.
pub(crate) fn question(body: &[u8]) -> Option<Question> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    let text = match body.get_mut("input") {
        Some(input @ Value::String(_)) => take(input),
        Some(Value::Array(items)) => last_text(items, "content"),
        _ => match ["messages", "contents"].into_iter().find(|name| body[*name].is_array())? {
            "messages" => last_text(body["messages"].as_array_mut()?, "content"),
            _ => last_text(body["contents"].as_array_mut()?, "parts"),
        },
    }?;
    (!text.trim().is_empty()).then(|| Question { text, rest: body.to_string().into_bytes() })
}

fn last_text(messages: &mut [Value], content: &str) -> Option<String> {
    let last = messages.last_mut()?;
    if last["role"] != "user" {
        return None;
    }
    match last.get_mut(content)? {
        content @ Value::String(_) => take(content),
        Value::Array(parts) => {
            let mut texts = parts.iter_mut().filter_map(|part| part.get_mut("text").filter(|text| text.is_string()));
            let (text, other) = (texts.next()?, texts.next());
            // Which of two texts is the question cannot be told.
            if other.is_some() { None } else { take(text) }
        }
        _ => None,
    }
}

fn take(text: &mut Value) -> Option<String> {
    match std::mem::take(text) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> Option<(String, String)> {
        let Question { text, rest } = question(body.as_bytes())?;
        Some((text, String::from_utf8(rest).expect("JSON is UTF-8")))
    }

    #[test]
    fn the_last_text_of_the_user_is_the_question() {
        for (body, rest) in [
            (
                r#"{"messages":[{"role":"user","content":"q"}],"n":1}"#,
                r#"{"messages":[{"role":"user","content":null}],"n":1}"#,
            ),
            (
                r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"q"},{"image":1}]}]}"#,
                r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":null},{"image":1}]}]}"#,
            ),
            (r#"{"input":"q","model":"m"}"#, r#"{"input":null,"model":"m"}"#),
            (
                r#"{"contents":[{"role":"user","parts":[{"text":"q"}]}]}"#,
                r#"{"contents":[{"role":"user","parts":[{"text":null}]}]}"#,
            ),
        ] {
            assert_eq!(parts(body), Some(("q".to_owned(), rest.to_owned())), "{body}");
        }
    }

    #[test]
    fn what_ends_otherwise_is_no_question() {
        for body in [
            "q",
            "{}",
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#,
            r#"{"messages":[{"role":"tool","content":"4"}]}"#,
            r#"{"messages":[{"role":"user","content":[{"text":"a"},{"text":"b"}]}]}"#,
            r#"{"messages":[{"role":"user","content":" "}]}"#,
            r#"{"messages":[{"role":"user"}]}"#,
            r#"{"input":["a","b"]}"#,
        ] {
            assert_eq!(parts(body), None, "{body}");
        }
    }
}
