//! Every order in which three callers are polled and leave while an answer comes, up to a length: nobody is forgotten, and
//! nobody calls twice. Callers are polled only when they were woken, so a lost wake-up is a caller who never ends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use super::*;

const CALLERS: usize = 3;
const CHUNKS: [&[u8]; 2] = [b"one", b"two"];

struct Words;

impl Cargo for Words {
    type Head = &'static str;
    type Own = &'static str;
    type Body = Body;
}

/// The provider, as far as it has come.
#[derive(Default)]
struct Provider {
    calls: AtomicUsize,
    /// Calls under way.
    active: AtomicUsize,
    left: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    has_head: bool,
    chunks: VecDeque<Bytes>,
    fed: usize,
    is_over: bool,
    waker: Option<Waker>,
}

impl Provider {
    /// The next thing comes: the head, a chunk, the end.
    fn feed(&self) {
        let mut state = lock(&self.state);
        if !state.has_head {
            state.has_head = true;
        } else if state.fed < CHUNKS.len() {
            let chunk = Bytes::from_static(CHUNKS[state.fed]);
            state.chunks.push_back(chunk);
            state.fed += 1;
        } else {
            state.is_over = true;
        }
        let waker = state.waker.take();
        drop(state);
        waker.iter().for_each(Waker::wake_by_ref);
    }
}

struct Body {
    provider: Arc<Provider>,
    _active: Active,
}

/// One call, until it is dropped.
struct Active(Arc<Provider>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, SeqCst);
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = lock(&self.provider.state);
        match state.chunks.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if state.is_over => Poll::Ready(None),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Flow for Body {
    type Told = ();

    fn told(&self) {}

    fn left(&mut self) {
        self.provider.left.fetch_add(1, SeqCst);
    }
}

/// The provider's answer; the first `failures` calls fail.
fn heading(provider: &Arc<Provider>, failures: usize) -> Heading<Words> {
    let provider = provider.clone();
    let call = provider.calls.fetch_add(1, SeqCst);
    assert_eq!(provider.active.fetch_add(1, SeqCst), 0, "two calls at once");
    let mut active = Some(Active(provider.clone()));
    Box::pin(std::future::poll_fn(move |cx| {
        let mut state = lock(&provider.state);
        if !state.has_head {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if call < failures {
            return Poll::Ready(Landing::Failed("failed", "failed for all"));
        }
        Poll::Ready(Landing::Flowing(
            "head",
            Body { provider: provider.clone(), _active: active.take().expect("it lands once") },
        ))
    }))
}

#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// One caller, by hand: it joins when it is first polled.
struct Caller {
    bell: Arc<Bell>,
    member: Option<Member<Words>>,
    has_head: bool,
    read: Vec<u8>,
    end: Option<&'static str>,
}

impl Caller {
    fn new() -> Self {
        Self { bell: Arc::default(), member: None, has_head: false, read: Vec::new(), end: None }
    }

    fn poll(&mut self, flights: &Flights<Words>, provider: &Arc<Provider>, failures: usize) {
        if self.end.is_some() {
            return;
        }
        self.bell.0.store(false, SeqCst);
        let waker = Waker::from(self.bell.clone());
        let cx = &mut Context::from_waker(&waker);
        let member = self.member.get_or_insert_with(|| flights.join([0; 32], 1 << 20));
        while !self.has_head {
            let turn = std::pin::pin!(member.turn()).poll(cx);
            match turn {
                Poll::Pending => return,
                Poll::Ready(Turn::Lead) => member.lead(heading(provider, failures)),
                Poll::Ready(Turn::Shared("head")) => self.has_head = true,
                Poll::Ready(Turn::Shared(word) | Turn::Own(word)) => return self.finish(word),
                Poll::Ready(Turn::Alone) => return self.finish("alone"),
            }
        }
        loop {
            match member.poll_chunk(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(chunk))) => self.read.extend_from_slice(&chunk),
                Poll::Ready(Some(Err(_))) => return self.finish("broken"),
                Poll::Ready(None) => return self.finish("whole"),
            }
        }
    }

    fn finish(&mut self, end: &'static str) {
        self.end = Some(end);
        self.member = None;
    }
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Poll(usize),
    Leave(usize),
    Feed,
}

