//! What the next calls get instead of a normal answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;

/// The header that carries a step for its own call.
const HEADER: &str = "x-upstream-script";

/// What one call gets. Everything left out is as in a normal answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// The status. From 400 on and without a `body`, the answer is the provider's own error.
    pub status: Option<u16>,
    /// Headers to set on the answer.
    pub headers: BTreeMap<String, String>,
    /// The body: a string is sent as it is, anything else as JSON.
    pub body: Option<Value>,
    /// Before the first byte, in milliseconds.
    pub delay_ms: Option<u64>,
    /// Between two chunks, in milliseconds.
    pub chunk_delay_ms: Option<u64>,
    /// Sends the body in chunks of this many bytes, whatever they cut through.
    pub chunk_bytes: Option<usize>,
    /// How the call goes wrong.
    pub fail: Option<Fail>,
    /// Where a `fail` in the middle happens, in bytes of the body as sent. Alone, it means [`Fail::Cut`].
    pub cut_after_bytes: Option<usize>,
    /// The `retry-after` header: seconds, or any text.
    pub retry_after: Option<Value>,
    /// Packs the body, with `content-encoding: gzip`.
    pub gzip: bool,
}

/// A way for a call to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fail {
    /// The connection closes before a byte of the answer.
    Refuse,
    /// The connection is reset (RST), before a byte or after `cut_after_bytes`.
    Reset,
    /// The connection closes (FIN) half way.
    Cut,
    /// The answer ends half way, with a proper end of HTTP.
    Truncate,
    /// Half way nothing more comes, and the connection stays open.
    Stall,
}

impl Step {
    /// A normal answer.
    pub fn ok() -> Self {
        Self::default()
    }

    /// The provider's own error with this status.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// A call that goes wrong.
    pub fn fail(fail: Fail) -> Self {
        Self { fail: Some(fail), ..Self::default() }
    }
}

/// The steps to come.
#[derive(Default)]
pub(crate) struct Script(Mutex<VecDeque<Step>>);

impl Script {
    /// Reads a JSON array of steps; `null` is a normal answer.
    pub(crate) fn parse(json: &[u8]) -> Result<Vec<Step>, String> {
        let steps: Vec<Option<Step>> =
            serde_json::from_slice(json).map_err(|error| format!("a script is a JSON array of steps: {error}"))?;
        Ok(steps.into_iter().map(Option::unwrap_or_default).collect())
    }

    pub(crate) fn add(&self, steps: impl IntoIterator<Item = Step>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(steps);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The step for this call: from its header, else the next one, else what its model's name says, else none.
    pub(crate) fn next(&self, call: &Call) -> Result<Step, String> {
        if let Some(header) = call.header(HEADER) {
            return serde_json::from_str(header).map_err(|error| format!("{HEADER} is a step in JSON: {error}"));
        }
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Ok(next.or_else(|| told_by(call.short_model())).unwrap_or_default())
    }
}

/// Models that fail by their names, for programs that can choose nothing but a model.
fn told_by(model: &str) -> Option<Step> {
    if model == "cut-stream" {
        return Some(Step::fail(Fail::Cut));
    }
    if let Some(delay) = model.strip_prefix("slow-").and_then(|rest| rest.strip_suffix("ms")) {
        return Some(Step { delay_ms: Some(delay.parse().ok()?), ..Step::ok() });
    }
    let status = model.strip_prefix("fail-")?.parse().ok().filter(|status| (400..600).contains(status))?;
    Some(Step { retry_after: (status == 429).then(|| 1.into()), ..Step::status(status) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_fail() {
        assert_eq!(told_by("fail-503").unwrap().status, Some(503));
        assert_eq!(told_by("fail-429").unwrap().retry_after, Some(1.into()));
        assert_eq!(told_by("slow-300ms").unwrap().delay_ms, Some(300));
        assert_eq!(told_by("cut-stream").unwrap().fail, Some(Fail::Cut));
        for normal in ["fail-200", "fail-fast", "slow-ms", "gpt-4o"] {
            assert!(told_by(normal).is_none(), "{normal}");
        }
    }

    #[test]
    fn a_misspelt_step_is_refused() {
        assert!(Script::parse(br#"[{"stauts": 503}]"#).unwrap_err().contains("stauts"));
        assert_eq!(Script::parse(br#"[null, {"fail": "truncate"}]"#).unwrap()[1].fail, Some(Fail::Truncate));
    }
}
