//! One call for many equal ones: who asks while the answer is on its way shares it.
//!
//! A flight belongs to all of its members and to none. The first of them leads: it brings the future that calls the
//! provider. From then on whoever is polled drives it; the others are woken when something has come. Nobody's leaving ends
//! it but that of the last one. See docs/decisions/0017-single-flight.md.

mod member;
mod state;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_core::Stream;

pub(crate) use self::member::Member;
use self::state::Flight;
use crate::error::Error;
use crate::exchange::CacheKey;

/// What flies: what its members get to see of it.
pub(crate) trait Cargo: 'static {
    /// What all members are told when the answer begins.
    type Head: Clone + Send;
    /// What only the one who leads is given.
    type Own: Send;
    /// The body that follows a head.
    type Body: Flow;
}

/// A body that is shared.
pub(crate) trait Flow: Stream<Item = Result<Bytes, Error>> + Unpin + Send {
    /// What the body has told so far.
    type Told: Clone + Default + Send;

    /// What the body has told so far.
    fn told(&self) -> Self::Told;

    /// The last member has left before the end.
    fn left(&mut self);
}

impl<F: Flow + ?Sized> Flow for Box<F> {
    type Told = F::Told;

    fn told(&self) -> Self::Told {
        (**self).told()
    }

    fn left(&mut self) {
        (**self).left();
    }
}

/// What a flight has come to.
pub(crate) enum Landing<C: Cargo> {
    /// An answer for all.
    Shared(C::Head),
    /// Its head is for all, and its body flows through to all.
    Flowing(C::Head, C::Body),
    /// Nothing that could be shared: it is the leader's own, and the others go their own ways.
    Private(C::Own),
    /// No good answer. It is the leader's own, and another member leads; if that one fails too, its failure is for all.
    Failed(C::Own, C::Head),
}

/// The future that a leader brings.
pub(crate) type Heading<C> = Pin<Box<dyn Future<Output = Landing<C>> + Send>>;

/// What a member is to do.
pub(crate) enum Turn<C: Cargo> {
    /// Bring the future that calls the provider.
    Lead,
    /// Go on with what was shared.
    Shared(C::Head),
    /// Go on with what is its own.
    Own(C::Own),
    /// Go alone.
    Alone,
}

/// Who pays for a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bill {
    /// This member: it leads, and its flight is over or has nobody else.
    Ours,
    /// This member leads and leaves: the next one pays.
    Passed,
    /// Another one.
    Theirs,
}

/// The flights under way.
pub(crate) struct Flights<C: Cargo> {
    table: Arc<Table<C>>,
}

type Table<C> = Mutex<HashMap<CacheKey, Arc<Flight<C>>>>;

impl<C: Cargo> Default for Flights<C> {
    fn default() -> Self {
        Self { table: Arc::default() }
    }
}

impl<C: Cargo> Flights<C> {
    /// Joins the flight of this key, or begins it. What its members have not yet read is at most about `max_bytes`: who
    /// falls further behind is left behind.
    pub(crate) fn join(&self, key: CacheKey, max_bytes: usize) -> Member<C> {
        let mut table = lock(&self.table);
        if let Some(member) = table.get(&key).and_then(|flight| Member::join(flight, &self.table, key)) {
            return member;
        }
        let flight = Arc::new(Flight::new(max_bytes));
        table.insert(key, flight.clone());
        Member::join(&flight, &self.table, key).expect("a new flight takes members")
    }

    /// How many flights are under way.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.table).len()
    }
}

/// What the locks hold is whole even if a thread died while it held one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
