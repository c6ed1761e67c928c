//! Help, from the table of commands.

use super::arguments::{Command, Flag};
use super::commands::COMMANDS;
use super::table::{Side, Table};

/// All commands in short.
pub(super) fn overview() -> String {
    let mut commands = Table::of([Side::Left; 2]);
    for command in COMMANDS {
        commands.row([usage(command), command.about.to_owned()]);
    }
    format!(
        "tollhouse {}: an AI gateway that runs inside your application\n\n\
         Usage: tollhouse COMMAND [FLAGS]\n\n{}\n\
         tollhouse COMMAND --help tells the flags of one, tollhouse --version the version.\n",
        env!("CARGO_PKG_VERSION"),
        indented(&commands.to_string()),
    )
}

/// One command and its flags.
pub(super) fn of(command: &Command) -> String {
    let mut flags = Table::of([Side::Left; 2]);
    for flag in command.flags {
        flags.row([spelled(flag), flag.about.to_owned()]);
    }
    let (mention, flags) = match command.flags {
        [] => ("", String::new()),
        _ => (" [FLAGS]", format!("\n{}", indented(&flags.to_string()))),
    };
    format!("Usage: tollhouse {}{mention}\n\n{}.\n{flags}", usage(command), command.about)
}

fn usage(command: &Command) -> String {
    std::iter::once(command.name).chain(command.places.iter().copied()).collect::<Vec<_>>().join(" ")
}

fn spelled(flag: &Flag) -> String {
    match flag.value {
        Some(value) => format!("--{} {value}", flag.name),
        None => format!("--{}", flag.name),
    }
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}
