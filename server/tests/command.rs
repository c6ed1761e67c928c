//! The `tollhouse` command as a program: it serves, and its other commands tell what was served.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use common::Call;
use serde_json::{Value, json};
use tollhouse_upstream::Upstream;

/// A directory of its own with a `tollhouse.toml`.
fn directory(name: &str, config: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("tollhouse.toml"), config).unwrap();
    directory
}

fn tollhouse(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollhouse"));
    command.args(words).current_dir(directory).env_clear().stdin(Stdio::null());
    command
}

fn run(directory: &Path, words: &[&str]) -> Output {
    tollhouse(directory, words).output().unwrap()
}

fn stdout(directory: &Path, words: &[&str]) -> String {
    let output = run(directory, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `tollhouse serve`, and what it said until it was ready.
struct Serve {
    child: Child,
    output: BufReader<ChildStdout>,
    said: String,
}

impl Serve {
    fn start(directory: &Path, words: &[&str]) -> Self {
        let words = [&["serve", "--port", "0"], words].concat();
        let mut child = tollhouse(directory, &words).stdout(Stdio::piped()).spawn().unwrap();
        let mut serve = Self { output: BufReader::new(child.stdout.take().unwrap()), child, said: String::new() };
        while !serve.said.ends_with("Ctrl-C stops it.\n") {
            assert_ne!(serve.output.read_line(&mut serve.said).unwrap(), 0, "it ended: {}", serve.said);
        }
        serve
    }

    /// The value of a variable among the lines it printed.
    fn url(&self, variable: &str) -> &str {
        self.said.lines().find_map(|line| line.strip_prefix(variable)?.strip_prefix('=')).unwrap()
    }

    /// Interrupts it as Ctrl-C does, and gives its exit status and last words.
    fn interrupt(mut self) -> (Option<i32>, String) {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

#[test]
fn what_was_served_is_told_afterwards() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let upstream = runtime.block_on(Upstream::start());
    let directory =
        directory("served", &format!("[providers.openai]\nbase_url = {:?}\nkey = \"sk-key\"\n", upstream.url()));

    let serve = Serve::start(&directory, &["--account", "mine"]);
    let url = serve.url("OPENAI_BASE_URL");
    assert!(url.ends_with("/v1/mine/default/openai"), "{url}");
    assert!(serve.url("ANTHROPIC_BASE_URL").ends_with("/v1/mine/default/anthropic"));
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "tell me a joke"}]});
    let call = Call::post(&format!("{url}/chat/completions"), &body);
    assert_eq!(call.status, 200);
    let id = call.header("cf-aig-log-id").unwrap().to_owned();
    let unwanted = Call::send("POST", &format!("{url}/chat/completions"), &[("origin", "https://evil.example")], b"{}");
    assert_eq!(unwanted.status, 403);
    assert_eq!(serve.interrupt(), (Some(0), "\nStopped.\n".to_owned()));

    let logs = stdout(&directory, &["logs", "--provider", "openai", "--since", "1h", "--limit", "5"]);
    let row = logs.lines().nth(1).unwrap();
    assert_eq!(logs.lines().count(), 2, "{logs}");
    assert!(row.contains("openai/gpt-4o-mini") && row.contains("200") && row.ends_with(&id), "{logs}");
    assert_eq!(stdout(&directory, &["logs", "--provider", "groq"]), "no calls\n");
    let line: Value = serde_json::from_str(stdout(&directory, &["logs", "--json"]).trim_end()).unwrap();
    assert_eq!((&line["id"], &line["tokens_in"], &line["tokens_out"]), (&json!(id), &json!(4), &json!(8)));

    let log = stdout(&directory, &["log", &id]);
    assert!(log.contains("tell me a joke") && log.contains("You said: tell me a joke"), "{log}");
    assert!(!log.contains("sk-key"), "a key is shown");
    let log: Value = serde_json::from_str(&stdout(&directory, &["log", &id, "--json"])).unwrap();
    assert_eq!(log["request_head"], body.to_string());

    let usage = stdout(&directory, &["usage", "--by", "provider,model", "--since", "7d"]);
    let row: Vec<_> = usage.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..7], ["openai", "gpt-4o-mini", "1", "0", "0", "4", "8"], "{usage}");
    assert!(usage.lines().nth(2).unwrap().starts_with("total "), "{usage}");
    let usage: Value = serde_json::from_str(&stdout(&directory, &["usage", "--json"])).unwrap();
    assert_eq!(usage["rows"][0]["group"], json!({"model": "gpt-4o-mini"}));

    let bill = stdout(&directory, &["bill", "--by", "metadata.team", "--markup", "20%"]);
    let line: Vec<_> = bill.lines().nth(1).unwrap().split_whitespace().collect();
    // 4 tokens at 0.15 and 8 at 0.60 dollars per million; a fifth of that is added.
    let expected =
        ["(none)", "openai/gpt-4o-mini", "1", "1", "4", "8", "0", "0.000000000", "0.000005400", "0.000006480"];
    assert_eq!(line, expected, "{bill}");
    assert!(bill.lines().nth(3).unwrap().starts_with("total "), "{bill}");
    let csv = stdout(&directory, &["bill", "--lines", "model", "--where", "provider:openai", "--format", "csv"]);
    assert!(csv.starts_with("model,requests,attempts,") && csv.contains("\r\ngpt-4o-mini,1,1,"), "{csv}");
    assert!(stdout(&directory, &["bill", "--format", "html"]).contains("<section>"));
    let bill: Value = serde_json::from_str(&stdout(&directory, &["bill", "--format", "json"])).unwrap();
    assert_eq!((&bill["total"]["charge_nano_usd"], &bill["complete"]), (&json!(5_400), &json!(true)));
    assert_eq!(run(&directory, &["bill", "--markup", "a lot"]).status.code(), Some(2));
    let refused = run(&directory, &["bill", "--format", "pdf"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("must be one of json, csv, html"), "{refused:?}");
}

