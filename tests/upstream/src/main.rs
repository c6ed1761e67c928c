//! `tollhouse-upstream [--port N] [--ledger FILE] [--with-stdin]`

use std::io::{Read, Write};
use std::process::ExitCode;

use tollhouse_upstream::Options;

const USAGE: &str = "usage: tollhouse-upstream [--port N] [--ledger FILE] [--with-stdin]
  --port N        listen on 127.0.0.1:N; 0, the default, takes a free port
  --ledger FILE   append every call to FILE, one JSON object per line
  --with-stdin    exit when standard input closes, so that a crashed test leaves nothing running";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (options, with_stdin) = read_arguments(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| error.to_string())?;
    let upstream = runtime.block_on(options.start()).map_err(|error| format!("cannot start: {error}"))?;

    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", upstream.url()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;

    if with_stdin {
        // What comes in is of no interest; its end, or its failure, is the sign to go.
        let _ = std::io::copy(&mut std::io::stdin().lock().by_ref(), &mut std::io::sink());
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<(Options, bool), String> {
    let (mut options, mut with_stdin) = (Options::default(), false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "--port" => options.port = value()?.parse().map_err(|_| format!("--port takes 0 to 65535\n{USAGE}"))?,
            "--ledger" => options.ledger = Some(value()?.into()),
            "--with-stdin" => with_stdin = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok((options, with_stdin))
}
