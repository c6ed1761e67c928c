//! The ledger of a build without SQLite: it has no wallets, since the configuration refuses them, and says so when it is
//! asked.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::exchange::Target;
use crate::held::Credit;
use crate::refusal::Refusal;
use crate::store::StoreHealth;

/// A ledger without wallets.
pub(crate) struct Ledger;

#[allow(clippy::unused_async, clippy::unused_self, reason = "the shape is that of the ledger which keeps something")]
impl Ledger {
    pub(crate) fn new(_config: &Config, _clock: Arc<dyn Clock>) -> Self {
        Self
    }

    pub(crate) fn is_for(&self, _target: &Target) -> bool {
        false
    }

    pub(crate) async fn reserve(&self, _target: &Target, _at_most: Option<u64>) -> Result<Option<Credit>, Refusal> {
        Ok(None)
    }

    pub(crate) fn unheld(&self, _target: &Target) -> Option<Credit> {
        None
    }

    pub(crate) fn settle(&self, _credit: Credit, _cost: Option<u64>, _log_id: Option<&str>) {}

    pub(crate) async fn top_up(&self, _wallet: &str, _amount: &str, _options: &Value) -> Result<Value, Error> {
        Err(no_ledger())
    }

    pub(crate) async fn refund(&self, _wallet: &str, _amount: &str, _options: &Value) -> Result<Value, Error> {
        Err(no_ledger())
    }

    pub(crate) async fn balance(&self, _wallet: &str) -> Result<Value, Error> {
        Err(no_ledger())
    }

    pub(crate) async fn entries(&self, _query: &Value) -> Result<Value, Error> {
        Err(no_ledger())
    }

    pub(crate) fn health(&self) -> Option<StoreHealth> {
        None
    }

    pub(crate) fn release(&self, _budget: Duration) -> bool {
        true
    }

    pub(crate) fn close(&self, _budget: Duration) {}
}

fn no_ledger() -> Error {
    Error::new(ErrorKind::Storage, "this build keeps no ledger; build it with the feature `sqlite`")
}
