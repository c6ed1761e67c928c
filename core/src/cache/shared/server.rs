//! A Redis or Valkey server that many hosts share. An answer is a hash of its head and its body, which the server itself
//! lets go of when its time is over.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Pipeline;

use super::{AHEAD_US, Waiting};
use crate::cache::lease::LEASE_US;
use crate::cache::purge::{Filter, PurgeReport};
use crate::cache::store::{Asked, Asking, Extent, Leased, Now, Outside, Stored};
use crate::cache::wire::{self, Packed};
use crate::exchange::CacheKey;
use crate::store::{Redis, StoreHealth};

/// Only who holds a lease may touch it.
const RENEW: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0";
const GIVE_BACK: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// So many keys are looked through at a time.
const SCANNED: usize = 500;

/// How long one part of that may take, and all of it.
const PART_WITHIN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// The answers on a server.
pub(crate) struct Server {
    redis: Redis,
    /// What all keys of this gateway begin with; the part in braces keeps them on one node of a cluster.
    prefix: String,
    max_body_bytes: u64,
    waiting: Waiting,
}

impl Server {
    /// Answers of `gateway` on the server behind `redis`, none larger than `max_body_bytes`.
    pub(crate) fn new(redis: Redis, gateway: &str, max_body_bytes: u64) -> Self {
        Self { redis, prefix: format!("tollhouse:{{{gateway}}}:cache:"), max_body_bytes, waiting: Waiting::default() }
    }

    fn key(&self, kind: &str, key: CacheKey) -> String {
        let mut name = format!("{}{kind}:", self.prefix);
        for byte in key {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    fn unpack(&self, parts: Parts, now: Now) -> Option<Arc<Stored>> {
        let (Some(head), Some(body)) = parts else { return None };
        let stored = Packed { head, body }.unpack(self.max_body_bytes)?;
        // The server's clock ends it; this one's says how old it is.
        (stored.at_us <= now.wall_us + AHEAD_US && stored.age(now) < stored.keep).then(|| Arc::new(stored))
    }

    /// Looks through all answers, some at a time, until `visit` has seen enough.
    async fn scan(&self, mut visit: impl FnMut(Vec<Row>) -> Visit) -> Option<()> {
        let started = Instant::now();
        let pattern = format!("{}answer:*", escaped(&self.prefix));
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(SCANNED);
            let (next, keys): (u64, Vec<String>) = self.redis.run_within(PART_WITHIN, scan).await?;
            if !keys.is_empty() {
                let mut ask = redis::pipe();
                for key in &keys {
                    ask.hget(key, "head").cmd("HSTRLEN").arg(key).arg("body");
                }
                let answers: Vec<redis::Value> = self.redis.run_within(PART_WITHIN, ask).await?;
                let rows = keys.into_iter().zip(answers.chunks_exact(2)).filter_map(|(key, answer)| {
                    let head: Vec<u8> = redis::from_redis_value(answer[0].clone()).ok()?;
                    let body_bytes: u64 = redis::from_redis_value(answer[1].clone()).ok()?;
                    Some(Row { key, bytes: head.len() as u64 + body_bytes, head })
                });
                match visit(rows.collect()) {
                    Visit::Enough => return Some(()),
                    Visit::More => {}
                    Visit::Remove(keys) if keys.is_empty() => {}
                    Visit::Remove(keys) => {
                        let mut unlink = redis::cmd("UNLINK");
                        unlink.arg(keys);
                        self.redis.run_within::<u64>(PART_WITHIN, unlink).await?;
                    }
                }
            }
            if next == 0 {
                return Some(());
            }
            if started.elapsed() > PATIENCE {
                return None;
            }
            cursor = next;
        }
    }
}

/// Head and body of what stands under a key.
type Parts = (Option<Vec<u8>>, Option<Vec<u8>>);

struct Row {
    key: String,
    head: Vec<u8>,
    bytes: u64,
}

enum Visit {
    More,
    Enough,
    Remove(Vec<String>),
}

impl Outside for Server {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn get(&self, key: CacheKey, now: Now) -> Asking<'_, Option<Arc<Stored>>> {
        let mut get = redis::cmd("HMGET");
        get.arg(self.key("answer", key)).arg("head").arg("body");
        Box::pin(async move { Some(self.unpack(self.redis.run(get).await?, now)) })
    }

