//! Single rooms of the road, for benches that measure what each of them costs a call.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Map;

use crate::account::Meter;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::engine::{self, Engine, Parts};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::held::Held;
use crate::message::Request;
use crate::pipeline;
use crate::provider::Catalogue;
use crate::record::{Record, Trail};
use crate::route::{Course, Here, Question};
use crate::stage::Stages;
use crate::usage::Format;

/// The rooms of a gateway that calls nobody.
///
/// ```
/// use tollhouse::{Request, testing::Rooms};
/// let rooms = Rooms::open(r#"{"limits": {"requests": {"limit": 1, "per": "1h", "by": "user"}}}"#)?;
/// assert_eq!(rooms.resolve(Request::post("/openai/chat/completions", &serde_json::json!({}))), 1);
/// assert!(rooms.admit("a") && !rooms.admit("a") && rooms.admit("b"));
/// # Ok::<(), tollhouse::Error>(())
/// ```
pub struct Rooms {
    engine: Engine,
    /// A call that asks the limits.
    caller: Mutex<Exchange>,
}

impl Rooms {
    /// Opens a gateway with this configuration and an empty environment.
    ///
    /// # Errors
    /// `Config`, naming the field that cannot work.
    pub fn open(config_json: &str) -> Result<Self, Error> {
        let config = Config::from_json(config_json)?;
        config.validate()?;
        let catalogue = Arc::new(Catalogue::new(&config, &[], &|_| None)?);
        let routes = engine::routes(&config, &catalogue)?;
        let parts = Parts {
            clock: Arc::new(SystemClock::new()),
            transport: None,
            hosted: BTreeMap::new(),
            keys: None,
            embedder: None,
            stages: Stages::default(),
            seed: None,
        };
        let engine = Engine::new(Arc::new(config), catalogue, routes, &parts);
        let (caller, _) = pipeline::resolve(&engine, Request::post("/openai/chat/completions", &serde_json::json!({})));
        Ok(Self { engine, caller: Mutex::new(caller) })
    }

    /// How many targets a request has; none if it is refused.
    #[must_use]
    pub fn resolve(&self, request: Request) -> usize {
        pipeline::resolve(&self.engine, request).0.targets.len()
    }

    /// Whether the route of this name leads a call to a model.
    #[must_use]
    pub fn choose(&self, route: &str) -> bool {
        let nothing = (Bytes::new(), HeaderMap::new(), Map::new());
        let question = Question {
            body: &nothing.0,
            headers: &nothing.1,
            metadata: &nothing.2,
            count: &|_, _| None,
            json: OnceCell::new(),
        };
        let now_us = self.engine.clock.monotonic_us();
        let here = Here { question: &question, now_us, chance: &|| self.engine.chance(), wall_us: now_us, tries: 0 };
        let course = self.engine.routes.get(route).map(Course::new);
        course.is_some_and(|mut course| course.next(&here, &mut Trail::default()).is_some())
    }

    /// Whether the limits let one more call for `user` pass. Without limits all pass.
    ///
    /// # Panics
    /// Never: nobody else holds the target.
    #[must_use]
    pub fn admit(&self, user: &str) -> bool {
        let mut caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
        let target = Arc::get_mut(&mut caller.targets[0]).expect("nobody else holds this target");
        Arc::make_mut(&mut target.policy).metadata.insert("user".to_owned(), user.into());
        let (limits, mut held) = (&self.engine.limits, Held::default());
        let Ok(asks) = limits.asks(target, &held, &|_| None) else { return false };
        let taken = pin!(limits.take(&asks, 0, target, &mut held));
        matches!(taken.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
    }

    /// Hands a record to the log.
    pub fn append(&self, record: Record) {
        self.engine.log.append(record);
    }

    /// Ends when the log has written what it was given.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn flush(&self) -> Result<(), Error> {
        self.engine.log.flush().await
    }

    /// The output tokens that a stream in `format` tells, metered chunk by chunk.
    #[must_use]
    pub fn meter<'a>(&self, format: Format, chunks: impl IntoIterator<Item = &'a [u8]>) -> Option<u64> {
        let mut meter = Meter::new(format, true);
        for chunk in chunks {
            meter.feed(chunk);
        }
        meter.finish().usage?.tokens_out
    }
}
