//! One call on its way: what was asked, the targets that may answer, and what has been tried.

mod whose;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;

use crate::held::Held;
use crate::message::Deadlines;
use crate::policy::Policy;
use crate::provider::{Dialect, Provider};
use crate::record::{Attempt, AttemptState, Trail};
use crate::usage::Format;

/// Everything the road knows about a call.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// A lowercase `UUIDv7`: request id and log id in one, as on the reference for single calls.
    pub(crate) id: String,
    /// Wall clock at the start, in microseconds since 1970 UTC.
    pub(crate) created_at_us: u64,
    /// Monotonic clock at the start, in microseconds.
    pub(crate) started_us: u64,
    pub(crate) user_agent: Option<String>,
    /// Bytes of the caller's body.
    pub(crate) request_size: u64,
    pub(crate) deadlines: Deadlines,
    /// What applies before a target is chosen: the gateway's settings under the request's headers.
    pub(crate) policy: Arc<Policy>,
    /// In the order in which they are tried. A route adds them one by one.
    pub(crate) targets: Vec<Arc<Target>>,
    /// The shape that the caller speaks, where it is one for any model.
    pub(crate) dialect: Option<Dialect>,
    /// What a route is to find targets for.
    pub(crate) asked: Option<Asked>,
    /// Whether the caller gave a list: then a failure may fall back, and "nobody answered" has its own form.
    pub(crate) universal: bool,
    pub(crate) attempts: Vec<Attempt>,
    /// What was tried beside and let go of, by somebody who is there no more to tell.
    pub(crate) let_go: Arc<Mutex<Vec<Attempt>>>,
    /// The target to which a call is under way on behalf of others too.
    pub(crate) flying: Option<usize>,
    /// Whether this stands for all who share the answer.
    pub(crate) is_shared: bool,
    pub(crate) trail: Trail,
    /// What the semantic cache found.
    pub(crate) near: Option<Near>,
    /// What the elements of a graph that count money are to be told of: their index, and whose money it is.
    pub(crate) passed: Vec<(usize, u64)>,
    /// From its start to the end of its answer.
    pub(crate) total: Option<Duration>,
    /// What it has taken of the limits.
    pub(crate) held: Held,
}

impl Exchange {
    /// The same for a call on behalf of all who ask for the same: its time and its limits are not those of one of them.
    pub(crate) fn for_flight(&self) -> Self {
        Self {
            attempts: Vec::new(),
            let_go: Arc::default(),
            flying: None,
            is_shared: true,
            trail: Trail::default(),
            near: None,
            total: None,
            held: Held::default(),
            ..self.clone()
        }
    }

    /// The same for a call of the gateway's own that asks `target` again, at this time (wall and monotonic).
    pub(crate) fn for_refresh(&self, id: String, now_us: (u64, u64), target: Arc<Target>) -> Self {
        Self {
            id,
            created_at_us: now_us.0,
            started_us: now_us.1,
            deadlines: Deadlines::default(),
            policy: target.policy.clone(),
            targets: vec![target],
            asked: None,
            universal: false,
            passed: Vec::new(),
            total: self.total,
            is_shared: false,
            user_agent: self.user_agent.clone(),
            ..self.for_flight()
        }
    }

    /// The same for a part of the call that runs beside its own way. It has tried nothing yet, and holds only `held`.
    pub(crate) fn beside(&self, held: Held) -> Self {
        Self { attempts: Vec::new(), flying: None, held, ..self.clone() }
    }

    /// Takes over what was let go of.
    pub(crate) fn gather(&mut self) {
        self.attempts.append(&mut self.let_go.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether the last try was a success.
    pub(crate) fn succeeded(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.state == AttemptState::Started && attempt.failure.is_none())
    }

    /// Takes note of what was tried at target number `step`, for this call or for others that ask for the same.
    pub(crate) fn tried(&mut self, step: usize, attempts: &[Attempt]) {
        let step = u32::try_from(step).unwrap_or(u32::MAX);
        self.attempts.extend(attempts.iter().cloned().map(|attempt| Attempt { step, ..attempt }));
    }

    /// How much is left of the call's time at `now_us` of the monotonic clock; `None` if it has no bound.
    pub(crate) fn left(&self, now_us: u64) -> Option<Duration> {
        Some(self.total?.saturating_sub(Duration::from_micros(now_us.saturating_sub(self.started_us))))
    }
}

/// A chat that leaves it to a route which model answers.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The route's name.
    pub(crate) route: String,
    /// The shape of its body.
    pub(crate) dialect: Dialect,
    /// The caller's headers, without keys: they would be some other provider's.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) stream: bool,
}

