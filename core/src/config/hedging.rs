//! Second calls beside those that do not begin to answer.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::Span;
use super::validate;
use crate::error::Error;

/// A second call beside one that does not begin to answer: the first good answer is taken, and the other call is let go.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HedgingConfig {
    /// After so long without an answer, up to 1 day. Without it, or with `"0"`, only requests that ask for it are hedged.
    pub after: Option<Span>,
    /// In the place of `after`, once twenty answers of a model are known: the time within which so many percent of its last
    /// hundred began, 50 to 99.
    #[schemars(range(min = 50, max = 99))]
    pub percentile: Option<u8>,
    /// Who is asked beside.
    pub to: HedgeTo,
    /// How many calls to a provider may be hedged, in percent of all calls to it: 0 to 100. Ten are always free, so that a
    /// few calls alone are hedged as they ask. 0 sets no bound.
    #[schemars(range(max = 100))]
    pub budget_percent: u8,
}

impl Default for HedgingConfig {
    fn default() -> Self {
        Self { after: None, percentile: None, to: HedgeTo::default(), budget_percent: 10 }
    }
}

impl HedgingConfig {
    /// After how long a call is hedged, or `None` where none is by default.
    #[must_use]
    pub fn after(&self) -> Option<Duration> {
        Span::unless_zero(self.after)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let hint = "; without it, or with \"0\", nothing is hedged by itself";
        validate::within("hedging.after", self.after.unwrap_or_default(), Span::default(), validate::DAY, hint)?;
        if let Some(percentile) = self.percentile.filter(|percentile| !(50..=99).contains(percentile)) {
            let message = format!("{percentile} is outside 50 to 99; 95 hedges one call in twenty");
            return Err(Error::config("hedging.percentile", message));
        }
        validate::percent("hedging.budget_percent", self.budget_percent)
    }
}

/// Who is asked beside a call that does not begin to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HedgeTo {
    /// The next target, as after an outage; the same one where no other follows.
    #[default]
    Next,
    /// The same one again.
    Same,
}
