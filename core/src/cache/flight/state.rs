//! What the members of a flight have in common.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Wake, Waker};

use bytes::Bytes;

use super::{Cargo, Flow, Heading, Landing, lock};
use crate::error::Error;

pub(super) struct Flight<C: Cargo> {
    state: Mutex<State<C>>,
}

pub(super) struct State<C: Cargo> {
    /// By their numbers, so the oldest first; each with whom to wake.
    pub(super) members: BTreeMap<u64, Option<Waker>>,
    next_member: u64,
    /// Who leads, and pays. One of the members, once somebody was told to.
    pub(super) leader: Option<u64>,
    pub(super) phase: Phase<C>,
    /// Whether the leader has taken the bill.
    pub(super) is_paid: bool,
    /// What the leader alone is given.
    pub(super) own: Option<C::Own>,
    /// Whether what flies may have something to say since it was last polled.
    pub(super) is_due: bool,
    /// How many leaders have failed.
    pub(super) failures: u32,
    pub(super) chunks: VecDeque<Bytes>,
    /// How many chunks went before those.
    pub(super) gone: usize,
    bytes: usize,
    max_bytes: usize,
}

pub(super) enum Phase<C: Cargo> {
    /// Somebody is to lead.
    Open,
    /// The leader has been told, and has not brought its future yet.
    Led,
    /// The future; `None` while a member polls it.
    Heading(Option<Heading<C>>),
    /// The head has come.
    Shared(C::Head),
    /// The head has come; the body is `None` while a member polls it.
    Flowing(C::Head, Option<C::Body>),
    /// The body has come to its end.
    Landed(C::Head, <C::Body as Flow>::Told, Option<Error>),
    /// Members go alone.
    Disbanded,
    /// Everybody has left.
    Over,
}

impl<C: Cargo> Flight<C> {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State {
                members: BTreeMap::new(),
                next_member: 0,
                leader: None,
                is_paid: false,
                phase: Phase::Open,
                own: None,
                is_due: true,
                failures: 0,
                chunks: VecDeque::new(),
                gone: 0,
                bytes: 0,
                max_bytes,
            }),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<C>> {
        lock(&self.state)
    }

    /// Wakes whoever waits. Never called with the state locked: a waker may poll at once.
    pub(super) fn wake(&self) {
        let wakers: Vec<Waker> = self.state().members.values().flatten().cloned().collect();
        wakers.iter().for_each(Waker::wake_by_ref);
    }

    /// The waker with which what flies is polled.
    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        Arc::new(Caller(Arc::downgrade(self))).into()
    }
}

impl<C: Cargo> State<C> {
    /// A new member's number, while the flight still takes some: all that has come must still be there.
    pub(super) fn board(&mut self) -> Option<u64> {
        let is_over = matches!(self.phase, Phase::Landed(..) | Phase::Disbanded | Phase::Over);
        if is_over || self.gone > 0 || self.failures > 1 {
            return None;
        }
        self.next_member += 1;
        self.members.insert(self.next_member, None);
        Some(self.next_member)
    }

    /// Takes note of what the leader's future has come to.
    pub(super) fn land(&mut self, landing: Landing<C>) {
        self.is_due = true;
        self.phase = match landing {
            Landing::Shared(head) => Phase::Shared(head),
            Landing::Flowing(head, body) => Phase::Flowing(head, Some(body)),
            Landing::Private(own) => {
                self.own = Some(own);
                Phase::Disbanded
            }
            Landing::Failed(own, head) => {
                self.own = Some(own);
                self.failures += 1;
                // The leader takes its failure along and leaves; that opens the flight for the next one.
                if self.failures < 2 { Phase::Led } else { Phase::Shared(head) }
            }
        };
    }

    /// Adds a chunk. Those that most have read by now make room.
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.bytes += chunk.len();
        self.chunks.push_back(chunk);
        while self.bytes > self.max_bytes && self.chunks.len() > 1 {
            let gone = self.chunks.pop_front().expect("there is more than one");
            self.bytes -= gone.len();
            self.gone += 1;
        }
    }

    /// A member leaves. Says what it leaves behind, to be dropped without the lock.
    pub(super) fn leave(&mut self, member: u64) -> Left<C> {
        let waker = self.members.remove(&member);
        let own = if self.leader == Some(member) { self.own.take() } else { None };
        if self.members.is_empty() {
            let phase = std::mem::replace(&mut self.phase, Phase::Over);
            return Left { _waker: waker.flatten(), _own: own, phase: Some(phase), is_last: true };
        }
        if self.leader == Some(member) {
            if matches!(self.phase, Phase::Led) {
                self.leader = None;
                self.phase = Phase::Open;
            } else {
                self.leader = self.members.keys().next().copied().filter(|_| !self.is_paid);
                self.own = own;
                return Left { _waker: waker.flatten(), _own: None, phase: None, is_last: false };
            }
        }
        Left { _waker: waker.flatten(), _own: own, phase: None, is_last: false }
    }
}

/// What a member leaves behind.
pub(super) struct Left<C: Cargo> {
    _waker: Option<Waker>,
    _own: Option<C::Own>,
    phase: Option<Phase<C>>,
    pub(super) is_last: bool,
}

impl<C: Cargo> Left<C> {
    /// Ends what nobody waits for any more.
    pub(super) fn end(self) {
        if let Some(Phase::Flowing(_, Some(mut body))) = self.phase {
            body.left();
        }
    }
}

/// Called by what flies when it has something to say.
struct Caller<C: Cargo>(Weak<Flight<C>>);

impl<C: Cargo> Wake for Caller<C> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(flight) = self.0.upgrade() else { return };
        flight.state().is_due = true;
        flight.wake();
    }
}
