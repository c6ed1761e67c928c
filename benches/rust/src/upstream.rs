//! The scripted upstream in a process of its own, so that its work is not counted as the client's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Failure;

pub struct Upstream {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    process: Child,
}

impl Upstream {
    pub fn start(program: &str) -> Result<Self, Failure> {
        // It ends when its standard input closes, so nothing is left running, whatever becomes of this process.
        let mut process = Command::new(program)
            .args(["--port", "0", "--with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program} cannot be started: {error}"))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("the upstream has no standard output")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").ok_or("the upstream did not say where it listens")?;
        Ok(Self { url: url.to_owned(), process })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It goes by itself; waiting only reaps it.
        let _ = self.process.wait();
    }
}