#[test]
fn an_account_is_random_unless_it_is_given() {
    let directory = directory("random", "");
    let (first, second) = (Serve::start(&directory, &[]), Serve::start(&directory, &[]));
    let account = |serve: &Serve| serve.url("OPENAI_BASE_URL").split('/').nth(4).unwrap().to_owned();
    assert_eq!(account(&first).len(), 32);
    assert_ne!(account(&first), account(&second));
    assert_eq!(first.interrupt().0, Some(0));
    assert_eq!(second.interrupt().0, Some(0));
}

#[test]
fn failures_are_said_on_the_error_output_with_a_status() {
    let directory = directory("failures", "[cache]\ntll = \"1h\"\n");
    let cases: [(&[&str], i32, &str); 6] = [
        (
            &["config", "check"],
            1,
            "config error at cache.tll: unknown key; did you mean \"ttl\"? (tollhouse.toml, line 2)",
        ),
        (&["serve"], 1, "did you mean \"ttl\"?"),
        (&["logs", "--config", "none.toml"], 1, "none.toml cannot be read"),
        (&["serve", "--prt", "1"], 2, "did you mean --port?"),
        (&["frobnicate"], 2, "there is no command \"frobnicate\""),
        (&["log"], 2, "ID is missing"),
    ];
    for (words, status, message) in cases {
        let output = run(&directory, words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {error}");
        assert!(error.starts_with("tollhouse: ") && error.contains(message), "{words:?}: {error}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn a_log_that_is_not_there_is_named_and_not_made() {
    let config = "[cache]\nttl = \"1h\"\n";
    let directory = directory("empty", config);
    for words in [&["logs"][..], &["log", "some-id"], &["usage"], &["bill"]] {
        let output = run(&directory, words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("there is no log tollhouse.db"), "{words:?}");
    }
    assert!(!directory.join("tollhouse.db").exists());
    let other_file = run(&directory, &["logs", "--db", "tollhouse.toml"]);
    assert_eq!((other_file.status.code(), other_file.stdout.len()), (Some(1), 0));
    assert_eq!(fs::read_to_string(directory.join("tollhouse.toml")).unwrap(), config, "it is left as it is");
    assert_eq!(stdout(&directory, &["config", "check"]), "tollhouse.toml: ok\n");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let directory = directory("reader", "");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = tollhouse(&directory, &["schema"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
