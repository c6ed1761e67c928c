//! How many tokens an input has, before it is sent and without a network.

mod class;
mod encoding;
mod image;
mod input;
mod merge;
mod model;
#[cfg(test)]
mod oracle;
mod recent;
mod split;
mod table;
mod tools;
mod word;

use serde::Serialize;

pub use self::input::{ChatMessage, TokenInput};
use self::model::Vocabulary;
use crate::error::Error;

/// Counts the tokens of `input` as `model` would read them.
///
/// `model` may carry a provider (`openai/gpt-4o`), the date of a snapshot, or be a fine-tune (`ft:gpt-4o:org::id`).
/// Special tokens such as `<|endoftext|>` count as the plain text that they are in a request.
///
/// # Errors
/// [`UnknownModel`](crate::ErrorKind::UnknownModel) when the name belongs to no known family.
pub fn count_tokens(model: &str, input: &TokenInput) -> Result<TokenCount, Error> {
    let vocabulary = Vocabulary::of(model)?;
    let mut each = None;
    let (tokens, is_covered) = match input {
        TokenInput::Text(text) => (vocabulary.count(text), true),
        TokenInput::Texts(texts) => {
            let counts: Vec<u64> = texts.iter().map(|text| vocabulary.count(text)).collect();
            let tokens = counts.iter().sum();
            each = Some(counts);
            (tokens, true)
        }
        TokenInput::Messages(messages) => chat(&vocabulary, messages),
        TokenInput::Chat { messages, tools, is_partly_counted } => {
            let (said, is_said_covered) = chat(&vocabulary, messages);
            let is_before_4o = vocabulary.name == "cl100k_base";
            let (tools, is_tools_covered) = tools::tokens(tools, is_before_4o, &|text| vocabulary.count(text));
            (said + tools, is_said_covered && is_tools_covered && !is_partly_counted)
        }
    };
    let exact = vocabulary.error.is_none() && is_covered;
    let of_texts = vocabulary.error.map_or(0, |error| error.of(input.texts()));
    let error_percent = if is_covered { of_texts } else { of_texts.max(UNCOVERED_PERCENT) };
    Ok(TokenCount { tokens, exact, encoding: vocabulary.name.to_string(), error_percent, each })
}

/// The tokens of a chat, and whether published rules cover all of it.
fn chat(vocabulary: &Vocabulary, messages: &[ChatMessage]) -> (u64, bool) {
    let (mut tokens, mut is_covered) = (REPLY_TOKENS, true);
    for message in messages {
        tokens += MESSAGE_TOKENS + u64::from(message.named) * NAME_TOKENS;
        tokens += message.texts.iter().map(|text| vocabulary.count(text)).sum::<u64>();
        is_covered &= message.covered;
        for picture in &message.pictures {
            let (seen, is_published) = picture.tokens(vocabulary.model);
            tokens += seen;
            is_covered &= is_published;
        }
    }
    (tokens, is_covered)
}

/// By how much a count is taken to be wrong of which a part is not covered by published rules, such as calls of tools.
const UNCOVERED_PERCENT: u64 = 10;

// What a chat adds to its texts: OpenAI's cookbook, "How to count tokens with tiktoken", section 6.
/// Every message is framed by three tokens.
const MESSAGE_TOKENS: u64 = 3;
/// A name takes one more than its text.
const NAME_TOKENS: u64 = 1;
/// Every reply is primed with three tokens.
const REPLY_TOKENS: u64 = 3;

