//! One call as it came in and as it ended: what the ledger shows, and what the formats read.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use crate::form::Form;
use crate::path::Found;

/// A provider call. Everything but `status`, `usage` and the ending is known on arrival.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// 1 for the first call since the start or the last reset.
    pub n: u64,
    /// The HTTP method.
    pub method: String,
    /// The path with every prefix, without the query.
    pub path: String,
    /// The query without `?`, empty when there is none.
    pub query: String,
    /// Headers by their lowercase names; repeated ones are joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// The size of the body, in bytes, as it was sent.
    pub body_bytes: usize,
    /// The body as text, when it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body as JSON, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The body's parts, when it is `multipart/form-data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// The first folder of the path, or the provider to whom a bare path belongs.
    pub provider: String,
    /// The model, from the body, the form or the path.
    pub model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The status answered, or about to be.
    pub status: Option<u16>,
    /// The tokens that the answer reports; `None` for errors.
    pub usage: Option<Tokens>,
    /// Whether the whole answer was handed to the socket.
    pub finished: bool,
    /// How the answer ended; `None` while it is under way.
    pub ending: Option<Ending>,
}

/// Tokens as this upstream counts them: words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Words in every text of the request.
    pub input: u64,
    /// Words in the answer.
    pub output: u64,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All of it was sent.
    Complete,
    /// By script: the connection closed before a byte.
    Refused,
    /// By script: the connection was reset.
    Reset,
    /// By script: the connection closed in the middle.
    Cut,
    /// By script: a proper end of HTTP, before the answer's own end.
    Truncated,
    /// The client left before the end.
    ClientGone,
}

impl Tokens {
    /// Input and output together.
    pub fn total(self) -> u64 {
        self.input + self.output
    }
}

impl Call {
    pub(crate) fn read(head: &Parts, body: &[u8], found: &Found) -> Self {
        let headers = by_name(&head.headers);
        let form = headers.get("content-type").and_then(|content_type| Form::read(content_type, body));
        let json: Option<Value> = if form.is_some() { None } else { serde_json::from_slice(body).ok() };
        let named = |value: &Value| value["model"].as_str().map(str::to_owned);
        let model = found
            .model
            .clone()
            .or_else(|| json.as_ref().and_then(named))
            .or_else(|| form.as_ref()?.fields.get("model").cloned());
        Self {
            n: 0,
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            body_bytes: body.len(),
            text: std::str::from_utf8(body).ok().map(str::to_owned),
            provider: found.provider.clone(),
            model,
            stream: found.streams || json.as_ref().is_some_and(|json| json["stream"] == true),
            headers,
            json,
            form,
            status: None,
            usage: None,
            finished: false,
            ending: None,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body's member `name`, or null.
    pub(crate) fn field(&self, name: &str) -> &Value {
        self.json.as_ref().map_or(&Value::Null, |json| &json[name])
    }

    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or("unnamed")
    }

    /// The model without its folders: `fail-503` of `@cf/meta/fail-503`.
    pub(crate) fn short_model(&self) -> &str {
        self.model().rsplit('/').next().unwrap_or_default()
    }
}

fn by_name(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut map = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        map.entry(name.as_str().to_owned())
            .and_modify(|joined| *joined = format!("{joined}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    map
}
