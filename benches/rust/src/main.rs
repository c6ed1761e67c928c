//! What the gateway costs beside bare `reqwest`: both are asked in turn, batch by batch, so that a busy machine slows both
//! alike, and the ratio of each round is what counts.
//!
//! `ratios UPSTREAM` takes the path of a release-built `tollhouse-upstream`, which it starts and ends.

mod cases;
mod clients;
mod measure;
mod report;
mod upstream;

use std::error::Error;

use self::upstream::Upstream;

/// What a case or a client may end with. A bench has nobody to recover for.
type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let program = std::env::args().nth(1).ok_or("usage: ratios UPSTREAM, the path of a built tollhouse-upstream")?;
    let upstream = Upstream::start(&program)?;
    // One thread makes the calls, as targets are given for one core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = cases::all(&runtime, &upstream.url)?;
    report::print("Rust", &rows);
    Ok(())
}
