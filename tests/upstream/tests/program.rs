//! The program itself: it says where it listens, answers, and goes with its standard input.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::client;

#[tokio::test]
async fn it_lives_as_long_as_its_input() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tollhouse-upstream"))
        .args(["--port", "0", "--with-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.strip_prefix("listening on ").unwrap().trim_end();
    assert_eq!(client().get(format!("{url}/__ledger")).send().await.unwrap().text().await.unwrap(), "[]");
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
}

#[test]
fn it_explains_itself() {
    let refused = Command::new(env!("CARGO_BIN_EXE_tollhouse-upstream")).arg("--prot").output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().starts_with("usage:"));
}
