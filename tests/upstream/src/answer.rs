//! An answer before a step has been applied to it.

use bytes::Bytes;
use serde_json::Value;

use crate::call::Tokens;

/// Status, headers and the chunks in which the body is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) chunks: Vec<Bytes>,
    /// Sent with chunked encoding, an event per chunk.
    pub(crate) stream: bool,
    pub(crate) usage: Option<Tokens>,
}

impl Answer {
    /// A whole JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    /// A whole body of another kind.
    pub(crate) fn whole(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            chunks: if body.is_empty() { Vec::new() } else { vec![body] },
            stream: false,
            usage: None,
        }
    }

    /// A stream of events.
    pub(crate) fn events(events: Vec<Bytes>) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("content-type".into(), "text/event-stream; charset=utf-8".into()),
                ("cache-control".into(), "no-cache".into()),
            ],
            chunks: events,
            stream: true,
            usage: None,
        }
    }

    pub(crate) fn using(mut self, usage: Tokens) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Sets a header, in place of one with the same name.
    pub(crate) fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_ascii_lowercase(), value.into()));
    }
}

/// An event without a name, as OpenAI's chat completions and Gemini send them.
pub(crate) fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

/// An event whose name is the `type` of its data, as OpenAI's responses, Anthropic and Cohere send them.
pub(crate) fn typed_event(data: &Value) -> Bytes {
    Bytes::from(format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default()))
}

/// OpenAI's end marker, which others took over.
pub(crate) fn done() -> Bytes {
    Bytes::from_static(b"data: [DONE]\n\n")
}
