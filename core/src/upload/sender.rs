//! One receiver: what is sent to it, when, and what its answers mean.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{backoff, ndjson};
use crate::config::UploadConfig;
use crate::outbox::{Fate, Waiting};

/// Which version of the record a batch holds.
const SCHEMA: HeaderName = HeaderName::from_static("tollhouse-schema");
/// By which a receiver knows a batch that it has already.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A receiver that refuses us, and not a batch, is asked again after so long: somebody has to change something.
const PAUSE: Duration = Duration::from_secs(900);

/// After so many records that were refused alone, with none taken between them, it may be the receiver that is wrong: from
/// then on it costs one record a pause, until somebody has seen it.
const MOST_REFUSED: u32 = 3;

/// What a sender is told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) url: String,
    headers: HeaderMap,
    records: usize,
    bytes: u64,
}

impl Settings {
    /// The settings of `config`, which was validated.
    pub(crate) fn of(config: &UploadConfig) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let value = HeaderValue::from_str(value.expose());
            if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name.as_str()), value) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let key = config.key.as_ref().map(|key| format!("Bearer {}", key.expose()));
        if let Some(Ok(mut key)) = key.map(|key| HeaderValue::from_str(&key)) {
            key.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, key);
        }
        Self {
            url: config.to.clone(),
            headers,
            records: config.batch_records as usize,
            bytes: config.batch_bytes.bytes(),
        }
    }
}

/// A batch, ready to be posted.
pub(crate) struct Package {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A receiver's answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer, or why there is none.
pub(crate) type Outcome = Result<Reply, String>;

/// The sender of one receiver.
#[derive(Debug)]
pub(crate) struct Sender {
    settings: Settings,
    /// How many records go together just now: fewer after a batch was too large.
    most: usize,
    /// The sizes of the parts in which a batch that was refused is still to be sent; the next one stands last.
    parts: Vec<usize>,
    failures: u32,
    refused_alone: u32,
    /// Before this moment of the monotonic clock nothing is sent.
    due_us: u64,
    trouble: Option<String>,
}

impl Sender {
    pub(crate) fn new(settings: Settings) -> Self {
        let most = settings.records;
        Self { settings, most, parts: Vec::new(), failures: 0, refused_alone: 0, due_us: 0, trouble: None }
    }

    /// How long is still to be waited before the next batch.
    pub(crate) fn wait(&self, now_us: u64) -> Duration {
        Duration::from_micros(self.due_us.saturating_sub(now_us))
    }

    /// How many records the next batch may hold, and how many bytes.
    pub(crate) fn room(&self) -> (usize, u64) {
        (self.parts.last().copied().unwrap_or(self.most), self.settings.bytes)
    }

    /// Why nothing is taken just now.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The batch as it goes out, under an `id` of its own.
    pub(crate) fn pack(&self, id: &str, batch: &[Waiting]) -> Package {
        let mut headers = self.settings.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(ndjson::CONTENT_TYPE));
        headers.insert(SCHEMA, HeaderValue::from_static("1"));
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(IDEMPOTENCY_KEY, id);
        }
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        Package { url: self.settings.url.clone(), headers, body: ndjson::gzip(&ndjson::lines(batch)) }
    }

    /// Takes in what came of `batch`, and says what became of its records; those that are not named are sent again.
    ///
    /// `now_us` is the monotonic clock's, `wall_us` the wall's, and `chance` a number from 0 to 1.
    pub(crate) fn told(
        &mut self,
        (now_us, wall_us): (u64, u64),
        chance: f64,
        batch: &[Waiting],
        outcome: &Outcome,
    ) -> Vec<(i64, Fate)> {
        let reply = match outcome {
            Ok(reply) => reply,
            Err(reason) => {
                self.fail(now_us, chance, None, reason.clone());
                return Vec::new();
            }
        };
        let said = self.without_secrets(ndjson::reason(&String::from_utf8_lossy(&reply.body)));
        let words = format!("the receiver answered {}: {said}", reply.status);
        match reply.status {
            200..=299 => self.took(now_us, batch, &reply.body),
            413 => {
                self.most = (batch.len() / 2).max(1);
                // That a record is too large says nothing of others.
                self.refused_alone = 0;
                self.split(now_us, batch, words)
            }
            400 | 422 => self.split(now_us, batch, words),
            408 | 425 | 429 | 500..=599 => {
                self.fail(now_us, chance, backoff::asked(&reply.headers, wall_us), words);
                Vec::new()
            }
            _ => self.pause(now_us, &words),
        }
    }

    fn took(&mut self, now_us: u64, batch: &[Waiting], body: &[u8]) -> Vec<(i64, Fate)> {
        let (fates, hold_ms) = ndjson::receipt(batch, body);
        (self.failures, self.refused_alone, self.trouble) = (0, 0, None);
        self.due_us = now_us.saturating_add(hold_ms.min(3_600_000).saturating_mul(1_000));
        if self.parts.pop().is_none() {
            // Back to full size in sixteen batches at most, so that a receiver's bound is not met at every second one.
            self.most = (self.most + (self.settings.records / 16).max(1)).min(self.settings.records);
        }
        fates
    }

    /// Of a batch that was refused either half is tried; a record that is refused alone is given up.
    fn split(&mut self, now_us: u64, batch: &[Waiting], words: String) -> Vec<(i64, Fate)> {
        self.parts.pop();
        if let [alone] = batch {
            self.refused_alone = self.refused_alone.saturating_add(1);
            if self.refused_alone > MOST_REFUSED {
                self.pause(now_us, &words);
            }
            return vec![(alone.no, Fate::Dead(words))];
        }
        let half = batch.len() / 2;
        self.parts.extend([batch.len() - half, half]);
        Vec::new()
    }

    /// What a receiver says, without what it was shown: it may repeat a key in its complaint.
    fn without_secrets(&self, mut said: String) -> String {
        for value in self.settings.headers.values().filter_map(|value| value.to_str().ok()) {
            said = said.replace(value.strip_prefix("Bearer ").unwrap_or(value), "…");
        }
        said
    }

    fn fail(&mut self, now_us: u64, chance: f64, asked: Option<Duration>, reason: String) {
        self.failures = self.failures.saturating_add(1);
        let wait = backoff::jittered(self.failures, chance);
        self.rest(now_us, asked.map_or(wait, |asked| asked.max(wait)), reason);
    }

    fn pause(&mut self, now_us: u64, reason: &str) -> Vec<(i64, Fate)> {
        self.rest(now_us, PAUSE, format!("{reason}; it is asked again every {} minutes", PAUSE.as_secs() / 60));
        Vec::new()
    }

    fn rest(&mut self, now_us: u64, wait: Duration, reason: String) {
        self.due_us = now_us.saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX));
        self.trouble = Some(reason);
    }
}
