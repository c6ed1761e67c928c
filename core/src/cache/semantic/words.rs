//! The words that the guards know.

/// Words that turn a sentence round: English, German, French, Spanish, Italian, Portuguese, Dutch.
pub(super) const NEGATIONS: &[&str] = &[
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without", "cannot", "except",
    "unless", "hardly", "nicht", "kein", "keine", "keinen", "keinem", "keiner", "nie", "niemals", "niemand", "nichts",
    "ohne", "außer", "pas", "jamais", "sans", "aucun", "aucune", "ni", "rien", "ne", "nunca", "jamás", "sin", "nadie",
    "nada", "ningún", "ninguna", "non", "mai", "senza", "nessuno", "niente", "não", "sem", "ninguém", "nenhum",
    "nenhuma", "niet", "geen", "nooit", "zonder", "niemand", "niets",
];

/// Numbers as words: English, for which alone they are known.
pub(super) const NUMBERS: &[(&str, &str)] = &[
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("hundred", "100"),
    ("thousand", "1000"),
    ("million", "1000000"),
    ("first", "1"),
    ("second", "2"),
    ("third", "3"),
    ("half", "0.5"),
];

/// With these a question begins, and they name nothing: English. Another first word counts as a name.
pub(super) const OPENINGS: &[&str] = &[
    "a", "am", "an", "and", "any", "are", "at", "be", "but", "can", "could", "did", "do", "does", "explain", "for",
    "from", "give", "has", "have", "hello", "hey", "hi", "how", "i", "if", "in", "is", "it", "let", "list", "may",
    "my", "of", "on", "please", "should", "show", "tell", "the", "there", "this", "to", "was", "we", "what", "when",
    "where", "which", "who", "why", "will", "would",
];
