//! Commands as a table, and the words of a command line read by it.

use std::io::Write;

use super::Failure;

/// One command.
#[derive(Debug)]
pub(super) struct Command {
    /// Its name, of one word or two.
    pub(super) name: &'static str,
    /// What stands behind the name, as help shows it; words in brackets may be left out.
    pub(super) places: &'static [&'static str],
    /// One line about it.
    pub(super) about: &'static str,
    /// Its flags.
    pub(super) flags: &'static [Flag],
    /// Does it.
    pub(super) run: fn(&Arguments, &mut dyn Write) -> Result<(), Failure>,
}

/// `--name` or `--name VALUE`.
#[derive(Debug)]
pub(super) struct Flag {
    /// Its name without the dashes.
    pub(super) name: &'static str,
    /// What its value is called; `None` if it takes none.
    pub(super) value: Option<&'static str>,
    /// One line about it.
    pub(super) about: &'static str,
}

/// What the words say.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    flags: Vec<(&'static str, String)>,
    places: Vec<String>,
}

impl Arguments {
    /// Reads the words behind the name of `command`. `--name=value` and `--name value` are the same; behind `--` nothing
    /// is a flag.
    pub(super) fn parse(command: &Command, words: &[String]) -> Result<Self, Failure> {
        let mut arguments = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some("") => arguments.places.extend(words.by_ref().cloned()),
                Some(flag) => arguments.take_flag(command, flag, &mut words)?,
                None if word.starts_with('-') && word != "-" => return Err(unknown_flag(command, word)),
                None => arguments.places.push(word.clone()),
            }
        }
        let needed = command.places.iter().filter(|place| !place.starts_with('[')).count();
        if let Some(missing) = command.places[..needed].get(arguments.places.len()) {
            return Err(Failure::Usage(format!("{}: {missing} is missing", command.name)));
        }
        if let Some(extra) = arguments.places.get(command.places.len()) {
            let message = format!("{}: {extra:?} is one word too many; quote a text of several words", command.name);
            return Err(Failure::Usage(message));
        }
        Ok(arguments)
    }

    /// The word at `index` behind the command's name.
    pub(super) fn place(&self, index: usize) -> Option<&str> {
        self.places.get(index).map(String::as_str)
    }

    /// The value of the flag `name`. The last one counts.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(flag, _)| *flag == name).map(|(_, value)| value.as_str())
    }

    /// Whether the flag `name` is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of the flag `name` as a whole number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let number =
            text.parse().map_err(|_| Failure::Usage(format!("--{name}: {text:?} is not a number it takes")))?;
        Ok(Some(number))
    }

    fn take_flag<'a>(
        &mut self,
        command: &Command,
        flag: &str,
        words: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), Failure> {
        let (name, inline) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let Some(flag) = command.flags.iter().find(|flag| flag.name == name) else {
            return Err(unknown_flag(command, &format!("--{name}")));
        };
        let value = match (flag.value, inline) {
            (None, None) => String::new(),
            (None, Some(_)) => return Err(Failure::Usage(format!("--{name} takes no value"))),
            (Some(_), Some(value)) => value.to_owned(),
            (Some(what), None) => match words.next() {
                Some(value) => value.clone(),
                None => return Err(Failure::Usage(format!("--{name}: {what} is missing"))),
            },
        };
        self.flags.push((flag.name, value));
        Ok(())
    }
}

/// `; did you mean …?` if one of `known` is near to `word`: a third of its letters may be wrong, enough for a slip of
/// the finger and too little for another word.
pub(super) fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known.map(|name| (strsim::damerau_levenshtein(word, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= (name.len() + 1) / 3 => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

fn unknown_flag(command: &Command, word: &str) -> Failure {
    let names: Vec<_> = command.flags.iter().map(|flag| format!("--{}", flag.name)).collect();
    let hint = hint(word, names.iter().map(String::as_str));
    Failure::Usage(format!(
        "{}: there is no flag {word}{hint}; tollhouse {} --help lists them",
        command.name, command.name
    ))
}
