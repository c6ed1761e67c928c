//! A gateway with a scripted provider, a clock to turn by hand, and an empty environment.

use std::sync::Arc;

use super::{ManualClock, Scripted, Step};
use crate::config::Config;
use crate::error::Error;
use crate::gateway::Gateway;
use crate::stage::Stage;

/// 2026-01-01T12:09:00Z: one minute before a window of ten minutes ends.
const START_US: u64 = 1_767_269_340_000_000;

/// Where chance begins.
const SEED: u64 = 7;

/// A gateway under test and what it is tested with.
///
/// ```
/// # use tollhouse::{Request, testing::TestGateway};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let test = TestGateway::open("{}", r#"[{"json": {"ok": true}}]"#, None)?;
/// let answer = runtime.block_on(test.gateway.handle(Request::new(http::Method::GET, "/openai/models")))?;
/// assert_eq!(answer.status, 200);
/// assert_eq!(test.upstream.calls()[0]["url"], "https://api.openai.com/v1/models");
/// # Ok::<(), tollhouse::Error>(())
/// ```
pub struct TestGateway {
    /// The gateway.
    pub gateway: Gateway,
    /// Its clock, at 2026-01-01T12:09:00Z.
    pub clock: ManualClock,
    /// Its only provider.
    pub upstream: Scripted,
}

impl TestGateway {
    /// Opens a gateway with this configuration and a provider that answers by `script`, a JSON list of [`Step`]s.
    /// `off` names a stage to take off the road.
    ///
    /// # Errors
    /// `Config` for the configuration, `InvalidRequest` for the script or the stage.
    pub fn open(config_json: &str, script_json: &str, off: Option<&str>) -> Result<Self, Error> {
        let steps: Vec<Step> =
            serde_json::from_str(script_json).map_err(|error| Error::invalid("script", error.to_string()))?;
        let off = match off {
            Some(name) => Some(Stage::named(name).ok_or_else(|| Error::invalid("off", format!("no stage {name:?}")))?),
            None => None,
        };
        let clock = ManualClock::at(START_US);
        let upstream = Scripted::new(Arc::new(clock.clone()), steps);
        let gateway = Gateway::builder(Config::from_json(config_json)?)
            .clock(Arc::new(clock.clone()))
            .transport(Arc::new(upstream.clone()))
            .environment(|_| None)
            .seed(SEED)
            .without(off)
            .build()?;
        Ok(Self { gateway, clock, upstream })
    }
}
