//! A messages call as a chat.

use super::super::dialect::{Heard, Origins, Takes};
use super::super::object::Object;
use super::super::text::Text;
use super::super::translate::Untranslatable;
use super::super::written::Written;
use super::conversation::{Conversation, conversation};
use super::options::{output, service_tier, user};
use super::tools::tools;
use super::{LEFT_OUT, Messages};

/// The chat for `body`; the reply to it is the caller's.
pub(super) fn translate(body: &[u8], takes: &Takes) -> Result<Heard, Untranslatable> {
    let mut changes = Vec::new();
    let mut asked = Object::body(body)?;
    let mut chat = Written::default();
    chat.put("model", asked.require_as::<Text<'_>>("model", "a model's name")?);
    let Conversation { messages, origins } = conversation(&mut asked, takes, &mut changes)?;
    chat.put("messages", messages);
    chat.put_some(takes.bound(), asked.take_as::<u64>("max_tokens", "a whole number of tokens")?);
    tools(&mut asked, &mut chat, takes, &mut changes)?;
    output(&mut asked, &mut chat, takes, &mut changes)?;
    let stops: Vec<Text<'_>> = asked.take_as("stop_sequences", "an array of strings")?.unwrap_or_default();
    chat.put_some("stop", Some(stops).filter(|stops| !stops.is_empty()));
    for name in ["temperature", "top_p"] {
        chat.put_some(name, asked.take(name));
    }
    for name in ["top_k", "cache_control"] {
        if takes.extra(name) {
            chat.put_some(name, asked.take(name));
        }
    }
    user(&mut asked, &mut chat, takes, &mut changes)?;
    service_tier(&mut asked, &mut chat, &mut changes)?;
    if let Some(stream) = asked.take_as::<bool>("stream", "true or false")? {
        chat.put("stream", stream);
        if stream && takes.member("stream_options") {
            chat.put("stream_options", Written::default().with("include_usage", true));
        }
    }
    asked.report_rest(LEFT_OUT, &mut changes);
    Ok(Heard { chat: chat.to_bytes().into(), changes, origins: Origins(origins), reply: Box::new(Messages) })
}
