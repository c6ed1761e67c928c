//! One caller among those who share a flight.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::state::{Flight, Phase, State};
use super::{Bill, Cargo, Flow, Heading, Table, Turn, lock};
use crate::error::{Error, ErrorKind};
use crate::exchange::CacheKey;

/// A place in a flight, given up when dropped.
pub(crate) struct Member<C: Cargo> {
    flight: Arc<Flight<C>>,
    table: Weak<Table<C>>,
    key: CacheKey,
    number: u64,
    /// How many chunks it has read.
    read: usize,
}

impl<C: Cargo> Member<C> {
    /// A place in `flight`, if it still takes somebody.
    pub(super) fn join(flight: &Arc<Flight<C>>, table: &Arc<Table<C>>, key: CacheKey) -> Option<Self> {
        let number = flight.state().board()?;
        Some(Self { flight: flight.clone(), table: Arc::downgrade(table), key, number, read: 0 })
    }

    /// What to do now. Waits while another leads.
    pub(crate) async fn turn(&self) -> Turn<C> {
        poll_fn(|cx| self.poll_turn(cx)).await
    }

    /// Brings the future that calls the provider. Only the one whose turn is [`Turn::Lead`] does.
    pub(crate) fn lead(&self, heading: Heading<C>) {
        let mut state = self.flight.state();
        state.phase = Phase::Heading(Some(heading));
        state.is_due = true;
    }

    /// Whether this one leads: it has brought the future, or those before it have left.
    pub(crate) fn leads(&self) -> bool {
        self.flight.state().leader == Some(self.number)
    }

    /// Who pays, now that this member is about to leave. A flight is paid for once.
    pub(crate) fn bill(&self) -> Bill {
        let mut state = self.flight.state();
        if state.leader != Some(self.number) {
            return Bill::Theirs;
        }
        let is_over = matches!(state.phase, Phase::Landed(..) | Phase::Shared(_));
        if !is_over && state.members.len() > 1 {
            return Bill::Passed;
        }
        state.is_paid = true;
        Bill::Ours
    }

    /// What the body has told so far, and whether this one has read all that has come of it.
    pub(crate) fn told(&self) -> (<C::Body as Flow>::Told, bool) {
        let state = self.flight.state();
        let told = match &state.phase {
            Phase::Flowing(_, Some(body)) => body.told(),
            Phase::Landed(_, told, _) => told.clone(),
            _ => Default::default(),
        };
        (told, self.read == state.gone + state.chunks.len())
    }

