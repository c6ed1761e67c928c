//! The two that are compared, asked for the same: `reqwest` as the gateway's own transport sets it up, and the gateway.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use memchr::memmem;
use tollhouse::{Config, Gateway, Request};

use crate::Failure;

const KEY: &str = "Bearer sk-made-up";
const JSON: &str = "application/json";

/// Larger than any answer here.
const ANSWER_LIMIT: usize = 1_000_000;

#[derive(Clone)]
pub enum Client {
    Raw { client: reqwest::Client, url: String },
    Gateway(Gateway),
}

impl Client {
    pub fn raw(upstream: &str) -> Result<Self, Failure> {
        // Refused only where somebody was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Self::Raw { client, url: format!("{upstream}/v1/chat/completions") })
    }

    /// `settings` is the configuration but for the provider's place.
    pub fn gateway(upstream: &str, mut settings: serde_json::Value) -> Result<Self, Failure> {
        settings["providers"]["openai"]["base_url"] = format!("{upstream}/v1").into();
        Ok(Self::Gateway(Gateway::new(Config::from_json(&settings.to_string())?)?))
    }

    /// The size of the whole answer, in bytes.
    pub async fn ask(&self, body: Bytes) -> Result<usize, Failure> {
        match self {
            Self::Raw { client, url } => Ok(send(client, url, body).await?.bytes().await?.len()),
            Self::Gateway(gateway) => {
                let answer = gateway.handle(request(body)).await?;
                if answer.status != 200 {
                    return Err(format!("the gateway answered {}", answer.status).into());
                }
                Ok(answer.body.bytes(ANSWER_LIMIT).await?.len())
            }
        }
    }

    /// The number of events of a streamed answer. `first_chunk` is called when the first bytes are there.
    pub async fn stream(&self, body: Bytes, mut first_chunk: impl FnMut()) -> Result<usize, Failure> {
        let mut events = 0;
        let mut count = |chunk: &[u8]| {
            if events == 0 {
                first_chunk();
            }
            events += memmem::find_iter(chunk, b"\n\n").count();
        };
        match self {
            Self::Raw { client, url } => {
                let mut answer = send(client, url, body).await?;
                while let Some(chunk) = answer.chunk().await? {
                    count(&chunk);
                }
            }
            Self::Gateway(gateway) => {
                let mut answer = gateway.handle(request(body)).await?;
                while let Some(chunk) = answer.body.next().await {
                    count(&chunk?);
                }
            }
        }
        Ok(events)
    }

    /// Waits for the work that calls have left behind, so that it is counted with the batch that caused it.
    pub async fn settle(&self) -> Result<(), Failure> {
        match self {
            Self::Raw { .. } => Ok(()),
            Self::Gateway(gateway) => Ok(gateway.flush().await?),
        }
    }
}

async fn send(client: &reqwest::Client, url: &str, body: Bytes) -> Result<reqwest::Response, reqwest::Error> {
    let call = client.post(url).header(AUTHORIZATION, KEY).header(CONTENT_TYPE, JSON).body(body);
    call.send().await?.error_for_status()
}

fn request(body: Bytes) -> Request {
    let mut request = Request::new(Method::POST, "/openai/chat/completions");
    request.headers.insert(AUTHORIZATION, HeaderValue::from_static(KEY));
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    request.body = body;
    request
}
