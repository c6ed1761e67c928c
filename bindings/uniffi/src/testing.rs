//! A gateway with a scripted provider and a clock to turn by hand, for the tests of apps that use tollhouse.

use std::sync::Arc;
#[cfg(feature = "testing")]
use std::time::Duration;

use crate::errors::Failure;
use crate::gateway::Gateway;

/// What a gateway is tested with.
#[derive(uniffi::Object)]
pub struct TestGateway {
    gateway: Arc<Gateway>,
    #[cfg(feature = "testing")]
    test: tollhouse::testing::TestGateway,
}

#[uniffi::export]
impl TestGateway {
    /// A gateway with this configuration (JSON) whose provider answers by `script` (a JSON list of steps).
    #[uniffi::constructor]
    pub fn open(config: String, script: String) -> Result<Arc<Self>, Failure> {
        #[cfg(feature = "testing")]
        {
            let test = tollhouse::testing::TestGateway::open(&config, &script, None)?;
            Ok(Arc::new(Self { gateway: Arc::new(Gateway::new(test.gateway.clone())), test }))
        }
        #[cfg(not(feature = "testing"))]
        {
            let _ = (config, script);
            Err(Failure::left_out("test gateway", "testing"))
        }
    }

    /// The gateway under test.
    pub fn gateway(&self) -> Arc<Gateway> {
        self.gateway.clone()
    }

    /// What the provider was asked so far, as JSON text.
    pub fn calls(&self) -> String {
        #[cfg(feature = "testing")]
        return self.test.upstream.calls().to_string();
        #[cfg(not(feature = "testing"))]
        return "[]".to_owned();
    }

    /// Turns the clock on.
    pub fn advance(&self, milliseconds: u64) {
        #[cfg(feature = "testing")]
        self.test.clock.advance(Duration::from_millis(milliseconds));
        #[cfg(not(feature = "testing"))]
        let _ = milliseconds;
    }
}
