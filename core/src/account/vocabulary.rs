//! Which vocabulary a model reads with.

use std::collections::HashSet;

use tiktoken_rs::CoreBPE;
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};

use crate::error::{Error, ErrorKind};

/// The vocabulary to count with. The data is immutable, loaded at first use and shared by all threads.
pub(super) struct Vocabulary {
    /// Its published name.
    pub(super) name: &'static str,
    /// Whether it is the model's own.
    pub(super) exact: bool,
    words: &'static CoreBPE,
}

impl Vocabulary {
    /// # Errors
    /// [`ErrorKind::UnknownModel`] when the name belongs to no known family.
    pub(super) fn of(model: &str) -> Result<Self, Error> {
        let (tokenizer, exact) = match get_tokenizer(bare(model)) {
            Some(tokenizer) => (tokenizer, true),
            None if is_of_known_family(model) => (Tokenizer::O200kBase, false),
            None => return Err(unknown(model)),
        };
        let name = match tokenizer {
            Tokenizer::O200kHarmony => "o200k_harmony",
            Tokenizer::O200kBase => "o200k_base",
            Tokenizer::Cl100kBase => "cl100k_base",
            Tokenizer::P50kBase => "p50k_base",
            Tokenizer::R50kBase => "r50k_base",
            Tokenizer::P50kEdit => "p50k_edit",
            Tokenizer::Gpt2 => "gpt2",
        };
        let words = tiktoken_rs::bpe_for_tokenizer(tokenizer).map_err(|_| unknown(model))?;
        Ok(Self { name, exact, words })
    }

    /// How many tokens `text` has; special ones count as plain text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the splitter gives up.
    pub(super) fn count(&self, text: &str) -> Result<u64, Error> {
        let count = self.words.count(text, &HashSet::new()).map_err(|_| {
            Error::invalid("input", "has a run of blanks that is too long to be split into words: shorten it")
        })?;
        Ok(count as u64)
    }
}

/// The name without its provider. The name of a fine-tune goes on after the model's and may have slashes of its own.
fn bare(model: &str) -> &str {
    match model.find("ft:") {
        Some(at) if at == 0 || model[..at].ends_with('/') => &model[at..],
        _ => model.rsplit('/').next().unwrap_or(model),
    }
}

/// Families whose vocabularies are not OpenAI's, or not public. o200k is the nearest public one for text in many
/// languages.
const FAMILIES: &str = "claude gemini gemma palm llama mistral mixtral ministral magistral codestral devstral pixtral \
    voxtral deepseek qwen qwq grok command embed kimi glm phi nova titan sonar jamba minimax nemotron granite falcon \
    hermes gpt chatgpt";

fn is_of_known_family(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    let is_reasoning = |word: &str| word.strip_prefix('o').is_some_and(|number| number.parse::<u8>().is_ok());
    model.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| {
        let family = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        is_reasoning(word) || FAMILIES.split_whitespace().any(|known| known == family)
    })
}

fn unknown(model: &str) -> Error {
    let message = format!(
        "`{model}` is of no known family, so its tokens cannot be counted: name the model that it is built on, \
         such as gpt-4o or llama-3.3-70b"
    );
    Error::new(ErrorKind::UnknownModel, message).at("model")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds_find_their_vocabulary() {
        for (model, encoding, exact) in [
            ("gpt-4o", "o200k_base", true),
            ("openai/gpt-4o-mini-2024-07-18", "o200k_base", true),
            ("ft:gpt-4o:org::id", "o200k_base", true),
            ("openai/ft:gpt-3.5-turbo-0125:my/org:name:id", "cl100k_base", true),
            ("openrouter/openai/gpt-4", "cl100k_base", true),
            ("text-embedding-3-small", "cl100k_base", true),
            ("groq/openai/gpt-oss-120b", "o200k_harmony", true),
            ("gpt-6-sol", "o200k_base", false),
            ("o9", "o200k_base", false),
            ("anthropic/claude-sonnet-4-5-20250929", "o200k_base", false),
            ("google-ai-studio/gemini-2.5-flash", "o200k_base", false),
            ("workers-ai/@cf/meta/llama-3.1-8b-instruct", "o200k_base", false),
            ("Qwen/Qwen3-32B", "o200k_base", false),
            ("mistral-large-latest", "o200k_base", false),
        ] {
            let vocabulary = Vocabulary::of(model).unwrap();
            assert_eq!((vocabulary.name, vocabulary.exact), (encoding, exact), "{model}");
        }
    }

    #[test]
    fn an_unknown_name_says_what_to_do() {
        for model in ["", "my-model", "openai/", "left:right", "o", "/", "ft:", "operator"] {
            let error = Vocabulary::of(model).map(|known| known.name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnknownModel, "{model}");
            assert_eq!(error.field(), Some("model"));
            assert!(error.message().contains("name the model that it is built on"), "{error}");
        }
    }
}
