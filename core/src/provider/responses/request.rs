//! A responses call as a chat.

use super::super::dialect::{Heard, Origins, Takes};
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::Untranslatable;
use super::super::written::Written;
use super::echo::Echo;
use super::input::conversation;
use super::options::{include, neutral, reasoning, text};
use super::tools::tools;
use super::{LEFT_OUT, Responses};

/// Members that lean on what OpenAI has kept.
const KEPT_THERE: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

/// The chat for `body`; the reply to it is the caller's.
pub(super) fn translate(body: &[u8], takes: &Takes) -> Result<Heard, Untranslatable> {
    let mut changes = Vec::new();
    let mut asked = Object::body(body)?;
    let echo = Echo::of(&asked);
    for name in KEPT_THERE {
        if asked.take(name).is_some() {
            let remedy = "only OpenAI knows what it has kept; send the items themselves in input";
            return Err(Untranslatable::new(name, remedy));
        }
    }
    let mut chat = Written::default();
    chat.put("model", asked.require_as::<Text<'_>>("model", "a model's name")?);
    let (messages, origins) = conversation(&mut asked, takes, &mut changes)?;
    chat.put("messages", messages);
    chat.put_some(takes.bound(), asked.take_as::<u64>("max_output_tokens", "a whole number of tokens")?);
    tools(&mut asked, &mut chat, takes, &mut changes)?;
    reasoning(&mut asked, &mut chat, takes, &mut changes)?;
    text(&mut asked, &mut chat, takes, &mut changes)?;
    for name in ["temperature", "top_p", "top_logprobs"] {
        chat.put_some(name, asked.take(name));
    }
    include(&mut asked, &mut chat, &mut changes)?;
    if takes.member("user") {
        chat.put_some("user", asked.take("user"));
    }
    for name in ["safety_identifier", "prompt_cache_key", "top_k", "cache_control"] {
        if takes.extra(name) {
            chat.put_some(name, asked.take(name));
        }
    }
    if let Some(stream) = asked.take_as::<bool>("stream", "true or false")? {
        chat.put("stream", stream);
        if stream && takes.member("stream_options") {
            chat.put("stream_options", Written::default().with("include_usage", true));
        }
    }
    neutral(&mut asked)?;
    asked.report_rest(LEFT_OUT, &mut changes);
    Ok(Heard { chat: chat.to_bytes().into(), changes, origins: Origins(origins), reply: Box::new(Responses { echo }) })
}
