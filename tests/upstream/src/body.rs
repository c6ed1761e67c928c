//! A body that keeps the beat: each chunk is flushed before the next, pauses and faults come where the plan has them.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::time::Sleep;

use crate::call::Ending;
use crate::ledger::Ticket;
use crate::plan::Plan;

/// One thing that a body does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Chunk(Bytes),
    Pause(Duration),
    /// Nothing more comes, until the client leaves.
    Stall,
    /// The connection closes here: a RST for [`Ending::Reset`], else a FIN.
    Break(Ending),
}

/// The body of an answer. The ledger learns its ending from here; dropped before that, the client has left.
pub(crate) struct Paced {
    beats: VecDeque<Beat>,
    ending: Ending,
    ticket: Option<Ticket>,
    reset: Arc<AtomicBool>,
    pause: Option<Pin<Box<Sleep>>>,
    unflushed: bool,
}

/// Ends a connection in the middle of an answer.
#[derive(Debug)]
pub(crate) struct Gone;

impl Paced {
    pub(crate) fn new(plan: Plan, ticket: Ticket, reset: Arc<AtomicBool>) -> Self {
        let body =
            Self { beats: plan.beats, ending: plan.ending, ticket: Some(ticket), reset, pause: None, unflushed: false };
        body.settle_at_the_end();
        body
    }

    /// A body outside the ledger.
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self {
            beats: if bytes.is_empty() { VecDeque::new() } else { VecDeque::from([Beat::Chunk(bytes)]) },
            ending: Ending::Complete,
            ticket: None,
            reset: Arc::default(),
            pause: None,
            unflushed: false,
        }
    }

    /// The call has ended when its last chunk is handed to the socket: a client that reads up to the end marker and
    /// then hangs up has had the whole answer.
    fn settle_at_the_end(&self) {
        if self.beats.is_empty() {
            self.settle(self.ending);
        }
    }

    fn settle(&self, ending: Ending) {
        if let Some(ticket) = &self.ticket {
            ticket.settle(ending);
        }
    }
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = Gone;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        // The connection flushes only when a body has nothing for it, so every chunk is followed by one such answer.
        if std::mem::take(&mut self.unflushed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.beats.pop_front() {
                None => return Poll::Ready(None),
                Some(Beat::Pause(pause)) => self.pause = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Beat::Chunk(bytes)) => {
                    self.unflushed = true;
                    self.settle_at_the_end();
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Beat::Stall) => {
                    self.beats.push_front(Beat::Stall);
                    return Poll::Pending;
                }
                Some(Beat::Break(ending)) => {
                    self.settle(ending);
                    self.reset.store(ending == Ending::Reset, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(Gone)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.beats.is_empty()
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection ends here")
    }
}

impl std::error::Error for Gone {}
