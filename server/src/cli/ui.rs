//! `ui`.

use std::io::Write;
use std::time::Duration;

use tollhouse::Gateway;

use super::arguments::Arguments;
use super::serve::interrupted;
use super::{Failure, configuration};
use crate::Loopback;

/// How long a rating may take to be written.
const CLOSE: Duration = Duration::from_secs(2);

/// Serves the pages until it is interrupted.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut config = configuration::load_present(arguments)?;
    config.server.port = arguments.number("port")?.unwrap_or(0);
    let gateway = Gateway::new(config)?;
    let loopback = Loopback::new(gateway.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anybody can have read that the server is there.
        let interrupted = interrupted()?;
        writeln!(
            out,
            "Open this in a browser on this machine; its key is for you alone:\n\n{}\n\nCtrl-C stops it.",
            loopback.ui_url()?
        )?;
        out.flush()?;
        interrupted.await;
        Ok::<_, Failure>(())
    })?;
    loopback.stop();
    gateway.close(CLOSE);
    Ok(writeln!(out, "\nStopped.")?)
}
