//! `collect`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use tollhouse::{Collector, Secret};

use super::Failure;
use super::arguments::Arguments;
use super::serve::interrupted;
use crate::collect::router;

/// Where it listens if no flag says.
const LISTEN: &str = "127.0.0.1:8790";
/// Where the logs of a fleet are kept if no flag says.
const FILE: &str = "tollhouse-fleet.db";
/// The variable that holds the key if no flag names another.
const KEY: &str = "TOLLHOUSE_COLLECT_KEY";

/// Collects until it is interrupted.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let listen = arguments.value("listen").unwrap_or(LISTEN);
    let address: SocketAddr = listen
        .parse()
        .map_err(|_| Failure::Usage(format!("--listen: {listen:?} is no address such as {LISTEN} or 0.0.0.0:8790")))?;
    let variable = arguments.value("key-env").unwrap_or(KEY);
    let key = std::env::var(variable).ok().map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    let remedy = "put a key of your choice into it, and the same one into uploads.NAME.key of each gateway";
    let key = key.ok_or_else(|| Failure::Failed(format!("the variable {variable} is not set: {remedy}")))?;
    let path = PathBuf::from(arguments.value("db").unwrap_or(FILE));
    let collector = Collector::new(path.clone(), arguments.number("max-records")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let interrupted = interrupted()?;
        // A file that cannot be written must be known before anybody sends to it.
        collector.take(b"").await?;
        let listener = tokio::net::TcpListener::bind(address).await?;
        let at = listener.local_addr()?;
        writeln!(out, "Logs are collected at http://{at}/ into {}.", path.display())?;
        writeln!(out, "tollhouse ui --db {} shows them. Ctrl-C stops it.", path.display())?;
        out.flush()?;
        let serving = axum::serve(listener, router(collector, Secret::new(key)));
        // A batch under way is answered, or sent again by whoever heard no answer.
        tokio::select! {
            served = async { serving.await } => served?,
            () = interrupted => {}
        }
        Ok::<_, Failure>(())
    })?;
    Ok(writeln!(out, "\nStopped.")?)
}
