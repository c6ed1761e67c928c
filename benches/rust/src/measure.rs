//! Batches in turn, and what a unit of work costs in each.

use std::time::Instant;

use cpu_time::{ProcessTime, ThreadTime};

use crate::Failure;

/// What one unit of work cost, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// CPU time of the whole process: the caller's thread and the log's.
    pub cpu: f64,
    /// CPU time of the caller's thread alone.
    pub caller: f64,
    /// Time on the wall.
    pub wall: f64,
}

/// A batch: does its work and says what a unit of it cost.
pub type Batch<'a> = Box<dyn FnMut() -> Result<Cost, Failure> + 'a>;

/// The cost of one of the `units` that `work` does.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 calls")]
pub fn timed(units: usize, work: impl FnOnce() -> Result<(), Failure>) -> Result<Cost, Failure> {
    let (process, thread, wall) = (ProcessTime::now(), ThreadTime::now(), Instant::now());
    work()?;
    let per_unit = |time: std::time::Duration| time.as_secs_f64() * 1e6 / units as f64;
    Ok(Cost { cpu: per_unit(process.elapsed()), caller: per_unit(thread.elapsed()), wall: per_unit(wall.elapsed()) })
}

/// Plays every batch once a round, each round beginning with another one. The result has a list of costs per batch.
pub fn alternate(rounds: usize, batches: &mut [Batch<'_>]) -> Result<Vec<Vec<Cost>>, Failure> {
    /// Rounds that only warm up.
    const WARM_UP: usize = 2;
    let count = batches.len();
    let mut costs = vec![Vec::with_capacity(rounds); count];
    for round in 0..rounds + WARM_UP {
        for turn in 0..count {
            let at = (turn + round) % count;
            let cost = batches[at]()?;
            if round >= WARM_UP {
                costs[at].push(cost);
            }
        }
    }
    Ok(costs)
}

/// The middle one of `values`.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
