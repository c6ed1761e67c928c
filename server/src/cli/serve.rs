//! `serve`.

use std::future::Future;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;
use tollhouse::{Config, Gateway};

use super::arguments::Arguments;
use super::table::{Side, Table};
use super::{Failure, configuration};
use crate::Loopback;

/// Where the server is to be found if neither flag nor configuration says.
const PORT: u16 = 8787;

/// How long the last logs may take to be written.
const CLOSE: Duration = Duration::from_secs(2);

/// The variables by which SDKs are told a base URL, and the provider that each SDK speaks to. The name of each stands in
/// the reference of that SDK.
const BASE_URLS: [(&str, &str); 6] = [
    ("OPENAI_BASE_URL", "openai"),
    ("ANTHROPIC_BASE_URL", "anthropic"),
    ("GOOGLE_GEMINI_BASE_URL", "google-ai-studio"),
    ("GROQ_BASE_URL", "groq"),
    ("TOGETHER_BASE_URL", "together"),
    ("CO_API_URL", "cohere"),
];

/// Serves until it is interrupted.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut config = configuration::load(arguments)?;
    config.server.port = port(arguments, &config)?;
    let gateway = Gateway::new(config)?;
    let mut loopback = Loopback::new(gateway.clone());
    if let Some(account) = arguments.value("account") {
        loopback = loopback.with_account(account)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anybody can have read that the server is there.
        let interrupted = interrupted()?;
        // A log that cannot be written must be known before there is anything to write.
        gateway.logs(&json!({"limit": 1})).await?;
        announce(&gateway, &loopback, out)?;
        interrupted.await;
        Ok::<_, Failure>(())
    })?;
    loopback.stop();
    gateway.close(CLOSE);
    Ok(writeln!(out, "\nStopped.")?)
}

/// A port that is named, or the usual one: 0 in a configuration is its default, not a wish.
fn port(arguments: &Arguments, config: &Config) -> Result<u16, Failure> {
    let configured = if config.server.port == 0 { PORT } else { config.server.port };
    Ok(arguments.number("port")?.unwrap_or(configured))
}

fn announce(gateway: &Gateway, loopback: &Loopback, out: &mut dyn Write) -> Result<(), Failure> {
    let config = gateway.config();
    writeln!(out, "The gateway {:?} is served on this machine. Tell an SDK by its variable:\n", config.id)?;
    for (variable, provider) in BASE_URLS {
        writeln!(out, "{variable}={}", loopback.get_url(Some(provider))?)?;
    }
    let mut others = Table::of([Side::Left; 2]);
    others.row(["Any other provider", &loopback.get_url(Some("{provider}"))?]);
    others.row(["Any model in OpenAI's shape", &loopback.get_url(Some("compat"))?]);
    others.row(["A list of targets to try", &loopback.get_url(None)?]);
    others.row(["The dashboard, in a browser", &loopback.ui_url()?]);
    match (gateway.health()?.log.degraded, &config.logs.path) {
        (Some(reason), _) => others.row(["Logs", &reason]),
        (None, Some(path)) => others.row(["Logs (tollhouse logs)", &path.display().to_string()]),
        (None, None) => {}
    }
    if config.server.token.is_some() {
        others.row(["Needed in each request", "cf-aig-authorization: Bearer {server.token}"]);
    }
    writeln!(out, "\n{others}\nCtrl-C stops it.")?;
    Ok(out.flush()?)
}

/// Ends at Ctrl-C, or when the process is asked to end.
#[cfg(unix)]
pub(super) fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends at Ctrl-C.
#[cfg(windows)]
pub(super) fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
