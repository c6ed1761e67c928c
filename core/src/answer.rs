//! A provider's answer on its way back: to one caller, or to all who share a flight.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::account::Meter;
use crate::cache::{Cargo, Flow};
use crate::headers::response as name;
use crate::message::ByteStream;
use crate::provider::StreamDecoder;
use crate::record::Attempt;
use crate::refusal::Refusal;
use crate::route::UnderWay;
use crate::usage::Usage;

/// An answer, read as far as the road needs: whole where it is small, as a stream where it is one.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    /// When its head came (monotonic).
    pub(crate) head_us: u64,
}

pub(crate) enum Content {
    Whole(Whole),
    Stream { body: ByteStream, meter: Option<Box<Meter>>, decoder: Option<Box<dyn StreamDecoder>> },
}

/// A body that is all there, and what it tells.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub(crate) body: Bytes,
    pub(crate) usage: Option<Usage>,
    pub(crate) model_served: Option<String>,
}

/// What a stream told, up to where it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) usage: Option<Usage>,
    pub(crate) model_served: Option<String>,
    /// Whether its end marker was seen; `None` where it is not known to have one.
    pub(crate) complete: Option<bool>,
    /// Whether nothing follows, though the connection may still be open.
    pub(crate) is_over: bool,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        self.status.as_u16() < 400
    }

    /// The same, and the call counts as under way until its body was read.
    pub(crate) fn accompanied(mut self, under_way: Option<UnderWay>) -> Self {
        if let (Content::Stream { body, .. }, Some(under_way)) = (&mut self.content, under_way) {
            under_way.during(body);
        }
        self
    }

    /// Our own tries were the caller's wish, so its SDK is asked not to multiply them.
    pub(crate) fn final_failure(mut self, tries_were_asked: bool) -> Self {
        if tries_were_asked {
            self.headers.insert(name::SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        self
    }
}

/// A provider's answer as the members of a flight share it.
pub(crate) struct Shared;

/// A good answer, for all members.
#[expect(clippy::struct_field_names, reason = "the time of a head is called so everywhere")]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) head_us: u64,
    /// The body; without it the chunks are read from the flight.
    pub(crate) whole: Option<Whole>,
    /// What was tried before it came.
    pub(crate) attempts: Vec<Attempt>,
}

/// What the members of a flight are told.
#[derive(Clone)]
pub(crate) enum Word {
    Good(Arc<Head>),
    /// Two leaders have failed; this is how the second did.
    Failed(Arc<Failure>),
}

/// What tries at a target have come to.
pub(crate) type Reached = Result<Answer, Refusal>;

/// How tries have failed, to be told more than once.
pub(crate) enum Failure {
    Answered { status: StatusCode, headers: Box<HeaderMap>, whole: Box<Whole>, head_us: u64 },
    Refused(Refusal),
}

impl Failure {
    /// What was reached, unless it is a stream, which can be read only once.
    pub(crate) fn of(reached: &Reached) -> Option<Self> {
        match reached {
            Ok(Answer { status, headers, content: Content::Whole(whole), head_us }) => {
                let (status, head_us) = (*status, *head_us);
                let (headers, whole) = (Box::new(headers.clone()), Box::new(whole.clone()));
                Some(Self::Answered { status, headers, whole, head_us })
            }
            Ok(_) => None,
            Err(refusal) => Some(Self::Refused(refusal.clone())),
        }
    }

    /// The same once more.
    pub(crate) fn again(&self) -> Reached {
        match self {
            Self::Answered { status, headers, whole, head_us } => {
                let content = Content::Whole((**whole).clone());
                Ok(Answer { status: *status, headers: (**headers).clone(), content, head_us: *head_us })
            }
            Self::Refused(refusal) => Err(refusal.clone()),
        }
    }
}

impl Cargo for Shared {
    type Head = Word;
    type Own = (Vec<Attempt>, Reached);
    type Body = Box<dyn Flow<Told = Told>>;
}
