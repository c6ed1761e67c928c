//! A stream that breaks after it was passed on, and another target that goes on from the text so far
//! (`streams.broken = "continue"`).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::admit::admit;
use super::aside::Aside;
use super::attempt::attempt;
use super::choose::Way;
use super::metered::Metered;
use super::shown::Shown;
use super::splice::Spliced;
use crate::answer::{Answer, Content};
use crate::config::Broken;
use crate::engine::Engine;
use crate::error::Error;
use crate::exchange::{Exchange, Target};
use crate::provider::Dialect;
use crate::route::within;
use crate::usage::Format;

/// What a stream needs to be resumed: the rest of its call's way, and what its caller has seen.
pub(super) struct Resume {
    way: Box<Way>,
    pub(super) shown: Shown,
}

/// Another target on its way to go on. An error says why none could.
pub(super) type Resuming = Pin<Box<dyn Future<Output = Result<Resumed, String>> + Send>>;

/// A stream that goes on.
pub(super) struct Resumed {
    /// What was tried and taken for it.
    pub(super) exchange: Exchange,
    pub(super) step: usize,
    pub(super) stream: Spliced,
    pub(super) resume: Resume,
}

impl Resume {
    /// Of the answer of `target`, if it is one that can be resumed.
    pub(super) fn of(engine: &Engine, target: &Target, way: Option<Box<Way>>) -> Option<Self> {
        let way = way.filter(|_| engine.config.streams.broken == Broken::Continue && is_chat(target))?;
        Some(Self { way, shown: Shown::default() })
    }

    /// Begins to ask the others, on behalf of the call of `exchange`. `None` where nobody could go on from what was shown.
    pub(super) fn begin(self, engine: &Arc<Engine>, exchange: &Exchange) -> Option<Resuming> {
        let left = exchange.left(engine.clock.monotonic_us());
        if left.is_some_and(|left| left.is_zero()) || !self.shown.can_be_resumed() {
            return None;
        }
        let (engine, exchange) = (engine.clone(), exchange.clone());
        Some(Box::pin(async move {
            let clock = engine.clock.clone();
            let resumed = within(&clock, left, next(engine, exchange, self)).await;
            resumed.unwrap_or_else(|| Err("the time of the whole call was over (timeouts.total)".to_owned()))
        }))
    }
}

/// Asks one target after the other to go on.
async fn next(engine: Arc<Engine>, exchange: Exchange, resume: Resume) -> Result<Resumed, String> {
    let Resume { mut way, shown } = resume;
    let mut aside = Aside::of(&engine, &exchange);
    let mut why = "there is no other".to_owned();
    loop {
        if !way.has_beside(&engine, aside.exchange()) {
            return Err(why);
        }
        let step = match way.beside(&engine, aside.exchange()) {
            Ok(Some(step)) => step,
            Ok(None) => return Err(why),
            Err(refusal) => return Err(refusal.message),
        };
        let target = aside.exchange().targets[step].clone();
        let name = format!("{}/{}", target.provider.slug, target.model);
        let Some((begun, echoes)) = begun(&target, &shown) else {
            why = format!("{name} takes no beginning of an answer");
            let tried = aside.exchange().attempts.len();
            let reason = "it takes no beginning of an answer";
            aside.exchange().trail.skip(&target.provider.slug, &target.model, reason, tried);
            continue;
        };
        aside.exchange().targets[step] = Arc::new(begun);
        let leg = way.leg(&engine, aside.exchange());
        let reached = match admit(&engine, aside.exchange(), step).await {
            Ok(()) => attempt(&engine, aside.exchange(), step, &leg).await,
            Err(refusal) => Err(refusal),
        };
        match reached {
            Ok(Answer { status, content: Content::Stream { body, meter, decoder }, .. }) if status.as_u16() < 400 => {
                let metered = Metered::new(body, meter, decoder);
                let stream = Spliced::new(metered, &name, &shown, echoes);
                return Ok(Resumed { exchange: aside.end(), step, stream, resume: Resume { way, shown } });
            }
            Ok(answer) => why = format!("{name} answered {}", answer.status.as_u16()),
            Err(refusal) => why = format!("{name}: {}", refusal.message),
        }
    }
}

/// Whether the caller sees chunks of a chat in OpenAI's shape.
fn is_chat(target: &Target) -> bool {
    let is_chat = match target.shape.dialect() {
        Some(dialect) => dialect == Dialect::Chat,
        None => target.format() == Format::Openai && target.path.ends_with("chat/completions"),
    };
    target.stream && is_chat
}

/// `target` asked to go on from what was shown, and whether its answer repeats that. Where nothing was shown it is asked as
/// it is.
fn begun(target: &Target, shown: &Shown) -> Option<(Target, bool)> {
    if !is_chat(target) {
        return None;
    }
    let text = shown.beginning();
    let begun = if text.is_empty() { None } else { Some(target.provider.begin(&target.body, &target.model, text)?) };
    let path = begun.as_ref().and_then(|begun| begun.path).map(str::to_owned);
    let echoes = begun.as_ref().is_some_and(|begun| begun.echoes);
    let target = Target {
        body: begun.map_or_else(|| target.body.clone(), |begun| begun.body),
        path: path.unwrap_or_else(|| target.path.clone()),
        provider: target.provider.clone(),
        method: target.method.clone(),
        query: target.query.clone(),
        headers: target.headers.clone(),
        model: target.model.clone(),
        stream: target.stream,
        shape: target.shape,
        cache_key: std::sync::OnceLock::new(),
        meaning: std::sync::OnceLock::new(),
        policy: target.policy.clone(),
    };
    Some((target, echoes))
}

/// The error of a stream with which nobody went on.
pub(super) fn nobody_went_on(error: &Error, why: &str) -> Error {
    Error::new(error.kind(), format!("{error}; nobody went on with it: {why}"))
}
