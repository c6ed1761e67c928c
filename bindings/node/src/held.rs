//! What an environment holds until it ends: calls in flight, bodies between two reads, gateways.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tollhouse::Gateway;

use crate::body::Slot;
use crate::host::Reply;
use crate::task::Task;

/// How long the end of an environment may wait for each of its gateways to write its last logs.
const END_BUDGET: Duration = Duration::from_secs(1);

/// All that has to be let go of when the environment ends. Numbers are given out once and name one thing.
#[derive(Default)]
pub struct Held {
    last_id: u32,
    pub tasks: HashMap<u32, Arc<Task>>,
    pub bodies: HashMap<u32, Arc<Slot>>,
    pub gateways: HashMap<u32, Gateway>,
    /// Where answers of the program's own go.
    pub replies: HashMap<u32, Reply>,
}

impl Held {
    pub fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// Cancels what is in flight, then writes the logs: a call that is cancelled is logged too.
    pub fn end(self) {
        for task in self.tasks.values() {
            task.cancel();
        }
        for body in self.bodies.values() {
            body.close();
        }
        for gateway in self.gateways.values() {
            gateway.close(END_BUDGET);
        }
    }
}