/// A number of tokens, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenCount {
    /// The number of tokens.
    pub tokens: u64,
    /// Whether the model's own vocabulary and its published rules were used; otherwise this is an estimate.
    pub exact: bool,
    /// The vocabulary that was used, such as `o200k_base`.
    pub encoding: String,
    /// By how many percent it may be wrong either way: 0 where it is exact, and otherwise the largest error that was
    /// measured on a corpus of such texts.
    pub error_percent: u64,
    /// The counts of a list of texts, one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Vec<u64>>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::ErrorKind;

    fn text(model: &str, text: &str) -> TokenCount {
        count_tokens(model, &TokenInput::Text(text)).unwrap()
    }

    fn chat(model: &str, messages: &Value) -> TokenCount {
        count_tokens(model, &TokenInput::from_json(messages).unwrap()).unwrap()
    }

    /// OpenAI's cookbook, "How to count tokens with tiktoken", section 5, prints these numbers.
    #[test]
    fn published_counts() {
        for (words, p50k, cl100k, o200k) in
            [("antidisestablishmentarianism", 5, 6, 6), ("2 + 2 = 4", 5, 7, 7), ("お誕生日おめでとう", 14, 9, 8)]
        {
            assert_eq!(text("text-davinci-003", words).tokens, p50k, "{words}");
            assert_eq!(text("gpt-4", words).tokens, cl100k, "{words}");
            assert_eq!(text("gpt-4o", words).tokens, o200k, "{words}");
        }
        assert_eq!(text("gpt-4o", "").tokens, 0);
    }

    #[test]
    fn special_tokens_are_plain_text() {
        assert_eq!(text("gpt-4", "<|endoftext|>").tokens, 7);
        assert_eq!(text("gpt-oss-20b", "<|start|>").tokens, text("gpt-4o", "<|start|>").tokens);
    }

    #[test]
    fn a_chat_adds_its_framing() {
        // Priming 3; each message 3 + 1 for its role; two words; a name 1 + its text.
        let hello = json!([{"role": "user", "content": "hello world"}]);
        assert_eq!(chat("gpt-4o", &hello).tokens, 3 + 3 + 1 + 2);
        let named = json!([{"role": "user", "content": "hello world", "name": "world"}]);
        assert_eq!(chat("gpt-4o", &named).tokens, 3 + 3 + 1 + 2 + 1 + text("gpt-4o", "world").tokens);
        let parts = json!([{"role": "user", "content": [{"type": "text", "text": "hello world"}]}]);
        assert_eq!(chat("gpt-4o", &parts), chat("gpt-4o", &hello));
        let unnamed = json!([{"role": "user", "content": "hello world", "name": null}]);
        assert_eq!(chat("gpt-4o", &unnamed).tokens, chat("gpt-4o", &hello).tokens);
        assert_eq!(chat("gpt-4o", &json!([])).tokens, 3);
        assert!(chat("gpt-4o", &named).exact);
        assert!(!chat("claude-sonnet-4-5", &named).exact);
    }

    #[test]
    fn what_no_published_rule_covers_is_an_estimate() {
        let call = json!([{"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "world", "arguments": "hello world"}}
        ]}]);
        let count = chat("gpt-4o", &call);
        assert_eq!(count.tokens, 3 + 3 + 1 + text("gpt-4o", "world").tokens + 2);
        assert!(!count.exact);
        let result = json!([{"role": "tool", "tool_call_id": "call_1", "content": "7"}]);
        assert!(!chat("gpt-4o", &result).exact);
    }

    #[test]
    fn what_cannot_be_counted_is_refused_by_its_path() {
        let sound = json!({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}});
        for (input, field) in [
            (json!(7), "input"),
            (json!({"role": "user"}), "input"),
            (json!(["hello", 7]), "input[0]"),
            (json!({"messages": [], "tols": []}), "input.tols"),
            (json!({"messages": 7}), "input.messages"),
            (json!({"messages": [], "tools": 7}), "input.tools"),
            (json!({"messages": [7]}), "input.messages[0]"),
            (json!([{"content": "x"}]), "input[0].role"),
            (json!([{"role": "user", "content": "x"}, {"role": 7}]), "input[1].role"),
            (json!([{"role": "user", "content": 7}]), "input[0].content"),
            (json!([{"role": "user", "content": [{"type": "text", "text": "x"}, sound]}]), "input[0].content[1]"),
        ] {
            let error = TokenInput::from_json(&input).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{input}");
        }
    }

    #[test]
    fn a_list_of_texts_is_counted_one_by_one() {
        let texts = json!(["hello world", "", "hello"]);
        let count = count_tokens("gpt-4o", &TokenInput::from_json(&texts).unwrap()).unwrap();
        assert_eq!((count.tokens, count.each, count.exact), (3, Some(vec![2, 0, 1]), true));
    }

    /// OpenAI's cookbook, "How to count tokens with tiktoken", section 7, prints these numbers.
    #[test]
    fn tools_as_the_cookbook_counts_them() {
        let chat = json!({
            "messages": [
                {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
                {"role": "user", "content": "What's the weather like in San Francisco?"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "get_current_weather", "description": "Get the current weather in a given location",
                "parameters": {"type": "object", "properties": {
                    "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                    "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]},
                }, "required": ["location"]},
            }}],
        });
        for (model, tokens) in [("gpt-3.5-turbo", 105), ("gpt-4", 105), ("gpt-4o", 101), ("gpt-4o-mini", 101)] {
            let count = count_tokens(model, &TokenInput::from_json(&chat).unwrap()).unwrap();
            assert_eq!((count.tokens, count.exact), (tokens, true), "{model}");
        }
        let mut forced = chat.clone();
        forced["tool_choice"] = json!("required");
        assert!(
            !count_tokens("gpt-4o", &TokenInput::from_json(&forced).unwrap()).unwrap().exact,
            "told, nobody says how"
        );
    }

    #[test]
    fn pictures_count_by_the_models_rule() {
        let chat = |detail: &str| {
            let image = json!({"url": "https://example.com/toll.png", "detail": detail});
            json!([{"role": "user", "content": [{"type": "image_url", "image_url": image}]}])
        };
        let count = |detail| count_tokens("openai/gpt-4o", &TokenInput::from_json(&chat(detail)).unwrap()).unwrap();
        assert_eq!((count("low").tokens, count("low").exact), (3 + 3 + 1 + 85, true));
        assert_eq!(
            (count("high").tokens, count("high").exact),
            (3 + 3 + 1 + 765, false),
            "of a size that nobody knows"
        );
    }

    #[test]
    fn an_estimate_says_by_how_much_it_may_be_wrong() {
        assert_eq!(text("gpt-4o", "hello").error_percent, 0);
        assert!(text("claude-sonnet-4-5", "hello").error_percent > 0);
        assert!(text("gpt-6-sol", "hello").error_percent > 0);
    }
}
