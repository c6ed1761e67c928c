//! From a document to a [`Config`].

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::{Config, RouteConfig, explain, milliseconds};
use crate::error::{Error, ErrorKind};

/// The file that [`Config::discover`] looks for.
const FILE: &str = "tollhouse.toml";

impl Config {
    /// Reads a JSON document. Errors name the key; a top-level `$schema` is for editors and left out.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let document = serde_json::from_str(text).map_err(|error| {
            let place = Place { file: None, line: Some(error.line()) };
            place.add_to(Error::new(ErrorKind::Config, format!("not a JSON document: {}", json_reason(&error))))
        })?;
        read(document)
    }

    /// Reads a TOML document. Errors name the key and its line.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        toml_from(text, None)
    }

    /// Reads a file: JSON if its name ends in `.json`, TOML otherwise. Errors name the file, the key and the line.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        from_text(path, &text)
    }

    /// Reads `tollhouse.toml` in the working directory, or gives the defaults if there is none.
    pub fn discover() -> Result<Self, Error> {
        Self::discover_in(Path::new(""))
    }

    pub(super) fn discover_in(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => from_text(&path, &text),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }

    /// The configuration that is in force, defaults included. Secrets show as `set`.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it cannot")]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("keys are texts, and every value has a form in JSON")
    }
}

impl RouteConfig {
    /// Reads a route as it stands in a configuration under `routes.{name}`.
    pub(crate) fn from_json(name: &str, route: &Value) -> Result<Self, Error> {
        let document = serde_json::json!({ "routes": { name: route } });
        let mut config = read(document)?;
        config.routes.remove(name).ok_or_else(|| Error::config(format!("routes.{name}"), "expected a route"))
    }
}

fn from_text(path: &Path, text: &str) -> Result<Config, Error> {
    // Editors on Windows begin a file with a byte order mark, which neither format allows.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = path.display().to_string();
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return Config::from_json(text).map_err(|error| Place { file: Some(&file), line: None }.add_to(error));
    }
    toml_from(text, Some(&file))
}

fn toml_from(text: &str, file: Option<&str>) -> Result<Config, Error> {
    let document = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_at(text, span.start));
        // Only the reason is taken over: the error itself quotes the line, which may hold a key.
        Place { file, line }.add_to(Error::new(ErrorKind::Config, format!("not a TOML document: {}", error.message())))
    })?;
    read(document).map_err(|error| {
        let line = error.field().and_then(|field| line_of(text, field));
        Place { file, line }.add_to(error)
    })
}

fn read(mut document: Value) -> Result<Config, Error> {
    if let Some(document) = document.as_object_mut() {
        document.shift_remove("$schema");
    }
    refuse_lists(&document, &mut Vec::new())?;
    milliseconds::spell_out(&mut document)?;
    let config: Config = serde_path_to_error::deserialize(document)
        .map_err(|error| explain::error(&error.path().to_string(), &error.inner().to_string()))?;
    config.validate()?;
    Ok(config)
}

/// The settings that are lists; `*` stands for any name.
const LISTS: &[&[&str]] = &[
    &["cache", "ignore"],
    &["retries", "on"],
    &["providers", "*", "keys"],
    &["limits", "requests", "by"],
    &["limits", "tokens", "by"],
    &["limits", "cost", "by"],
    &["limits", "concurrency", "by"],
    &["limits", "rules", "*", "by"],
    &["budgets", "*", "by"],
    &["credits", "wallets", "*", "by"],
    &["routes", "*", "try"],
    &["routes", "*", "on"],
    &["routes", "*", "instead", "*"],
    &["routes", "*", "elements"],
];

/// Other settings are none, but serde would take a list for a table, its values in the order of our fields.
fn refuse_lists<'a>(value: &'a Value, path: &mut Vec<&'a str>) -> Result<(), Error> {
    let is = |list: &&[&str]| list.len() == path.len() && list.iter().zip(&*path).all(|(a, b)| *a == "*" || a == b);
    match value {
        Value::Array(_) if LISTS.iter().any(is) => Ok(()),
        Value::Array(_) => Err(explain::error(&path.join("."), "invalid type: sequence, expected a value or a table")),
        Value::Object(table) => table.iter().try_for_each(|(key, value)| {
            path.push(key);
            refuse_lists(value, path).inspect(|()| _ = path.pop())
        }),
        _ => Ok(()),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("the configuration file {} cannot be read: {error}", path.display()))
}

/// `serde_json` repeats the place in its text; the place is said in our own way.
fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Where in which document an error is.
struct Place<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
}

impl Place<'_> {
    fn add_to(&self, error: Error) -> Error {
        let place = match (self.file, self.line) {
            (None, None) => return error,
            (None, Some(line)) => format!("line {line}"),
            (Some(file), None) => file.to_owned(),
            (Some(file), Some(line)) => format!("{file}, line {line}"),
        };
        let placed = Error::new(error.kind(), format!("{} ({place})", error.message()));
        match error.field() {
            Some(field) => placed.at(field),
            None => placed,
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// The line of the key that `field` names, or of the nearest table around it.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (mut table, mut rest, mut offset) = (document.get_ref(), field, None);
    // Keys may hold dots themselves (`openai/gpt-4.1`), so the path is matched against keys instead of being split.
    while let Some((key, value)) = table.iter().find(|(key, _)| under(rest, key.get_ref()).is_some()) {
        offset = Some(key.span().start);
        let (Some(below), DeValue::Table(next)) = (under(rest, key.get_ref()), value.get_ref()) else { break };
        (table, rest) = (next, below);
    }
    offset.map(|offset| line_at(text, offset))
}

/// What is left of the path `field` below `key`; empty at its end.
fn under<'a>(field: &'a str, key: &str) -> Option<&'a str> {
    let rest = field.strip_prefix(key)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}
