//! A Redis or Valkey server that many hosts share. Each call is one script, which the server runs as a whole; its time is
//! the server's, so the hosts' clocks need not agree.

use std::fmt::Write;
use std::sync::Arc;

use super::{Answer, Outside, PEER_US, PLACE_US};
use crate::held::LimitKey;
use crate::limit::rule::{Pace, Terms};
use crate::limit::store::{Ask, Change, Full, Taken};
use crate::limit::window::Room;
use crate::store::{Redis, StoreHealth};

/// The arithmetic of `window.rs`, in the server's own language.
const WINDOW: &str = include_str!("window.lua");
const TAKE: &str = include_str!("take.lua");
const SETTLE: &str = include_str!("settle.lua");
const USED: &str = include_str!("used.lua");

/// The counts on a server.
#[derive(Clone)]
pub(crate) struct Server {
    redis: Redis,
    terms: Arc<[Terms]>,
    /// What all keys of this gateway begin with; the part in braces keeps them on one node of a cluster.
    prefix: Arc<str>,
    /// This process among those that share the server.
    holder: u64,
}

impl Server {
    pub(crate) fn new(redis: Redis, id: &str, terms: impl Iterator<Item = Terms>) -> Self {
        let holder = getrandom::u64().unwrap_or_else(|_| std::process::id().into());
        Self { redis, terms: terms.collect(), prefix: format!("tollhouse:{{{id}}}:limit:").into(), holder }
    }

    fn key(&self, key: [u8; 16]) -> String {
        let mut name = self.prefix.to_string();
        for byte in key {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// Where it stands whose budgets the keys are.
    fn names(&self) -> String {
        format!("{}names", self.prefix)
    }

    fn script(&self, text: &str, keys: impl ExactSizeIterator<Item = String>) -> redis::Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(format!("{WINDOW}{text}")).arg(keys.len());
        for key in keys {
            command.arg(key);
        }
        command.arg(self.holder).arg(PLACE_US).arg(PEER_US);
        command
    }
}

impl Outside for Server {
    async fn take(&self, asks: &[Ask], _now_us: u64) -> Option<Answer> {
        let keys: Vec<_> = asks.iter().map(|ask| self.key(ask.key)).chain([format!("{}peers", self.prefix)]).collect();
        let mut command = self.script(TAKE, keys.into_iter());
        for ask in asks {
            let terms = &ask.terms(&self.terms[ask.rule]);
            command.arg(name(terms.pace)).arg(terms.limit).arg(terms.span_us);
            command.arg(ask.amount).arg(u8::from(ask.observed));
        }
        // Who leaves while it asks has taken nothing.
        let (server, own_asks) = (self.clone(), asks.to_vec());
        let unheard = move |answer: Vec<i64>| {
            if let Some(Ok(taken)) = read(&answer, own_asks.len()).map(|answer| answer.taken) {
                let undone = server.settling(&Ask::undone(&own_asks, &taken));
                server.redis.tell(move || undone);
            }
        };
        let answer = self.redis.run_or(command, unheard).await?;
        read(&answer, asks.len())
    }

    fn settle(&self, changes: Vec<Change>, _now_us: u64) {
        let command = self.settling(&changes);
        self.redis.tell(move || command);
    }

    async fn used(&self, keys: &[(usize, LimitKey)], _now_us: u64) -> Option<Vec<u64>> {
        let names: Vec<_> = keys.iter().map(|(_, key)| self.key(*key)).collect();
        let mut command = self.script(USED, names.into_iter());
        for (rule, _) in keys {
            let terms = &self.terms[*rule];
            command.arg(name(terms.pace)).arg(terms.limit).arg(terms.span_us);
        }
        let used: Vec<u64> = self.redis.run(command).await?;
        (used.len() == keys.len()).then_some(used)
    }

    fn name(&self, key: LimitKey, whose: String, until_us: u64) {
        let mut command = redis::cmd("HSET");
        command.arg(self.names()).arg(&key[..]).arg(format!("{until_us} {whose}"));
        self.redis.tell(move || command);
    }

    async fn named(&self, now_us: u64) -> Option<Vec<(LimitKey, String)>> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.names());
        let all: Vec<(Vec<u8>, String)> = self.redis.run(command).await?;
        let (mut named, mut over) = (Vec::new(), redis::cmd("HDEL"));
        over.arg(self.names());
        let mut ended = 0;
        for (field, value) in all {
            let until_us = value.split_once(' ').and_then(|(until_us, _)| until_us.parse().ok()).unwrap_or(0_u64);
            match (LimitKey::try_from(field.as_slice()), value.split_once(' ')) {
                (Ok(key), Some((_, whose))) if until_us > now_us => named.push((key, whose.to_owned())),
                _ => {
                    ended += 1;
                    over.arg(field);
                }
            }
        }
        if ended > 0 {
            self.redis.tell(move || over);
        }
        Some(named)
    }

    fn health(&self) -> StoreHealth {
        self.redis.health()
    }
}

impl Server {
    fn settling(&self, changes: &[Change]) -> redis::Cmd {
        let keys: Vec<_> = changes.iter().map(|change| self.key(change.key)).collect();
        let mut command = self.script(SETTLE, keys.into_iter());
        for change in changes {
            let terms = &self.terms[change.rule];
            command.arg(name(terms.pace)).arg(terms.limit).arg(terms.span_us);
            command.arg(change.taken).arg(change.used).arg(change.at_us);
        }
        command
    }

    /// As `settle`, and ends when it is done.
    #[cfg(test)]
    pub(super) async fn settled(&self, changes: &[Change]) {
        let settled: Option<i64> = self.redis.run(self.settling(changes)).await;
        assert!(settled.is_some(), "{:?}", self.redis.health());
    }
}

fn name(pace: Pace) -> &'static str {
    match pace {
        Pace::Fixed => "fixed",
        Pace::Sliding => "sliding",
        Pace::Bucket => "bucket",
        Pace::Held => "held",
        Pace::Period => "period",
    }
}

/// `{1, peers, now, used, reset, over, …}`, or `{0, peers, which, room, used}` with a room of -1 for "when given back" and
/// -2 for "never".
fn read(answer: &[i64], asks: usize) -> Option<Answer> {
    let number = |at: usize| answer.get(at).map(|number| number.unsigned_abs());
    let peers = number(1)?;
    if answer.first() == Some(&0) {
        let room = match *answer.get(3)? {
            -1 => Room::WhenGivenBack,
            -2 => Room::Never,
            after => Room::After(after.unsigned_abs()),
        };
        let which = usize::try_from(number(2)?).ok().filter(|which| *which < asks)?;
        return Some(Answer { taken: Err(Full { which, room, used: number(4)? }), peers });
    }
    let at_us = number(2)?;
    let taken = answer.get(3..)?.chunks_exact(3).map(|taken| Taken {
        used: taken[0].unsigned_abs(),
        reset_us: taken[1].unsigned_abs(),
        over: taken[2] == 1,
        at_us,
    });
    let taken: Vec<_> = taken.collect();
    (taken.len() == asks).then_some(Answer { taken: Ok(taken), peers })
}
