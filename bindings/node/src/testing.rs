//! A gateway with a scripted provider and a clock to turn by hand, for the tests of programs that use tollhouse.

use std::time::Duration;

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use tollhouse::testing;

use crate::calls::Calls;
use crate::errors::Failure;
use crate::gateway::Gateway;

/// Opens a test gateway: `config` and `script` are JSON text.
#[napi]
pub fn open_test(calls: &Calls, config: String, script: String) -> Either<TestGateway, Failure> {
    match testing::TestGateway::open(&config, &script, None) {
        Ok(test) => Either::A(TestGateway { gateway: Some(Gateway::new(calls, test.gateway.clone())), test }),
        Err(error) => Either::B(error.into()),
    }
}

/// What a gateway is tested with.
#[napi]
pub struct TestGateway {
    test: testing::TestGateway,
    gateway: Option<Gateway>,
}

#[napi]
impl TestGateway {
    /// The gateway under test, once.
    #[napi]
    pub fn gateway(&mut self) -> Option<Gateway> {
        self.gateway.take()
    }

    /// What the provider was asked so far, as JSON text.
    #[napi]
    pub fn calls(&self) -> String {
        self.test.upstream.calls().to_string()
    }

    /// Turns the clock on.
    #[napi]
    pub fn advance(&self, ms: u32) {
        self.test.clock.advance(Duration::from_millis(ms.into()));
    }
}
