//! The model of a chat body: read, split at its provider prefix, and replaced without touching any other byte.

use bytes::Bytes;

use super::object::Object;
use super::translate::Untranslatable;

/// Splits `provider/model` at the first slash, so `openrouter/a/b` is model `a/b` at `openrouter`.
/// `None` where the prefix or the model is missing.
pub(crate) fn split_model(model: &str) -> Option<(&str, &str)> {
    model.split_once('/').filter(|(provider, model)| !provider.is_empty() && !model.is_empty())
}

/// The top-level `model` of a chat body.
#[cfg(test)]
pub(crate) fn read_model(body: &[u8]) -> Result<String, Untranslatable> {
    Object::body(body)?.require_as("model", "a model's name")
}

/// The same body with another top-level `model`; every other byte stays as it is. Where `model` is written more than
/// once each is replaced, since parsers differ in which of them counts.
pub(crate) fn with_model(body: &[u8], model: &str) -> Result<Bytes, Untranslatable> {
    let name = serde_json::to_string(model).expect("a string is always serialisable");
    let object = Object::body(body)?;
    let mut replaced = Vec::with_capacity(body.len() + name.len());
    let mut copied = 0;
    for text in object.texts("model") {
        if !text.starts_with('"') {
            return Err(Untranslatable::new("model", "expected a model's name"));
        }
        // The members borrow from the body, so the distance of the two addresses is the member's offset.
        let start = text.as_ptr().addr() - body.as_ptr().addr();
        replaced.extend_from_slice(&body[copied..start]);
        replaced.extend_from_slice(name.as_bytes());
        copied = start + text.len();
    }
    if copied == 0 {
        return Err(Untranslatable::new("model", "missing; expected a model's name"));
    }
    replaced.extend_from_slice(&body[copied..]);
    Ok(replaced.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(body: &str) -> String {
        String::from_utf8(with_model(body.as_bytes(), "n\"w").unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_prefix_ends_at_the_first_slash() {
        assert_eq!(split_model("openai/gpt-x"), Some(("openai", "gpt-x")));
        assert_eq!(split_model("openrouter/a/b"), Some(("openrouter", "a/b")));
        assert_eq!(split_model("workers-ai/@cf/meta/llama"), Some(("workers-ai", "@cf/meta/llama")));
        assert_eq!([split_model("gpt-x"), split_model("/gpt-x"), split_model("openai/"), split_model("")], [None; 4]);
    }

    #[test]
    fn only_the_models_own_bytes_change() {
        assert_eq!(replaced(r#"{"model":"a"}"#), r#"{"model":"n\"w"}"#);
        assert_eq!(
            replaced("\n{ \"x\" : 1.0e2 ,\t\"model\" :\r\n\"a\\\"}/b\" , \"y\":\"\\u00e9 \u{e9}\" }\n"),
            "\n{ \"x\" : 1.0e2 ,\t\"model\" :\r\n\"n\\\"w\" , \"y\":\"\\u00e9 \u{e9}\" }\n"
        );
    }

    #[test]
    fn models_elsewhere_are_left_alone() {
        let body = r#"{"messages":[{"model":"a","content":"\"model\":\"b\""}],"m":{"model":"c"},"model":"d","z":[]}"#;
        assert_eq!(replaced(body), body.replace(r#""d""#, r#""n\"w""#));
    }

    #[test]
    fn repeated_and_escaped_names_are_all_replaced() {
        assert_eq!(
            replaced(r#"{"model":"a","x":"model","mod\u0065l":"b"}"#),
            r#"{"model":"n\"w","x":"model","mod\u0065l":"n\"w"}"#
        );
    }

    #[test]
    fn what_has_no_model_is_refused() {
        for body in [r#"{"x":1}"#, r#"{"model":1}"#, r#"{"model":null}"#, r#"{"m":{"model":"a"}}"#] {
            assert_eq!(with_model(body.as_bytes(), "m").unwrap_err().field, "model", "{body}");
            assert_eq!(read_model(body.as_bytes()).unwrap_err().field, "model", "{body}");
        }
        for body in ["", "[]", "\"model\"", r#"{"model":"a""#, r#"{"model":"a"} x"#, "\u{feff}{}"] {
            assert_eq!(with_model(body.as_bytes(), "m").unwrap_err().field, "", "{body}");
        }
    }

    #[test]
    fn reading_gives_what_was_written() {
        assert_eq!(read_model(&with_model(br#"{"model":"a/b"}"#, "b\u{1f600}\n").unwrap()).unwrap(), "b\u{1f600}\n");
    }
}