    /// The next chunk of the body.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let mut state = self.flight.state();
            state.wait(self.number, cx);
            if self.read < state.gone {
                let message =
                    "this caller reads so much slower than the others of the same answer that it was left behind";
                return Poll::Ready(Some(Err(Error::new(ErrorKind::Broken, message))));
            }
            if let Some(chunk) = state.chunks.get(self.read - state.gone) {
                self.read += 1;
                return Poll::Ready(Some(Ok(chunk.clone())));
            }
            let is_due = state.is_due;
            let body = match &mut state.phase {
                Phase::Flowing(_, body) if is_due => body.take(),
                Phase::Landed(_, _, error) => return Poll::Ready(error.clone().map(Err)),
                _ => return Poll::Pending,
            };
            // Another member polls it just now, and wakes this one.
            let Some(body) = body else { return Poll::Pending };
            state.is_due = false;
            drop(state);
            if Polled::new(self, Some(body)).poll_body().is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn poll_turn(&self, cx: &mut Context<'_>) -> Poll<Turn<C>> {
        loop {
            let mut state = self.flight.state();
            state.wait(self.number, cx);
            let leads = state.leader == Some(self.number);
            if leads && let Some(own) = state.own.take() {
                return Poll::Ready(Turn::Own(own));
            }
            let is_due = state.is_due;
            let heading = match &mut state.phase {
                Phase::Open => {
                    state.leader = Some(self.number);
                    state.phase = Phase::Led;
                    return Poll::Ready(Turn::Lead);
                }
                Phase::Heading(heading) if is_due => heading.take(),
                Phase::Shared(head) | Phase::Flowing(head, _) | Phase::Landed(head, _, _) => {
                    return Poll::Ready(Turn::Shared(head.clone()));
                }
                Phase::Disbanded | Phase::Over => return Poll::Ready(Turn::Alone),
                Phase::Led | Phase::Heading(_) => return Poll::Pending,
            };
            let Some(heading) = heading else { return Poll::Pending };
            state.is_due = false;
            drop(state);
            if Polled::new(self, Some(heading)).poll_heading().is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl<C: Cargo> State<C> {
    /// Takes note of whom to wake.
    fn wait(&mut self, member: u64, cx: &Context<'_>) {
        let waker = self.members.entry(member).or_default();
        if waker.as_ref().is_none_or(|known| !known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }
}

/// What flies, taken out to be polled without the lock. If the poll panics, the flight is open again.
struct Polled<'a, C: Cargo, F> {
    member: &'a Member<C>,
    flying: Option<F>,
}

impl<'a, C: Cargo, F> Polled<'a, C, F> {
    fn new(member: &'a Member<C>, flying: Option<F>) -> Self {
        Self { member, flying }
    }

    /// Puts back what has nothing to say yet; it may have called meanwhile, and those whom it called found it gone.
    fn put_back(&mut self, put: impl FnOnce(&mut State<C>, F) -> Option<F>) {
        let Some(flying) = self.flying.take() else { return };
        let mut state = self.member.flight.state();
        let left_over = put(&mut state, flying);
        let called = state.is_due;
        drop(state);
        drop(left_over);
        if called {
            self.member.flight.wake();
        }
    }
}

impl<C: Cargo> Polled<'_, C, Heading<C>> {
    fn poll_heading(mut self) -> Poll<()> {
        let waker = self.member.flight.waker();
        let flying = self.flying.as_mut().expect("it was taken out to be polled");
        match flying.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                self.put_back(|state, flying| match &mut state.phase {
                    Phase::Heading(place) => place.replace(flying),
                    _ => Some(flying),
                });
                Poll::Pending
            }
            Poll::Ready(landing) => {
                let done = self.flying.take();
                self.member.flight.state().land(landing);
                drop(done);
                self.member.flight.wake();
                Poll::Ready(())
            }
        }
    }
}

impl<C: Cargo> Polled<'_, C, C::Body> {
    fn poll_body(mut self) -> Poll<()> {
        let waker = self.member.flight.waker();
        let body = self.flying.as_mut().expect("it was taken out to be polled");
        let item = match Pin::new(body).poll_next(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                self.put_back(|state, body| match &mut state.phase {
                    Phase::Flowing(_, place) => place.replace(body),
                    _ => Some(body),
                });
                return Poll::Pending;
            }
            Poll::Ready(item) => item,
        };
        let body = self.flying.take().expect("it was polled just now");
        let mut state = self.member.flight.state();
        state.is_due = true;
        let left_over = match (&mut state.phase, item) {
            (Phase::Flowing(_, place), Some(Ok(chunk))) => {
                let left_over = place.replace(body);
                state.push(chunk);
                left_over
            }
            (Phase::Flowing(head, _), end) => {
                let error = end.and_then(Result::err);
                state.phase = Phase::Landed(head.clone(), body.told(), error);
                Some(body)
            }
            _ => Some(body),
        };
        drop(state);
        drop(left_over);
        self.member.flight.wake();
        Poll::Ready(())
    }
}

impl<C: Cargo, F> Drop for Polled<'_, C, F> {
    fn drop(&mut self) {
        if self.flying.take().is_none() {
            return;
        }
        let mut state = self.member.flight.state();
        state.phase = match &state.phase {
            Phase::Flowing(head, _) => {
                let error = Error::new(ErrorKind::Broken, "the answer broke off: the gateway failed while it read it");
                Phase::Landed(head.clone(), Default::default(), Some(error))
            }
            _ => Phase::Disbanded,
        };
        drop(state);
        self.member.flight.wake();
    }
}

impl<C: Cargo> Drop for Member<C> {
    fn drop(&mut self) {
        let left = self.flight.state().leave(self.number);
        if left.is_last {
            left.end();
            if let Some(table) = self.table.upgrade() {
                let mut table = lock(&table);
                if table.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
                    table.remove(&self.key);
                }
            }
        } else {
            drop(left);
            self.flight.wake();
        }
    }
}
