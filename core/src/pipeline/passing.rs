//! A streamed answer on its way to its caller: passed on chunk by chunk, settled at its end.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::flight::Keeping;
use super::metered::Metered;
use super::resume::{Resume, Resumed, Resuming, nobody_went_on};
use super::settling::{End, Settling};
use super::splice::Spliced;
use crate::answer::{Head, Shared, Told};
use crate::cache::{Member, Replay};
use crate::error::Error;
use crate::message::ByteStream;
use crate::record::Failure;
use crate::transport::watch;
use crate::usage::{NanoUsd, Usage};

/// As much of a stream as is kept for the log; a longer answer is logged without its payload.
const MAX_KEPT_BYTES: u64 = 10 * 1000 * 1000;

pub(super) struct Passing {
    source: Source,
    /// Present until the call is settled.
    settling: Option<Settling>,
    kept: Option<BytesMut>,
    size: u64,
    /// Where another target would go on.
    resume: Option<Resume>,
    /// The error that the stream had, and the target that is to go on.
    resuming: Option<(Error, Resuming)>,
}

/// Where the chunks come from.
pub(super) enum Source {
    /// The provider; and what the cache will keep of it, if it may.
    Provider(Metered, Option<Keeping>),
    /// A flight: its chunks within this caller's own time, and its place there.
    Flight(ByteStream, Place, Arc<Head>),
    /// A provider that goes on with another one's answer.
    Resumed(Spliced),
    Cache {
        replay: Replay,
        model_served: Option<String>,
        saved: Option<NanoUsd>,
    },
    Closed,
}

/// A place in a flight, held by its reader and by who settles the call.
type Place = Arc<Mutex<Member<Shared>>>;

/// How a stream came to its end.
enum Ending<'a> {
    Whole,
    Broken(&'a Error),
    Cancelled,
}

impl Passing {
    pub(super) fn new(source: Source, settling: Settling) -> Self {
        let kept = settling.keeps_payloads().then(BytesMut::new);
        Self { source, settling: Some(settling), kept, size: 0, resume: None, resuming: None }
    }

    pub(super) fn with(mut self, resume: Option<Resume>) -> Self {
        self.resume = resume;
        self
    }

    /// Asks another target to go on with a stream that has broken, or gives the error back.
    fn resume(&mut self, error: Error) -> Result<(), Error> {
        let (Some(mut resume), Some(settling)) = (self.resume.take(), &mut self.settling) else { return Err(error) };
        resume.shown.cut();
        let characters = resume.shown.text().chars().count();
        let Some(resuming) = resume.begin(&settling.engine, &settling.exchange) else { return Err(error) };
        if let Some(attempt) = settling.exchange.attempts.last_mut() {
            attempt.failure = Some(Failure::Outage);
            attempt.reason = Some(format!("{error}; {characters} characters had been passed on"));
        }
        self.resuming = Some((error, resuming));
        Ok(())
    }

    fn go_on(&mut self, resumed: Resumed) {
        let Resumed { exchange, step, stream, resume } = resumed;
        let Some(settling) = &mut self.settling else { return };
        let mut end = End::default();
        std::mem::replace(&mut self.source, Source::Resumed(stream)).close(settling, &mut end, false);
        settling.move_to(step, &end, exchange);
        self.resume = Some(resume);
    }

    fn keep(&mut self, chunk: &Bytes) {
        self.size += chunk.len() as u64;
        if self.size > MAX_KEPT_BYTES {
            self.kept = None;
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(chunk);
        }
    }

    fn settle(&mut self, ending: &Ending<'_>) {
        let Some(mut settling) = self.settling.take() else { return };
        let mut end = End {
            size: self.size,
            body: self.kept.take().map(BytesMut::freeze),
            cancelled: matches!(ending, Ending::Cancelled),
            truncated: matches!(ending, Ending::Broken(_)),
            error: match ending {
                Ending::Whole => None,
                Ending::Broken(error) => Some(error.to_string()),
                Ending::Cancelled => Some("the caller let go of the stream".to_owned()),
            },
            ..End::default()
        };
        // Let go of at once: a place in a flight that is not given up could be left with the bill.
        let mut source = std::mem::replace(&mut self.source, Source::Closed);
        let is_whole = matches!(ending, Ending::Whole);
        source.close(&mut settling, &mut end, is_whole);
        if !is_whole {
            end.usage = source.estimate(&settling).or(end.usage);
        }
        settling.finish(end);
    }
}

impl Source {
    /// The body of a flight, for a caller who waits as `settling` says.
    pub(super) fn flight(member: Member<Shared>, head: Arc<Head>, settling: &Settling) -> Self {
        let place = Arc::new(Mutex::new(member));
        let exchange = &settling.exchange;
        let left = exchange.left(settling.engine.clock.monotonic_us());
        let chunks = Box::pin(Chunks(place.clone()));
        Self::Flight(watch(chunks, exchange.deadlines.read, left, &settling.engine.clock), place, head)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        match self {
            Self::Provider(metered, _) => Pin::new(metered).poll_next(cx),
            Self::Flight(chunks, ..) => chunks.as_mut().poll_next(cx),
            Self::Resumed(spliced) => Pin::new(spliced).poll_next(cx),
            Self::Cache { replay, .. } => Pin::new(replay).poll_next(cx),
            Self::Closed => Poll::Ready(None),
        }
    }

