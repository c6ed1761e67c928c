//! The tries at one target on behalf of all who ask for the same answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::admit::admit;
use super::attempt::{attempt, no_answer};
use super::choose::Leg;
use super::metered::Metered;
use super::near::near;
use super::settling::price;
use crate::answer::{Answer, Content, Failure, Head, Reached, Shared, Told, Word};
use crate::cache::{self, Entry, Flow, Given, Heading, Kept, Landing, Lease, Member, Recording, Turn};
use crate::engine::Engine;
use crate::error::Error;
use crate::exchange::{Exchange, Target};
use crate::route::{Tries, timed_out, within};
use crate::stage::Stage;

/// What a call that may share came to.
pub(super) enum Flown {
    /// An answer that is in the cache by now.
    Hit(Given),
    /// A good answer, shared.
    Shared(Arc<Head>, Member<Shared>),
    /// An answer of its own, or none.
    Own(Reached),
}

/// Joins the flight to target number `step`, or leads it. What goes out is admitted before.
pub(super) async fn fly(engine: &Arc<Engine>, exchange: &mut Exchange, step: usize, leg: Leg) -> Flown {
    let target = &exchange.targets[step];
    let Some(member) = engine.join(target) else {
        return alone(engine, exchange, step, &leg).await;
    };
    let timeout = target.policy.timeout.filter(|_| engine.stages.on(Stage::Timeout));
    let mut limit = Tries::new(&target.policy.retry, timeout, !leg.is_last).first_byte(&exchange.deadlines);
    let leg = Arc::new(leg);
    loop {
        let Some(turn) = within(&engine.clock, limit, member.turn()).await else {
            let (_, error) = timed_out(limit.unwrap_or_default());
            return Flown::Own(Err(no_answer(exchange, step, error)));
        };
        match turn {
            Turn::Lead => {
                // The last flight may have landed between the look into the cache and this one's beginning.
                if let Some(given) = engine.cached_here(&exchange.targets[step]) {
                    return Flown::Hit(given);
                }
                if leg.looks_near
                    && let Some(given) = near(engine, exchange, step).await
                {
                    return Flown::Hit(given);
                }
                let Some(called) = within(&engine.clock, limit, engine.call(&exchange.targets[step])).await else {
                    let (_, error) = timed_out(limit.unwrap_or_default());
                    return Flown::Own(Err(no_answer(exchange, step, error)));
                };
                let lease = match called {
                    Ok(lease) => lease,
                    Err(given) => return Flown::Hit(given),
                };
                if let Err(refusal) = admit(engine, exchange, step).await {
                    return Flown::Own(Err(refusal));
                }
                exchange.flying = Some(step);
                // From here on each try has its own time.
                limit = None;
                member.lead(heading(engine, exchange, step, leg.clone(), lease));
            }
            Turn::Own((attempts, reached)) => {
                exchange.flying = None;
                exchange.tried(step, &attempts);
                return Flown::Own(reached);
            }
            Turn::Shared(Word::Good(head)) => {
                exchange.flying = None;
                if member.leads() {
                    exchange.tried(step, &head.attempts);
                }
                return Flown::Shared(head, member);
            }
            Turn::Shared(Word::Failed(failure)) => return Flown::Own(failure.again()),
            Turn::Alone => return alone(engine, exchange, step, &leg).await,
        }
    }
}

async fn alone(engine: &Engine, exchange: &mut Exchange, step: usize, leg: &Leg) -> Flown {
    match admit(engine, exchange, step).await {
        Ok(()) => Flown::Own(attempt(engine, exchange, step, leg).await),
        Err(refusal) => Flown::Own(Err(refusal)),
    }
}

/// The call to the provider, on behalf of all; with a lease also of those who ask other processes.
fn heading(
    engine: &Arc<Engine>,
    exchange: &Exchange,
    step: usize,
    leg: Arc<Leg>,
    lease: Option<Lease>,
) -> Heading<Shared> {
    let engine = engine.clone();
    let home = Home::here(&engine);
    let counted = engine.limits.counted(&exchange.held);
    let mut exchange = Exchange { held: counted, ..exchange.for_flight() };
    Box::pin(home.clone().hold(async move {
        let called = attempt(&engine, &mut exchange, step, &leg);
        let reached = match &lease {
            Some(lease) => lease.during(called, &*engine.clock).await,
            None => called.await,
        };
        // The answer goes to the others before the lease does.
        let landing = land(engine, exchange, step, reached, home);
        drop(lease);
        landing
    }))
}

