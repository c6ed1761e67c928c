//! Which wallet a call draws on.

use crate::config::{Config, Dimension, Unpriced};
use crate::exchange::Target;

/// The wallets of one entry of the configuration.
#[derive(Debug)]
pub(super) struct Wallet {
    pub(super) name: String,
    by: Vec<Dimension>,
    when: Vec<(Dimension, String)>,
    markup_percent: u16,
    pub(super) passes_unpriced: bool,
}

impl Wallet {
    /// In the order of their names.
    pub(super) fn all(config: &Config) -> Vec<Self> {
        let wallet = |(name, wallet): (&String, &crate::config::WalletConfig)| Self {
            name: name.clone(),
            by: wallet.by.dimensions().to_vec(),
            when: wallet.when.iter().map(|(dimension, value)| (dimension.clone(), value.clone())).collect(),
            markup_percent: wallet.markup_percent,
            passes_unpriced: wallet.unpriced == Some(Unpriced::Pass),
        };
        config.credits.wallets.iter().map(wallet).collect()
    }

    /// Whether a call draws on it, or on one of them.
    pub(super) fn is_for(&self, target: &Target) -> bool {
        target.is_meant(&self.when)
    }

    /// The wallet that a call draws on: `customers/acme`.
    pub(super) fn of(&self, target: &Target) -> String {
        let mut name = self.name.clone();
        for dimension in &self.by {
            name.push('/');
            match dimension {
                // A key is never written down.
                Dimension::Key => name.push_str(&target.key_digest()),
                other if self.by.len() == 1 => name.push_str(&target.value(other)),
                // Two values never read like two others.
                other => name.push_str(&target.value(other).replace('%', "%25").replace('/', "%2F")),
            }
        }
        name
    }

    /// What is drawn for a cost, rounded up.
    pub(super) fn price(&self, cost: u64) -> i64 {
        let price = (u128::from(cost) * u128::from(100 + self.markup_percent)).div_ceil(100);
        i64::try_from(price).unwrap_or(i64::MAX)
    }
}
