//! How a gateway is doing, in one answer.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::log::LogHealth;
use crate::outbox::Standing;
use crate::store::StoreHealth;

/// How a gateway is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The log.
    #[serde(flatten)]
    pub log: LogHealth,
    /// Where processes count together for the limits; `None` where each counts for itself.
    pub limits: Option<StoreHealth>,
    /// Where processes keep answers together for the cache; `None` where each keeps its own.
    pub cache: Option<StoreHealth>,
    /// The routes whose file has changed and was refused, by name, and why; what was in force goes on.
    pub routes: BTreeMap<String, String>,
    /// How each receiver of logs stands, as this process last saw it.
    pub uploads: BTreeMap<String, UploadHealth>,
    /// The file of the ledger of credits; `None` where it is kept in memory.
    pub credits: Option<StoreHealth>,
    /// Budgets of which so much is used that it was to be told, in words.
    pub budgets: Vec<String>,
}

/// How a receiver of logs stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UploadHealth {
    /// What waits for it, what it has, and what was lost on the way, by cause.
    #[serde(flatten)]
    pub standing: Standing,
    /// Why it takes nothing just now; `None` when it does.
    pub trouble: Option<String>,
}