    fn put(&self, key: CacheKey, stored: Arc<Stored>, now: Now) {
        let Some(place) = self.waiting.place(stored.weight()) else { return self.redis.count_failure() };
        let key = self.key("answer", key);
        self.redis.tell(move || {
            let left_ms = stored.keep.saturating_sub(stored.age(now)).as_millis().max(1);
            let Packed { head, body } = Packed::of(&stored);
            let mut put = redis::pipe();
            put.atomic().del(&key).ignore();
            put.cmd("HSET").arg(&key).arg("head").arg(head).arg("body").arg(body).ignore();
            put.cmd("PEXPIRE").arg(&key).arg(u64::try_from(left_ms).unwrap_or(u64::MAX)).ignore();
            drop(place);
            put
        });
    }

    fn lease(&self, key: CacheKey, holder: u64, now: Now) -> Asking<'_, Leased> {
        let mut ask: Pipeline = redis::pipe();
        ask.cmd("SET").arg(self.key("lease", key)).arg(holder).arg("NX").arg("PX").arg(LEASE_US / 1_000);
        ask.get(self.key("lease", key));
        ask.cmd("HMGET").arg(self.key("answer", key)).arg("head").arg("body");
        Box::pin(async move {
            let (taken, other, parts): (Option<String>, Option<u64>, Parts) = self.redis.run(ask).await?;
            match self.unpack(parts, now).filter(|stored| stored.age(now) < stored.ttl) {
                Some(stored) => {
                    if taken.is_some() {
                        self.give_back(key, holder);
                    }
                    Some(Leased::Found(stored))
                }
                None => Some(other.filter(|_| taken.is_none()).map_or(Leased::Ours, Leased::Theirs)),
            }
        })
    }

    fn renew(&self, key: CacheKey, holder: u64, _now: Now) {
        let key = self.key("lease", key);
        self.redis.tell(move || {
            let mut renew = redis::cmd("EVAL");
            renew.arg(RENEW).arg(1).arg(key).arg(holder).arg(LEASE_US / 1_000);
            renew
        });
    }

    fn give_back(&self, key: CacheKey, holder: u64) {
        let key = self.key("lease", key);
        self.redis.tell(move || {
            let mut give_back = redis::cmd("EVAL");
            give_back.arg(GIVE_BACK).arg(1).arg(key).arg(holder);
            give_back
        });
    }

    fn newest(&self, filter: Filter, count: usize, _now: Now) -> Asking<'_, Vec<(Asked, u64)>> {
        Box::pin(async move {
            let mut found = Vec::new();
            let visit = |rows: Vec<Row>| {
                let heads = rows.iter().filter_map(|row| wire::asked(&row.head));
                found.extend(heads.filter(|(asked, at_us)| filter.meets(asked, *at_us)));
                if found.len() < count { Visit::More } else { Visit::Enough }
            };
            self.scan(visit).await?;
            found.sort_by_key(|(_, at_us)| std::cmp::Reverse(*at_us));
            found.truncate(count);
            Some(found)
        })
    }

    fn purge(&self, filter: Filter) -> Asking<'_, PurgeReport> {
        Box::pin(async move {
            let mut report = PurgeReport::default();
            let visit = |rows: Vec<Row>| {
                let is_meant = |row: &Row| match wire::asked(&row.head) {
                    Some((asked, at_us)) => filter.meets(&asked, at_us),
                    // What nobody can read is of no use to anybody.
                    None => true,
                };
                let meant: Vec<Row> = rows.into_iter().filter(is_meant).collect();
                report.entries += meant.len() as u64;
                report.bytes += meant.iter().map(|row| row.bytes).sum::<u64>();
                Visit::Remove(meant.into_iter().map(|row| row.key).collect())
            };
            self.scan(visit).await?;
            Some(report)
        })
    }

    fn extent(&self, _now: Now) -> Asking<'_, Extent> {
        Box::pin(async move {
            let mut extent = Extent::default();
            let visit = |rows: Vec<Row>| {
                extent.entries += rows.len() as u64;
                extent.bytes += rows.iter().map(|row| row.bytes).sum::<u64>();
                Visit::More
            };
            self.scan(visit).await?;
            Some(extent)
        })
    }

    fn health(&self) -> StoreHealth {
        self.redis.health()
    }
}

/// A text as it stands in a pattern of `SCAN`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if "*?[]\\".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
