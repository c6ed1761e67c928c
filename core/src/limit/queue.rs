//! Calls that wait for their turn: one line for each count, the higher priority first, and the earlier among equals.
//! Whoever waits is a future that may be dropped: it leaves its line, and the next one is called.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

use super::store::Ask;
use super::window::Room;
use crate::clock::Clock;
use crate::held::LimitKey;

/// A line: the rule and whose count it is.
type Line = (usize, LimitKey);

/// A place in a line: the priority and the order of arrival.
type Place = (Reverse<u8>, u64);

/// All lines.
#[derive(Default)]
pub(super) struct Queue {
    lines: Mutex<HashMap<Line, BTreeMap<Place, Arc<Notify>>>>,
    arrivals: AtomicU64,
    /// How many wait: mostly nobody, and then no lock is taken.
    waiting: AtomicUsize,
}

impl Queue {
    /// The first ask in whose line somebody waits who goes before a newcomer of this priority.
    pub(super) fn line_before(&self, asks: &[Ask], priority: u8) -> Option<usize> {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let lines = self.lines();
        asks.iter().position(|ask| {
            let first = lines.get(&(ask.rule, ask.key)).and_then(|line| line.first_key_value());
            first.is_some_and(|((Reverse(first), _), _)| *first >= priority)
        })
    }

    /// Takes a place in the line of `ask`.
    pub(super) fn join(&self, ask: &Ask, priority: u8) -> Ticket<'_> {
        let place = (Reverse(priority), self.arrivals.fetch_add(1, Ordering::Relaxed));
        let (line, call) = ((ask.rule, ask.key), Arc::new(Notify::new()));
        self.lines().entry(line).or_default().insert(place, call.clone());
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Ticket { queue: self, line, place, call }
    }

    /// Calls the first one of a line, because there may be room.
    pub(super) fn wake(&self, line: Line) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        if let Some((_, first)) = self.lines().get(&line).and_then(|line| line.first_key_value()) {
            first.notify_one();
        }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Line, BTreeMap<Place, Arc<Notify>>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a line, left when it is dropped.
pub(super) struct Ticket<'a> {
    queue: &'a Queue,
    line: Line,
    place: Place,
    call: Arc<Notify>,
}

impl Ticket<'_> {
    /// Whether it is for the line of `ask`.
    pub(super) fn is_of(&self, ask: &Ask) -> bool {
        self.line == (ask.rule, ask.key)
    }

    /// Ends when it is worth another try: the first in line comes again when its time has come; everybody when called, and
    /// when `left` is over.
    /// The first also comes again after `look_again`, where others may give something back and call nobody.
    pub(super) async fn turn(&self, clock: &Arc<dyn Clock>, room: Room, left: Duration, look_again: Option<Duration>) {
        let first = self.is_first();
        let pause = match room {
            Room::After(us) if first => Duration::from_micros(us).min(left),
            _ => left,
        };
        let pause = look_again.filter(|_| first).map_or(pause, |look_again| pause.min(look_again));
        let (mut called, mut timer) = (pin!(self.call.notified()), clock.sleep(pause));
        poll_fn(|cx| match called.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => timer.as_mut().poll(cx),
        })
        .await;
    }

    /// Whether it is this one's turn.
    pub(super) fn is_first(&self) -> bool {
        let lines = self.queue.lines();
        let first = lines.get(&self.line).and_then(|line| line.first_key_value());
        first.is_some_and(|(place, _)| *place == self.place)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.waiting.fetch_sub(1, Ordering::SeqCst);
        let mut lines = self.queue.lines();
        let Some(line) = lines.get_mut(&self.line) else { return };
        line.remove(&self.place);
        match line.first_key_value() {
            Some((_, next)) => next.notify_one(),
            None => drop(lines.remove(&self.line)),
        }
    }
}
