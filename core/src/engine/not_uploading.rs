//! A build without a log has nothing to send.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::log::LogStore;
use crate::outbox::Standing;
use crate::store::Background;

/// No receivers.
pub(crate) struct Uploads;

#[allow(clippy::unused_self, reason = "the shape is that of what sends something")]
impl Uploads {
    pub(crate) fn new(_config: &Config, _holder: &str) -> Self {
        Self
    }

    pub(crate) fn appended(&self, _log: &Arc<LogStore>, _background: &Background) {}

    pub(crate) fn health(&self) -> impl Iterator<Item = (String, Standing, Option<String>)> {
        std::iter::empty()
    }

    pub(crate) fn hold(&self) {}

    pub(crate) fn close(&self, budget: Duration) -> Duration {
        budget
    }
}
