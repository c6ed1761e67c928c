//! Reads the sources and holds the house to its plan: what may import what, and how large a file may grow.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up: a module imports what stands in an earlier line and nothing else, so neighbours in a line never
/// know of each other.
const STOREYS: [&[&str]; 13] = [
    &["error", "clock", "sse", "metadata", "secret", "stage", "usage"],
    &["eventstream", "keys", "message", "money", "outbox", "record", "store"],
    &["config", "headers"],
    &["held"],
    &["refusal"],
    &["policy"],
    &["provider"],
    &["exchange"],
    &["account", "cache", "ledger", "limit", "log", "route", "transport", "upload"],
    &["answer", "grant"],
    &["engine"],
    &["pipeline"],
    &["gateway"],
];

/// What stands outside: the list of public names, and the kit for tests, which is built from all of it.
const OUTSIDE: [&str; 2] = ["lib", "testing"];

const MAX_LINES: usize = 400;

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for file in sources() {
        let storey = storey(&file.module);
        for import in file.imports() {
            // The kit for tests stands above all; only tests reach for it, or the crate would not build without it.
            let is_kit = OUTSIDE.contains(&import.module);
            let allowed = is_kit || import.module == file.module || self::storey(import.module) < storey;
            if !allowed {
                wrong.push(format!("{}:{} imports {}", file.path, import.line, import.module));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_path_leaves_its_room_by_the_back_door() {
    let mut wrong = Vec::new();
    for file in sources() {
        let mut depth = file.path.trim_end_matches("/mod.rs").split('/').count();
        for (number, line) in file.code() {
            // An inline module, such as the one for tests, stands one deeper than its file.
            depth += usize::from(line.starts_with("mod ") && line.ends_with('{'));
            if line.contains(&"super::".repeat(depth)) {
                wrong.push(format!("{}:{number} reaches the crate by super::; write crate::", file.path));
            }
            if line.contains("crate::{") || line.contains("crate::*") {
                wrong.push(format!(
                    "{}:{number} imports from the crate in braces; write one line per module",
                    file.path
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_file_grows_past_its_bound() {
    let lines = |file: &Source| file.text.lines().count();
    let grown = sources().into_iter().filter(|file| lines(file) > MAX_LINES);
    let grown: Vec<String> = grown.map(|file| format!("{} has {} lines", file.path, lines(&file))).collect();
    assert_eq!(grown, Vec::<String>::new(), "split what has more than {MAX_LINES} lines: it is two rooms");
}

fn storey(module: &str) -> usize {
    STOREYS
        .iter()
        .position(|modules| modules.contains(&module))
        .unwrap_or_else(|| panic!("{module} has no storey; give it a place in STOREYS"))
}

struct Source {
    /// Below `core/src`.
    path: String,
    /// The room, or the single file, that it belongs to.
    module: String,
    text: String,
}

struct Import<'a> {
    line: usize,
    module: &'a str,
}

impl Source {
    /// Lines without comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_start()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    /// The modules that are named by `crate::`. Names in capitals are the crate's public ones.
    fn imports(&self) -> Vec<Import<'_>> {
        let mut imports = Vec::new();
        for (line, code) in self.code() {
            for (start, found) in code.match_indices("crate::") {
                let rest = &code[start + found.len()..];
                let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(rest.len());
                if end > 0 {
                    imports.push(Import { line, module: &rest[..end] });
                }
            }
        }
        imports
    }
}

fn sources() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    visit(&root, &root, &mut found);
    found.retain(|file| !OUTSIDE.contains(&file.module.as_str()));
    assert!(found.len() > 50, "only {} sources were found; is the path right?", found.len());
    found
}

fn visit(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(directory).expect("the source tree can be read");
    for entry in entries.map(|entry| entry.expect("the source tree can be read").path()) {
        if entry.is_dir() {
            visit(root, &entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let path = entry.strip_prefix(root).expect("the tree was walked from its root");
            let path = path.to_str().expect("our file names are ASCII").replace('\\', "/");
            let module = path.split(['/', '.']).next().unwrap_or_default().to_owned();
            found.push(Source { path, module, text: fs::read_to_string(&entry).expect("a source is UTF-8") });
        }
    }
}
