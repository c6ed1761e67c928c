//! The providers' formats, one file each, and what they have in common: who is refused, and how.

mod anthropic;
mod chat;
mod cohere;
mod embeddings;
mod gemini;
mod openai;
mod responses;
mod workers_ai;

use serde_json::Value;

use crate::answer::Answer;
use crate::call::Call;
use crate::path::Route;
use crate::script::Step;

/// Providers that run on one's own machine and ask for no key.
const KEYLESS: [&str; 6] = ["ollama", "vllm", "llama-cpp", "llamacpp", "lm-studio", "lmstudio"];

/// Why a call gets an error.
pub(crate) enum Trouble {
    NoKey,
    WrongKey,
    UnknownModel,
    UnknownPath,
    /// The body, or the named part of it, is not as documented.
    Invalid {
        field: &'static str,
        message: String,
    },
    /// The script says so.
    Scripted(u16),
}

#[derive(Clone, Copy)]
enum Dialect {
    Openai,
    Anthropic,
    Gemini,
    Cohere,
    WorkersAi,
}

/// The answer to `call`: the step's own body or error, else what the provider would say.
pub(crate) fn answer(route: Route, call: &Call, step: &Step) -> Answer {
    let dialect = Dialect::of(route, call);
    let mut answer = match (&step.body, step.status) {
        (Some(Value::String(text)), status) => Answer::whole(status.unwrap_or(200), "text/plain", text.clone()),
        (Some(body), status) => Answer::json(status.unwrap_or(200), body),
        (None, Some(status @ 400..)) => dialect.error(call, &Trouble::Scripted(status)),
        (None, status) => {
            let normal = admitted(call).and_then(|()| converse(route, dialect, call));
            let mut answer = normal.unwrap_or_else(|trouble| dialect.error(call, &trouble));
            answer.status = status.unwrap_or(answer.status);
            answer
        }
    };
    dialect.sign(call, &mut answer);
    if let Some(retry_after) = &step.retry_after {
        answer.set_header("retry-after", retry_after.as_str().map_or_else(|| retry_after.to_string(), str::to_owned));
    }
    if step.gzip {
        answer.set_header("content-encoding", "gzip");
    }
    for (name, value) in &step.headers {
        answer.set_header(name, value);
    }
    answer
}

fn admitted(call: &Call) -> Result<(), Trouble> {
    let bearer = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = bearer.or_else(|| call.header("x-api-key")).or_else(|| call.header("x-goog-api-key"));
    match key {
        Some("bad-key") => Err(Trouble::WrongKey),
        None | Some("") if !KEYLESS.contains(&call.provider.as_str()) => Err(Trouble::NoKey),
        _ if call.short_model() == "no-such-model" => Err(Trouble::UnknownModel),
        _ => Ok(()),
    }
}

fn converse(route: Route, dialect: Dialect, call: &Call) -> Result<Answer, Trouble> {
    match (route, dialect) {
        (Route::Chat, _) => chat::answer(call),
        (Route::Responses, _) => responses::answer(call),
        (Route::Embeddings, _) => embeddings::answer(call),
        (Route::Files, Dialect::Anthropic) => anthropic::upload(call),
        (Route::Files, _) => openai::upload(call),
        (Route::Transcriptions, _) => openai::transcription(call),
        (Route::Models, Dialect::Anthropic) => Ok(anthropic::models()),
        (Route::Models, _) => Ok(openai::models(call)),
        (Route::Messages, _) => anthropic::answer(call),
        (Route::Generate, _) => gemini::answer(call),
        (Route::CohereChat, _) => cohere::answer(call),
        (Route::WorkersRun, _) => workers_ai::answer(call),
        (Route::Unknown, _) => Err(Trouble::UnknownPath),
    }
}

impl Dialect {
    fn of(route: Route, call: &Call) -> Self {
        match route {
            Route::Messages => Self::Anthropic,
            // Anthropic's and OpenAI's files and models share their paths.
            Route::Files | Route::Models if call.header("anthropic-version").is_some() => Self::Anthropic,
            Route::Generate => Self::Gemini,
            Route::CohereChat => Self::Cohere,
            Route::WorkersRun => Self::WorkersAi,
            _ => Self::Openai,
        }
    }

    fn error(self, call: &Call, trouble: &Trouble) -> Answer {
        let message = trouble.message(call);
        let (status, body) = match self {
            Self::Openai => openai::error(trouble, &message),
            Self::Anthropic => anthropic::error(call, trouble, &message),
            Self::Gemini => gemini::error(trouble, &message),
            Self::Cohere => cohere::error(call, trouble, &message),
            Self::WorkersAi => workers_ai::error(trouble, &message),
        };
        Answer::json(status, &body)
    }

    /// The header in which the provider names the request.
    fn sign(self, call: &Call, answer: &mut Answer) {
        match self {
            Self::Openai => answer.set_header("x-request-id", format!("req-upstream-{}", call.n)),
            Self::Anthropic => answer.set_header("request-id", format!("req_upstream_{}", call.n)),
            Self::Cohere | Self::Gemini | Self::WorkersAi => {}
        }
    }
}

impl Trouble {
    fn missing(field: &'static str) -> Self {
        Self::Invalid { field, message: format!("{field}: the call needs this field") }
    }

    /// The status that most providers give.
    fn status(&self) -> u16 {
        match self {
            Self::NoKey | Self::WrongKey => 401,
            Self::UnknownModel | Self::UnknownPath => 404,
            Self::Invalid { .. } => 400,
            Self::Scripted(status) => *status,
        }
    }

    fn message(&self, call: &Call) -> String {
        match self {
            Self::NoKey => "no API key came with the call".into(),
            Self::WrongKey => "this API key is not known".into(),
            Self::UnknownModel => format!("the model `{}` does not exist", call.model()),
            Self::UnknownPath => format!("nothing answers at {} {}", call.method, call.path),
            Self::Invalid { message, .. } => message.clone(),
            Self::Scripted(status) => format!("the script says {status}"),
        }
    }
}

/// The request's member `field`, which has to be a list.
fn list<'a>(call: &'a Call, field: &'static str) -> Result<&'a [Value], Trouble> {
    if call.json.is_none() {
        return Err(Trouble::Invalid { field, message: "the body is not JSON".into() });
    }
    call.field(field).as_array().map(Vec::as_slice).ok_or_else(|| Trouble::missing(field))
}
