//! The `tollhouse` command.

mod arguments;
mod bill;
mod collect;
mod commands;
mod configuration;
mod count;
mod help;
mod log;
mod logs;
mod serve;
mod table;
mod ui;
mod usage;
mod words;

use std::fmt;
use std::io::{self, Write};

use tollhouse::Error;

use self::arguments::{Arguments, Command};
use self::commands::COMMANDS;

/// Runs the command that `words` (the arguments without the program's own name) ask for, and gives the exit status:
/// 0 if it is done, 1 if it failed, 2 if the words are not understood. Results go to the standard output, errors to the
/// standard error output.
///
/// A host language's package calls it for its `tollhouse` script. `serve` ends on Ctrl-C, so the host must leave that
/// signal alone meanwhile.
#[must_use]
pub fn main(words: impl AsRef<[String]>) -> i32 {
    let mut out = io::stdout().lock();
    let outcome = run(words.as_ref(), &mut out).and_then(|()| Ok(out.flush()?));
    let Err(failure) = outcome else { return 0 };
    if !matches!(failure, Failure::NobodyReads) {
        // An error output that is closed leaves the exit status, which says it too.
        let _ = writeln!(io::stderr(), "tollhouse: {failure}");
    }
    failure.status()
}

fn run(words: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    let Some((command, rest)) = find(words) else { return outside(words, out) };
    if rest.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h") {
        return Ok(write!(out, "{}", help::of(command))?);
    }
    (command.run)(&Arguments::parse(command, rest)?, out)
}

/// The command whose name stands first, and the words behind it. A name may be two words.
fn find(words: &[String]) -> Option<(&'static Command, &[String])> {
    COMMANDS.iter().find_map(|command| {
        let name: Vec<_> = command.name.split(' ').collect();
        let (start, rest) = words.split_at_checked(name.len())?;
        (start == name.as_slice()).then_some((command, rest))
    })
}

/// What is asked of no command.
fn outside(words: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    match words.first().map(String::as_str) {
        None | Some("--help" | "-h" | "help") => Ok(write!(out, "{}", help::overview())?),
        Some("--version" | "-V" | "version") => Ok(writeln!(out, "tollhouse {}", env!("CARGO_PKG_VERSION"))?),
        Some(word) => {
            let names = || COMMANDS.iter().map(|command| command.name);
            let unknown = format!("there is no command {word:?}");
            Err(Failure::Usage(unknown + &arguments::hint(word, names()) + "; tollhouse --help lists them"))
        }
    }
}

/// Why a command was not done.
#[derive(Debug)]
enum Failure {
    /// The words are not understood.
    Usage(String),
    /// The command could not do its work.
    Failed(String),
    /// Whoever read the output has gone, as `head` does when it has enough. Nothing is wrong.
    NobodyReads,
}

impl Failure {
    fn status(&self) -> i32 {
        match self {
            Self::NobodyReads => 0,
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
            Self::NobodyReads => f.write_str("nobody reads the output"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
