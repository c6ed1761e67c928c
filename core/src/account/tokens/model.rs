//! Which vocabulary a model reads with.

use super::encoding::{CL100K_BASE, Encoding, O200K_BASE, P50K_BASE, R50K_BASE};
use crate::error::{Error, ErrorKind};

/// The vocabulary to count with.
pub(super) struct Vocabulary<'a> {
    /// The model's name, without its provider.
    pub(super) model: &'a str,
    /// Its published name.
    pub(super) name: &'static str,
    pub(super) encoding: &'static Encoding,
    /// By how much it may count wrong; none where it is the model's own.
    pub(super) error: Option<Measured>,
}

impl<'a> Vocabulary<'a> {
    /// # Errors
    /// [`ErrorKind::UnknownModel`] when the name belongs to no known family.
    pub(super) fn of(model: &'a str) -> Result<Self, Error> {
        let name = bare(model);
        if let Some((vocabulary, encoding)) = published(name) {
            // A fine-tune sees as its base does.
            let model = name.strip_prefix("ft:").unwrap_or(name);
            return Ok(Self { model, name: vocabulary, encoding, error: None });
        }
        let error = Some(family(model).ok_or_else(|| unknown(model))?);
        Ok(Self { model: name, name: "o200k_base", encoding: &O200K_BASE, error })
    }

    /// How many tokens `text` has; special ones count as plain text.
    pub(super) fn count(&self, text: &str) -> u64 {
        self.encoding.count(text)
    }
}

/// What OpenAI publishes of its models, in the order in which names are looked for: tiktoken 0.14's `model.py`. A name that
/// ends with `*` stands for all that begin so. Some vocabularies differ only in their special tokens.
const PUBLISHED: [(&str, &Encoding, &str); 7] = [
    (
        "o200k_base",
        &O200K_BASE,
        "o1 o1-* o3 o3-* o4-mini o4-mini-* gpt-5* gpt-4.5-* gpt-4.1 gpt-4.1-* gpt-4o gpt-4o-* chatgpt-4o-* codex-mini*",
    ),
    (
        "cl100k_base",
        &CL100K_BASE,
        "gpt-4 gpt-4-* gpt-3.5 gpt-3.5-turbo gpt-3.5-turbo-* gpt-35-turbo gpt-35-turbo-* davinci-002 babbage-002 \
         text-embedding-ada-002 text-embedding-3-small text-embedding-3-large",
    ),
    (
        "p50k_base",
        &P50K_BASE,
        "text-davinci-003 text-davinci-002 code-davinci-002 code-davinci-001 code-cushman-002 code-cushman-001 \
         davinci-codex cushman-codex",
    ),
    (
        "r50k_base",
        &R50K_BASE,
        "text-davinci-001 text-curie-001 text-babbage-001 text-ada-001 davinci curie babbage ada \
         text-similarity-davinci-001 text-similarity-curie-001 text-similarity-babbage-001 text-similarity-ada-001 \
         text-search-davinci-doc-001 text-search-curie-doc-001 text-search-babbage-doc-001 text-search-ada-doc-001 \
         code-search-babbage-code-001 code-search-ada-code-001",
    ),
    ("o200k_harmony", &O200K_BASE, "gpt-oss-*"),
    ("p50k_edit", &P50K_BASE, "text-davinci-edit-001 code-davinci-edit-001"),
    ("gpt2", &R50K_BASE, "gpt2 gpt-2"),
];

fn published(model: &str) -> Option<(&'static str, &'static Encoding)> {
    // A fine-tune reads as its base does.
    let base = model.strip_prefix("ft:").map_or(model, |tuned| tuned.split(':').next().unwrap_or(tuned));
    let is_named = |pattern: &str| pattern.strip_suffix('*').map_or(base == pattern, |start| base.starts_with(start));
    let mut rows = PUBLISHED.iter();
    rows.find(|(_, _, names)| names.split_whitespace().any(is_named)).map(|(name, encoding, _)| (*name, *encoding))
}

/// The name without its provider. The name of a fine-tune goes on after the model's and may have slashes of its own.
fn bare(model: &str) -> &str {
    match model.find("ft:") {
        Some(at) if at == 0 || model[..at].ends_with('/') => &model[at..],
        _ => model.rsplit('/').next().unwrap_or(model),
    }
}

/// By how many percent o200k counts a family's tokens wrong, either way: the largest error over the kinds of text that
/// were counted with the family's own vocabulary. docs/guides/tokens.md has the largest of them and the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// English, code and JSON: what is nearly all ASCII.
    plain: u64,
    /// Other languages.
    other: u64,
}

impl Measured {
    /// The error of a count of these texts.
    pub(super) fn of<'t>(self, texts: impl Iterator<Item = &'t str>) -> u64 {
        let (mut all, mut beyond) = (0, 0);
        for text in texts {
            all += text.len();
            beyond += text.bytes().filter(|byte| !byte.is_ascii()).count();
        }
        if beyond * 100 <= all { self.plain } else { self.other }
    }
}

/// Families whose vocabularies are not OpenAI's, or not public. o200k is the nearest public one for text in many
/// languages. Claude's is that of its second generation, the last which is public.
const FAMILIES: [(&str, Measured); 6] = [
    ("claude", Measured { plain: 12, other: 169 }),
    ("gemini gemma palm", Measured { plain: 18, other: 18 }),
    ("deepseek", Measured { plain: 6, other: 51 }),
    ("llama", Measured { plain: 1, other: 34 }),
    ("qwen qwq", Measured { plain: 3, other: 116 }),
    ("mistral mixtral ministral magistral codestral devstral pixtral voxtral", Measured { plain: 7, other: 20 }),
];

/// Families that none of these vocabularies is known to be of. Their error is the largest of the others.
const UNMEASURED: &str = "grok command embed kimi glm phi nova titan sonar jamba minimax nemotron granite falcon hermes \
    gpt chatgpt";
const LARGEST: Measured = Measured { plain: 18, other: 169 };

fn family(model: &str) -> Option<Measured> {
    let model = model.to_ascii_lowercase();
    let is_reasoning = |word: &str| word.strip_prefix('o').is_some_and(|number| number.parse::<u8>().is_ok());
    let is_one = |names: &str, word: &str| names.split_whitespace().any(|known| known == word);
    model.split(|letter: char| !letter.is_ascii_alphanumeric()).find_map(|word| {
        let name = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let measured = FAMILIES.iter().find(|(names, _)| is_one(names, name)).map(|(_, error)| *error);
        measured.or_else(|| (is_reasoning(word) || is_one(UNMEASURED, name)).then_some(LARGEST))
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
            assert_eq!((vocabulary.name, vocabulary.error.is_none()), (encoding, exact), "{model}");
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