/// Plays moves, then lets all come that is to come, polling only who was woken.
fn play(moves: &[Move], failures: usize) -> (Vec<Caller>, Arc<Provider>) {
    let (flights, provider) = (Flights::default(), Arc::<Provider>::default());
    let mut callers: Vec<Caller> = (0..CALLERS).map(|_| Caller::new()).collect();
    for step in moves {
        match *step {
            Move::Poll(caller) => callers[caller].poll(&flights, &provider, failures),
            Move::Leave(caller) => callers[caller].finish("left"),
            Move::Feed => provider.feed(),
        }
    }
    for _ in 0..CHUNKS.len() + 2 {
        provider.feed();
        while let Some(woken) = callers.iter_mut().find(|caller| caller.bell.0.load(SeqCst) && caller.end.is_none()) {
            woken.poll(&flights, &provider, failures);
        }
    }
    assert_eq!(
        flights.count() > 0,
        callers.iter().any(|caller| caller.member.is_some()),
        "a flight ends with its last member: {moves:?}"
    );
    (callers, provider)
}

fn every_order(length: usize, check: &mut impl FnMut(&[Move])) {
    let moves: Vec<Move> =
        (0..CALLERS).flat_map(|caller| [Move::Poll(caller), Move::Leave(caller)]).chain([Move::Feed]).collect();
    let mut order = vec![0; length];
    loop {
        check(&order.iter().map(|index| moves[*index]).collect::<Vec<_>>());
        let Some(place) = order.iter().rposition(|index| index + 1 < moves.len()) else { return };
        order[place] += 1;
        order[place + 1..].fill(0);
    }
}

#[test]
fn whoever_stays_gets_all_of_it() {
    every_order(6, &mut |moves| {
        let (callers, provider) = play(moves, 0);
        let joined = |caller: &&Caller| caller.has_head || caller.member.is_some();
        for caller in callers.iter().filter(joined) {
            match caller.end {
                // A second call finds what the first has left of this provider.
                Some("whole") if provider.calls.load(SeqCst) > 1 => {}
                Some("whole") => assert_eq!(caller.read, b"onetwo", "{moves:?}"),
                Some("left") => {}
                other => panic!("{other:?} after {moves:?}"),
            }
        }
    });
}

#[test]
fn a_failure_hands_the_lead_on_once() {
    every_order(5, &mut |moves| {
        let has_left = moves.iter().any(|step| matches!(step, Move::Leave(_)));
        let (callers, provider) = play(moves, 1);
        if has_left {
            return;
        }
        let ends: Vec<_> =
            callers.iter().filter(|caller| !caller.bell.0.load(SeqCst)).filter_map(|caller| caller.end).collect();
        let failed = ends.iter().filter(|end| **end == "failed").count();
        assert!(failed <= 1, "{ends:?} after {moves:?}");
        assert!(ends.iter().all(|end| ["failed", "whole"].contains(end)), "{ends:?} after {moves:?}");
        assert!(provider.calls.load(SeqCst) <= 2, "{moves:?}");
    });
}

#[test]
fn the_second_failure_is_for_all() {
    let moves = [Move::Poll(0), Move::Poll(1), Move::Poll(2), Move::Feed];
    let (callers, provider) = play(&moves, 2);
    let ends: Vec<_> = callers.iter().map(|caller| caller.end).collect();
    assert_eq!(ends, [Some("failed"), Some("failed"), Some("failed for all")]);
    assert_eq!(provider.calls.load(SeqCst), 2);
}

#[test]
fn what_nobody_waits_for_is_ended() {
    let moves = [Move::Poll(0), Move::Feed, Move::Poll(0), Move::Poll(1), Move::Leave(0), Move::Leave(1)];
    let (_, provider) = play(&moves, 0);
    assert_eq!(provider.left.load(SeqCst), 1);
    assert_eq!(Arc::strong_count(&provider), 1, "nothing holds the answer any more");
}

#[test]
fn who_falls_behind_is_told_so() {
    let flights = Flights::<Words>::default();
    let provider = Arc::<Provider>::default();
    let (mut fast, mut slow) = (flights.join([0; 32], 4), flights.join([0; 32], 4));
    let cx = &mut Context::from_waker(Waker::noop());
    provider.feed();
    assert!(matches!(std::pin::pin!(fast.turn()).poll(cx), Poll::Ready(Turn::Lead)));
    fast.lead(heading(&provider, 0));
    assert!(matches!(std::pin::pin!(fast.turn()).poll(cx), Poll::Ready(Turn::Shared("head"))));
    provider.feed();
    provider.feed();
    assert!(matches!(fast.poll_chunk(cx), Poll::Ready(Some(Ok(chunk))) if chunk == "one"));
    assert!(matches!(fast.poll_chunk(cx), Poll::Ready(Some(Ok(chunk))) if chunk == "two"));
    assert!(matches!(slow.poll_chunk(cx), Poll::Ready(Some(Err(_)))));
    let late = flights.join([0; 32], 4);
    assert!(matches!(std::pin::pin!(late.turn()).poll(cx), Poll::Ready(Turn::Lead)), "a late caller begins anew");
}