    fn record(&mut self, chunk: &Bytes, settling: Option<&Settling>) {
        if let (Self::Provider(_, keeping), Some(settling)) = (self, settling) {
            let now_us = settling.engine.clock.monotonic_us();
            if keeping.as_mut().is_some_and(|keeping| !keeping.recording.add(chunk, now_us)) {
                *keeping = None;
            }
        }
    }

    /// Says at the end of a call what its stream told, and what it cost or saved.
    fn close(&mut self, settling: &mut Settling, end: &mut End, is_whole: bool) {
        match self {
            Self::Provider(metered, keeping) => {
                let told = metered.told();
                if let Some(keeping) = keeping.take().filter(|_| is_whole) {
                    keeping.store(&settling.engine, &settling.exchange.targets[settling.step], &told);
                }
                end.tell(told);
            }
            Self::Flight(_, place, head) => {
                let place = place.lock().unwrap_or_else(PoisonError::into_inner);
                let ((told, _), bill) = (place.told(), place.bill());
                end.tell(told);
                settling.share(end, bill, &head.attempts);
            }
            Self::Resumed(spliced) => end.tell(spliced.metered.told()),
            Self::Cache { model_served, saved, .. } => {
                end.model_served = model_served.take();
                end.saved = *saved;
            }
            Self::Closed => {}
        }
    }

    /// What a call used whose stream was cut off. A part in what others go on with is not estimated.
    fn estimate(&self, settling: &Settling) -> Option<Usage> {
        let (Self::Provider(metered, _) | Self::Resumed(Spliced { metered, .. })) = self else { return None };
        let target = settling.exchange.targets.get(settling.step)?;
        metered.estimate(&target.model, &target.body)
    }

    /// How the stream ended for a caller who lets go of it.
    fn left(&mut self) -> Ending<'static> {
        let has_seen_the_end = match self {
            Self::Provider(metered, keeping) => {
                let told = metered.told();
                if !told.is_over {
                    *keeping = None;
                }
                told.complete == Some(true)
            }
            Self::Flight(_, place, _) => {
                let (told, has_read_all) = place.lock().unwrap_or_else(PoisonError::into_inner).told();
                told.complete == Some(true) && has_read_all
            }
            Self::Resumed(spliced) => spliced.metered.told().complete == Some(true),
            Self::Cache { replay, .. } => replay.is_over(),
            Self::Closed => true,
        };
        // Many SDKs stop reading at `[DONE]`: a caller who has seen the end has cancelled nothing.
        if has_seen_the_end { Ending::Whole } else { Ending::Cancelled }
    }
}

impl End {
    fn tell(&mut self, told: Told) {
        self.usage = told.usage;
        self.model_served = told.model_served;
    }
}

/// The chunks that a place in a flight reads.
struct Chunks(Place);

impl Stream for Chunks {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).poll_chunk(cx)
    }
}

impl Stream for Passing {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.settling.is_none() {
            return Poll::Ready(None);
        }
        loop {
            if let Some((_, resuming)) = &mut self.resuming {
                let resumed = ready!(resuming.as_mut().poll(cx));
                match (resumed, self.resuming.take()) {
                    (Err(why), Some((error, _))) => {
                        let error = nobody_went_on(&error, &why);
                        self.settle(&Ending::Broken(&error));
                        return Poll::Ready(Some(Err(error)));
                    }
                    (Ok(resumed), _) => self.go_on(resumed),
                    (Err(_), None) => {}
                }
            }
            let mut item = ready!(self.source.poll(cx));
            if let Some(resume) = &mut self.resume {
                match &item {
                    Some(Ok(chunk)) => item = Some(Ok(resume.shown.pass(chunk))),
                    // What was not an event yet is one now, or nobody minds.
                    None => item = Some(resume.shown.rest()).filter(|rest| !rest.is_empty()).map(Ok),
                    Some(Err(_)) => {}
                }
            }
            match item {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => {
                    let this = &mut *self;
                    this.source.record(&chunk, this.settling.as_ref());
                    this.keep(&chunk);
                    return Poll::Ready(Some(Ok(chunk)));
                }
                Some(Err(error)) => {
                    if let Err(error) = self.resume(error) {
                        self.settle(&Ending::Broken(&error));
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                None => {
                    self.settle(&Ending::Whole);
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // What it took and tried is settled with the call.
        self.resuming = None;
        if self.settling.is_some() {
            let ending = self.source.left();
            self.settle(&ending);
        }
    }
}