fn land(engine: Arc<Engine>, exchange: Exchange, step: usize, reached: Reached, home: Home) -> Landing<Shared> {
    let succeeded = exchange.succeeded();
    let attempts = exchange.attempts;
    let target = exchange.targets[step].clone();
    let answer = match reached {
        Ok(answer) if answer.is_success() => answer,
        reached => {
            let Some(failure) = Failure::of(&reached) else { return Landing::Private((attempts, reached)) };
            return Landing::Failed((attempts, reached), Word::Failed(Arc::new(failure)));
        }
    };
    // A refusal of the content is an answer to some callers, and to those with a route another way to fail.
    if !succeeded || !cache::is_cacheable(answer.status, &answer.headers) {
        return Landing::Private((attempts, Ok(answer)));
    }
    let Answer { status, headers, content, head_us } = answer;
    match content {
        Content::Whole(whole) if cache::is_whole(&headers, &whole.body) => {
            let now_us = engine.clock.now_us();
            let cost =
                price(&engine, &target, now_us, Some(status), whole.usage.as_ref(), whole.model_served.as_deref()).cost;
            let body = Kept::Whole(whole.body.clone());
            let (headers_kept, model_served) = (cache::kept_headers(&headers), whole.model_served.clone());
            engine.remember(&target, Entry { status, headers: headers_kept, body, model_served, cost });
            Landing::Shared(Word::Good(Arc::new(Head { status, headers, head_us, whole: Some(whole), attempts })))
        }
        // Only the meter knows whether a stream was whole.
        Content::Stream { body, meter: Some(meter), decoder } => {
            let max_bytes = engine.config.cache.max_entry_bytes.bytes();
            let keeping = Keeping {
                status,
                headers: cache::kept_headers(&headers),
                recording: Recording::new(head_us, max_bytes),
            };
            let metered = Metered::new(body, Some(meter), decoder);
            let body: Box<dyn Flow<Told = Told>> =
                Box::new(Flowing { metered, keeping: Some(keeping), engine, target, home });
            let head = Head { status, headers, head_us, whole: None, attempts };
            Landing::Flowing(Word::Good(Arc::new(head)), body)
        }
        content => Landing::Private((attempts, Ok(Answer { status, headers, content, head_us }))),
    }
}

/// A stream that the cache keeps if it comes to its end.
pub(super) struct Keeping {
    pub(super) status: http::StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) recording: Recording,
}

impl Keeping {
    /// Gives the stream to the cache. One whose end is not known may have been cut.
    pub(super) fn store(self, engine: &Engine, target: &Target, told: &Told) {
        if told.complete != Some(true) {
            return;
        }
        let Self { status, headers, recording } = self;
        let now_us = engine.clock.now_us();
        let cost = price(engine, target, now_us, Some(status), told.usage.as_ref(), told.model_served.as_deref()).cost;
        let body = recording.finish();
        engine.remember(target, Entry { status, headers, body, model_served: told.model_served.clone(), cost });
    }
}

/// A stream that all members read.
struct Flowing {
    metered: Metered,
    keeping: Option<Keeping>,
    engine: Arc<Engine>,
    target: Arc<Target>,
    home: Home,
}

impl Flowing {
    fn store(&mut self) {
        if let Some(keeping) = self.keeping.take() {
            keeping.store(&self.engine, &self.target, &self.metered.told());
        }
    }
}

impl Stream for Flowing {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let polled = this.home.enter(|| Pin::new(&mut this.metered).poll_next(cx));
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                let now_us = this.engine.clock.monotonic_us();
                if this.keeping.as_mut().is_some_and(|keeping| !keeping.recording.add(chunk, now_us)) {
                    this.keeping = None;
                }
            }
            Poll::Ready(Some(Err(_))) => this.keeping = None,
            Poll::Ready(None) => this.store(),
            Poll::Pending => {}
        }
        polled
    }
}

impl Flow for Flowing {
    type Told = Told;

    fn told(&self) -> Told {
        self.metered.told()
    }

    fn left(&mut self) {
        if self.metered.told().is_over {
            self.store();
        }
    }
}

/// The runtime in which a flight's sockets and timers live, whoever polls it.
///
/// A caller that blocks drives its own runtime only while it waits, and may leave; so its flights live on the gateway's
/// background thread. A runtime with threads of its own drives itself.
#[derive(Clone)]
struct Home(Option<Handle>);

impl Home {
    fn here(engine: &Engine) -> Self {
        let here = Handle::try_current().ok();
        Self(match here {
            Some(handle) if handle.runtime_flavor() == RuntimeFlavor::CurrentThread => {
                Some(engine.background.handle().ok().cloned().unwrap_or(handle))
            }
            here => here,
        })
    }

    fn enter<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _entered = self.0.as_ref().map(Handle::enter);
        poll()
    }

    /// `future`, polled here.
    async fn hold<T>(self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| self.enter(|| future.as_mut().poll(cx))).await
    }
}