/// How near a question has come to one that has an answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Near {
    /// The cosine of their vectors, to four places.
    pub(crate) similarity: f64,
    /// `served`, `shadow`, or what the two do not agree in.
    pub(crate) verdict: &'static str,
}

/// What the question of a target means.
#[derive(Debug)]
pub(crate) struct Meaning {
    /// A digest of all the rest of the request.
    pub(crate) partition: CacheKey,
    pub(crate) text: String,
    pub(crate) vector: Box<[f32]>,
}

/// A digest of all that makes two requests the same: no part of a request or a key can be read from it.
pub(crate) type CacheKey = [u8; 32];

/// One place that may answer.
pub(crate) struct Target {
    pub(crate) provider: Arc<Provider>,
    pub(crate) method: Method,
    /// The native path, without a leading slash and without the query.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// The caller's headers for this provider, the gateway's own already taken out.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What the body (or the path) names; empty if nothing does.
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) shape: Shape,
    /// Worked out when the cache is first asked.
    pub(crate) cache_key: OnceLock<Option<CacheKey>>,
    /// Known when near answers were looked for.
    pub(crate) meaning: OnceLock<Arc<Meaning>>,
    pub(crate) policy: Arc<Policy>,
}

/// The shape of a target's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The provider's own, whatever it is.
    Native,
    /// One that callers may speak to any model, for a provider that takes chats in this format.
    Any(Dialect, Format),
    /// The same, for a provider that speaks it itself: in this format.
    Own(Dialect, Format),
}

impl Shape {
    /// What the caller speaks, where any model may be asked in it.
    pub(crate) fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Native => None,
            Self::Any(dialect, _) | Self::Own(dialect, _) => Some(dialect),
        }
    }
}

impl Target {
    /// The format of what goes to the provider and comes back from it.
    pub(crate) fn format(&self) -> Format {
        match self.shape {
            Shape::Native => self.provider.format_of(&self.path),
            Shape::Any(_, format) | Shape::Own(_, format) => format,
        }
    }

    /// Whether a streamed answer is known to say when it is over, so that one without its end is not whole: that holds for
    /// chats, completions and responses. Speech, pictures and a user's own events end as they like.
    pub(crate) fn marks_end(&self) -> bool {
        let ends: &[&str] = match self.format() {
            Format::Openai => &["completions", "responses"],
            Format::Anthropic => &["messages", "RawPredict"],
            Format::Gemini => &["GenerateContent"],
            Format::Bedrock => &["converse-stream"],
            Format::WorkersAi => &[""],
            Format::Other => &[],
        };
        // A path that the translation has still to finish says nothing of its end.
        self.shape != Shape::Native || ends.iter().any(|end| self.path.ends_with(end))
    }

    /// What kind of call this is, as far as its path tells.
    pub(crate) fn request_type(&self) -> Option<&'static str> {
        const KINDS: [(&str, &str); 15] = [
            ("chat/completions", "chat"),
            ("messages", "chat"),
            ("generateContent", "chat"),
            ("streamGenerateContent", "chat"),
            ("converse", "chat"),
            ("converse-stream", "chat"),
            ("/chat", "chat"),
            ("responses", "responses"),
            ("embeddings", "embeddings"),
            ("embedContent", "embeddings"),
            ("completions", "completions"),
            ("audio/speech", "speech"),
            ("audio/transcriptions", "transcription"),
            ("images/generations", "image"),
            ("files", "files"),
        ];
        let kind = KINDS.iter().find(|(end, _)| self.path.ends_with(end)).map(|(_, kind)| *kind);
        match self.shape.dialect() {
            None => kind,
            Some(Dialect::Responses) => Some("responses"),
            Some(Dialect::Chat | Dialect::Messages) => Some("chat"),
        }
    }
}
