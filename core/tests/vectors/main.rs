//! Runs the shared vectors, and shows for each that it fails without the stage that it proves.

mod pattern;
mod play;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use self::play::play;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Area {
    about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    name: String,
    contract: Vec<u32>,
    proves: Option<String>,
    guards: Option<String>,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    upstream: Vec<Value>,
    steps: Vec<Value>,
    calls: Option<Value>,
}

fn areas() -> Vec<(String, Area)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the vectors are part of the repository")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).expect("a vector file is readable");
        let area = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().expect("it has a name").to_string_lossy().into_owned(), area)
    };
    paths.iter().map(read).collect()
}

#[test]
fn every_vector_passes() {
    let mut failures = Vec::new();
    let mut passed = 0;
    for (area, Area { cases, .. }) in areas() {
        for case in cases {
            match play(&case, None) {
                Ok(()) => passed += 1,
                Err(reason) => failures.push(format!("{area}/{}: {reason}", case.name)),
            }
        }
    }
    assert!(failures.is_empty(), "{passed} passed, {} failed:\n{}", failures.len(), failures.join("\n"));
    println!("vectors: {passed} passed");
}

#[test]
fn every_vector_fails_without_what_it_proves() {
    let mut idle = Vec::new();
    for (area, Area { cases, .. }) in areas() {
        for case in cases {
            let name = format!("{area}/{}", case.name);
            match (&case.proves, &case.guards) {
                (Some(stage), None) if play(&case, Some(stage)).is_ok() => {
                    idle.push(format!("{name} passes without {stage}"));
                }
                (Some(_), None) | (None, Some(_)) => {}
                _ => idle.push(format!("{name} names neither what it proves nor what it guards, or both")),
            }
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

#[test]
fn vectors_are_well_named() {
    let mut names = BTreeSet::new();
    for (area, Area { about, cases }) in areas() {
        assert!(!about.is_empty(), "{area} does not say what it is about");
        for case in cases {
            assert!(
                case.contract.iter().all(|line| (1..=144).contains(line)),
                "{area}/{}: no such contract line",
                case.name
            );
            assert!(names.insert(format!("{area}/{}", case.name)), "{area}/{} is there twice", case.name);
        }
    }
    assert!(names.len() >= 60, "only {} vectors", names.len());
}
