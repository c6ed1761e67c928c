//! A model that a route may ask.

use std::sync::Arc;

use super::fit::Abilities;
use super::health::Health;
use crate::provider::Provider;

/// A model that a route may ask, with all that is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// `provider/model`, as it was written.
    pub(crate) name: String,
    pub(crate) provider: Arc<Provider>,
    pub(crate) model: String,
    pub(crate) weight: u32,
    pub(crate) abilities: Abilities,
    /// Input and output, in nano-dollars per million tokens.
    pub(crate) price: Option<(u64, u64)>,
    pub(crate) health: Arc<Health>,
    /// Of its name: where it stands when callers are spread by a key.
    pub(crate) place: u64,
}

/// FNV-1a: the same on every machine and in every version, so that who sticks to a model goes on doing so.
pub(crate) fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Mixes two digests into one (the finaliser of `SplitMix64`).
pub(crate) fn mixed(one: u64, other: u64) -> u64 {
    let mut hash = one ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A digest as a number from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a number between 0 and 1 holds")]
pub(crate) fn share(digest: u64) -> f64 {
    (digest >> 11) as f64 / (1_u64 << 53) as f64
}
