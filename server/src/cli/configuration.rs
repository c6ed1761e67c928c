//! Where commands find the gateway: its configuration and its log.

use std::fs::File;
use std::future::Future;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tollhouse::{Config, Error, Gateway};

use super::Failure;
use super::arguments::Arguments;

/// The file that is looked for in the working directory.
const FILE: &str = "tollhouse.toml";

/// The log of a gateway whose configuration names none: one in memory would be seen by no other command.
const LOG: &str = "tollhouse.db";

/// How every `SQLite` file begins (sqlite.org, "Database File Format", 1.3.1).
const SQLITE: &[u8] = b"SQLite format 3\0";

/// `config check`.
pub(super) fn check(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let file = arguments.place(0);
    // Only a gateway can say whether its providers exist.
    Gateway::new(read(file)?)?;
    match file {
        Some(file) => writeln!(out, "{file}: ok")?,
        None if Path::new(FILE).exists() => writeln!(out, "{FILE}: ok")?,
        None => writeln!(out, "no {FILE} in this directory: the defaults are in force")?,
    }
    Ok(())
}

/// `schema`.
pub(super) fn schema(_: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    Ok(writeln!(out, "{:#}", Config::json_schema())?)
}

/// The configuration of a command, with its log in a file.
pub(super) fn load(arguments: &Arguments) -> Result<Config, Failure> {
    let mut config = read(arguments.value("config"))?;
    if let Some(file) = arguments.value("db") {
        config.logs.path = Some(file.into());
    }
    check_log(config.logs.path.get_or_insert_with(|| PathBuf::from(LOG)))?;
    Ok(config)
}

/// The same, of a log that must be there already.
pub(super) fn load_present(arguments: &Arguments) -> Result<Config, Failure> {
    let config = load(arguments)?;
    match config.logs.path.as_ref().filter(|path| !path.exists()) {
        Some(path) => {
            let remedy = "name it with --db, or in logs.path of the configuration";
            Err(Failure::Failed(format!("there is no log {}: {remedy}", path.display())))
        }
        None => Ok(config),
    }
}

/// What `question` finds in the log, which must be there already.
pub(super) fn ask<T, F>(arguments: &Arguments, question: impl FnOnce(Gateway) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Error>>,
{
    let gateway = Gateway::new(load_present(arguments)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(question(gateway.clone()))?;
    match gateway.health()?.log.degraded {
        // The answer is then of an empty log in memory.
        Some(reason) => Err(Failure::Failed(reason)),
        None => Ok(answer),
    }
}

/// A file that is no log may have been named by mistake, and must not be taken for a damaged log that makes room.
fn check_log(path: &Path) -> Result<(), Failure> {
    let mut start = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(SQLITE.len() as u64).read_to_end(&mut start)?,
        Err(_) => return Ok(()),
    };
    if start.is_empty() || start == SQLITE {
        return Ok(());
    }
    Err(Failure::Failed(format!("{} is no log: it is not an SQLite file", path.display())))
}

fn read(file: Option<&str>) -> Result<Config, Error> {
    file.map_or_else(Config::discover, Config::from_file)
}
