//! Prepaid credit: which calls draw on which wallet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::budgets::Unpriced;
use super::dimension::{By, Dimension};
use crate::error::Error;

/// A thousand percent on top is a slip of the hand.
const MAX_MARKUP_PERCENT: u16 = 1_000;

/// Prepaid credit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreditsConfig {
    /// The `SQLite` file of the ledger, shared by the processes of one host. Without it credit is kept in memory and ends
    /// with the gateway.
    #[serde(serialize_with = "super::as_text")]
    pub path: Option<PathBuf>,
    /// Wallets under names of your own. A call draws on the first one, by name, that is for it; one that none is for costs
    /// no credit.
    pub wallets: BTreeMap<String, WalletConfig>,
}

/// A wallet, or one for each of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WalletConfig {
    /// Who has a wallet of their own, called `{name}/{value}`: `provider`, `model`, `key`, `user`, `metadata.{key}`, or a
    /// list of them. Without it there is one, called `{name}`.
    pub by: By,
    /// Which calls it is for, by the same words. A `*` at the end stands for anything. Without it, for all.
    pub when: BTreeMap<Dimension, String>,
    /// What is drawn beyond the cost of a call, in percent of it: 0 to 1000.
    #[schemars(range(max = 1000))]
    pub markup_percent: u16,
    /// What happens to a call whose cost nobody can tell before; `refuse` without it.
    pub unpriced: Option<Unpriced>,
}

impl CreditsConfig {
    pub(super) fn validate(&self) -> Result<(), Error> {
        if cfg!(not(feature = "sqlite")) && !self.wallets.is_empty() {
            return Err(Error::config(
                "credits.wallets",
                "this build has no SQLite, which keeps the ledger; leave them out",
            ));
        }
        for (name, wallet) in &self.wallets {
            let path = format!("credits.wallets.{name}");
            if name.is_empty() || name.contains('/') {
                return Err(Error::config(
                    path,
                    "a wallet's name is not empty and has no \"/\", which stands before whose it is",
                ));
            }
            if wallet.markup_percent > MAX_MARKUP_PERCENT {
                let message = format!("{} is over 1000 percent", wallet.markup_percent);
                return Err(Error::config(format!("{path}.markup_percent"), message));
            }
            wallet.by.validate(&format!("{path}.by"))?;
            super::limits::validate_when(&path, &wallet.when)?;
        }
        Ok(())
    }

    /// A damaged file of logs, counts or answers is replaced by a new one, and a ledger never is.
    pub(super) fn stands_alone(&self, others: [(&str, Option<&PathBuf>); 3]) -> Result<(), Error> {
        match others.into_iter().find(|(_, path)| path.is_some() && *path == self.path.as_ref()) {
            Some((other, _)) => {
                Err(Error::config("credits.path", format!("is {other} too; give the ledger a file of its own")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_cannot_be_a_wallet_is_refused_by_its_field() {
        for (text, message) in [
            (
                "wallets = { 'a/b' = {} }",
                "wallets.a/b: a wallet's name is not empty and has no \"/\", which stands before whose it is",
            ),
            (
                "wallets = { '' = {} }",
                "wallets.: a wallet's name is not empty and has no \"/\", which stands before whose it is",
            ),
            ("wallets = { a = { markup_percent = 1001 } }", "wallets.a.markup_percent: 1001 is over 1000 percent"),
            ("wallets = { a = { by = 'users' } }", "wallets.a.by"),
            (
                "wallets = { a = { unpriced = 'perhaps' } }",
                "wallets.a.unpriced: \"perhaps\" is not one of refuse, pass",
            ),
            ("wallets = { a = { markup = 5 } }", "wallets.a.markup"),
        ] {
            let error = Config::from_toml(&format!("credits = {{ {text} }}")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("config error at credits.{message}")), "{error}");
        }
        let shared = "credits.path = 'a.db'\nlimits.path = 'a.db'";
        let error = Config::from_toml(shared).unwrap_err().to_string().replace(" (line 1)", "");
        assert_eq!(error, "config error at credits.path: is limits.path too; give the ledger a file of its own");
    }
}
