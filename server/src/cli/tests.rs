//! What is understood, and what is said where something is not.

use super::*;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn output(line: &str) -> String {
    let mut out = Vec::new();
    run(&words(line), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn failure(line: &str) -> Failure {
    let mut out = Vec::new();
    let failure = run(&words(line), &mut out).unwrap_err();
    assert_eq!(String::from_utf8(out).unwrap(), "", "{line}: nothing is printed before a failure");
    failure
}

#[test]
fn help_lists_every_command_and_every_flag() {
    let overview = output("--help");
    assert_eq!(overview, output(""));
    for command in COMMANDS {
        assert!(overview.contains(&format!("  {} ", command.name)), "{} is not listed", command.name);
        let help = output(&format!("{} --help", command.name));
        assert!(help.contains(command.about), "{help}");
        for flag in command.flags {
            assert!(help.contains(&format!("--{}", flag.name)), "{help}");
        }
    }
    assert_eq!(output("--version"), format!("tollhouse {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn slips_are_answered_with_the_nearest_word() {
    let cases = [
        ("serv", "there is no command \"serv\"; did you mean serve?; tollhouse --help lists them"),
        ("config", "there is no command \"config\"; tollhouse --help lists them"),
        ("frobnicate", "there is no command \"frobnicate\"; tollhouse --help lists them"),
        ("logs --limt 3", "logs: there is no flag --limt; did you mean --limit?; tollhouse logs --help lists them"),
        ("logs -n", "logs: there is no flag -n; tollhouse logs --help lists them"),
        ("logs --limit", "--limit: N is missing"),
        ("logs --limit many", "--limit: \"many\" is not a number it takes"),
        ("logs --json=yes", "--json takes no value"),
        ("serve --port 65536", "--port: \"65536\" is not a number it takes"),
        ("log", "log: ID is missing"),
        ("log a b", "log: \"b\" is one word too many; quote a text of several words"),
    ];
    for (line, message) in cases {
        let failure = failure(line);
        assert_eq!(failure.to_string(), message, "{line}");
        assert_eq!(failure.status(), 2, "{line}");
    }
}

#[test]
fn flags_and_words_stand_in_any_order() {
    let command = COMMANDS.iter().find(|command| command.name == "log").unwrap();
    for line in ["ID --json --db f", "--json ID --db=f", "--db e --json --db f -- ID"] {
        let arguments = Arguments::parse(command, &words(line)).unwrap();
        assert_eq!(arguments.place(0), Some("ID"), "{line}");
        assert_eq!(arguments.value("db"), Some("f"), "{line}");
        assert!(arguments.has("json"), "{line}");
    }
    let arguments = Arguments::parse(command, &words("-- --json")).unwrap();
    assert_eq!(arguments.place(0), Some("--json"));
    assert!(!arguments.has("json"));
}

#[test]
fn tokens_are_counted() {
    assert_eq!(output("count gpt-4o hello"), "1 tokens (exact, o200k_base)\n");
    assert_eq!(failure("count no-such-model hello").status(), 1);
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let schema: serde_json::Value = serde_json::from_str(&output("schema")).unwrap();
    assert_eq!(schema, tollhouse::Config::json_schema());
}
