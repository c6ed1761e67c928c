//! What is measured.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::clients::Client;
use crate::measure::{Batch, Cost, alternate, median, timed};
use crate::report::{Row, Target};

/// Words of the long stream; each is an event.
const STREAM_WORDS: usize = 2_000;

/// Words of the stream whose first chunk is awaited.
const SHORT_STREAM_WORDS: usize = 20;

/// A question of about the size of a small chat.
const TEXT: &str = "A toll house stands where a road is narrow, and whoever comes through is counted, asked to pay, and \
    let on. Say in a few plain words what this has in common with a gateway between a program and the models that it \
    calls: what does it see of each call, what may it refuse, what should it write down, and how can it do all of that \
    without anybody noticing that the way has become longer? Leave out what you are not sure of.";

/// Every case, in the order of the table.
pub fn all(runtime: &Runtime, upstream: &str) -> Result<Vec<Row>, Failure> {
    let everything = json!({"cache": {"ttl": "1h"}, "limits": {"requests": {"limit": 1_000_000_000, "per": "1h"}}});
    let bench = Bench {
        runtime,
        raw: Client::raw(upstream)?,
        plain: Client::gateway(upstream, json!({}))?,
        full: Client::gateway(upstream, everything)?,
        rounds: count("ROUNDS", 15)?,
        asked: Cell::new(0),
    };
    let calls = count("CALLS", 640)?;
    let mut rows = Vec::new();
    rows.extend(bench.calls("call, 1 in flight", 1, calls)?);
    rows.extend(bench.calls("call, 64 in flight", 64, calls)?);
    rows.push(bench.streamed_event(count("STREAMS", 3)?)?);
    rows.push(bench.first_chunk(calls / 8)?);
    rows.push(bench.cache_hit(calls * 10)?);
    Ok(rows)
}

/// A count that the environment may set.
fn count(name: &str, usual: usize) -> Result<usize, Failure> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is a count, not {text:?}").into()),
        Err(_) => Ok(usual),
    }
}

struct Bench<'a> {
    runtime: &'a Runtime,
    raw: Client,
    /// As it comes: metering and log are on.
    plain: Client,
    /// With cache and limit on as well.
    full: Client,
    rounds: usize,
    /// Questions so far: no two are the same, so each is a miss.
    asked: Cell<usize>,
}

impl Bench<'_> {
    fn calls(&self, name: &str, in_flight: usize, calls: usize) -> Result<[Row; 2], Failure> {
        let batch = |client| -> Batch<'_> {
            Box::new(move || {
                let questions: Vec<_> = (0..calls).map(|_| self.question(TEXT, false)).collect();
                let shares = questions.chunks(calls.div_ceil(in_flight));
                timed(calls, || {
                    self.runtime.block_on(async {
                        try_join_all(shares.map(|share| ask(client, share))).await?;
                        client.settle().await
                    })
                })
            })
        };
        let costs = alternate(self.rounds, &mut [batch(&self.raw), batch(&self.plain), batch(&self.full)])?;
        let row = |name: String, at: usize| Row {
            name,
            raw: costs[0].clone(),
            ours: costs[at].clone(),
            first: Some(Target::Ratio(1.5)),
            goal: Some(Target::Ratio(1.15)),
        };
        Ok([row(name.to_owned(), 1), row(format!("{name}, cache and limit on"), 2)])
    }

    fn streamed_event(&self, streams: usize) -> Result<Row, Failure> {
        let text = vec!["word"; STREAM_WORDS].join(" ");
        let batch = |client: &'_ Client| -> Batch<'_> {
            let (client, text) = (client.clone(), text.clone());
            Box::new(move || {
                let question = self.question(&text, true);
                timed(streams * STREAM_WORDS, || {
                    self.runtime.block_on(async {
                        for _ in 0..streams {
                            let events = client.stream(question.clone(), || {}).await?;
                            if events < STREAM_WORDS {
                                return Err(format!("{events} events instead of {STREAM_WORDS}").into());
                            }
                        }
                        client.settle().await
                    })
                })
            })
        };
        let mut costs = alternate(self.rounds, &mut [batch(&self.raw), batch(&self.plain)])?;
        let (ours, raw) = (costs.remove(1), costs.remove(0));
        Ok(Row { name: "streamed event".to_owned(), raw, ours, first: None, goal: Some(Target::Above(1.2)) })
    }

    fn first_chunk(&self, streams: usize) -> Result<Row, Failure> {
        let text = vec!["word"; SHORT_STREAM_WORDS].join(" ");
        let batch = |client: &'_ Client| -> Batch<'_> {
            let (client, text) = (client.clone(), text.clone());
            Box::new(move || {
                let waited = RefCell::new(Vec::with_capacity(streams));
                self.runtime.block_on(async {
                    for _ in 0..streams {
                        let (question, asked) = (self.question(&text, true), Instant::now());
                        let first = || waited.borrow_mut().push(asked.elapsed().as_secs_f64() * 1e6);
                        client.stream(question, first).await?;
                    }
                    client.settle().await
                })?;
                Ok(Cost { wall: median(waited.into_inner().into_iter()), ..Cost::default() })
            })
        };
        let mut costs = alternate(self.rounds, &mut [batch(&self.raw), batch(&self.plain)])?;
        let (ours, raw) = (costs.remove(1), costs.remove(0));
        let (first, goal) = (Some(Target::WallAbove(200.0)), Some(Target::WallAbove(60.0)));
        Ok(Row { name: "first chunk of a stream".to_owned(), raw, ours, first, goal })
    }

    fn cache_hit(&self, hits: usize) -> Result<Row, Failure> {
        let question = vec![self.question(TEXT, false)];
        self.runtime.block_on(ask(&self.full, &question))?;
        let batch: Batch<'_> = Box::new(|| {
            let mut waited = Vec::with_capacity(hits);
            let cost = timed(hits, || {
                self.runtime.block_on(async {
                    for _ in 0..hits {
                        let asked = Instant::now();
                        ask(&self.full, &question).await?;
                        waited.push(asked.elapsed().as_secs_f64() * 1e6);
                    }
                    self.full.settle().await
                })
            })?;
            // A hit has nothing to wait for, so the middle one is what it takes where nothing disturbs it.
            Ok(Cost { wall: median(waited.into_iter()), ..cost })
        });
        let ours = alternate(self.rounds, &mut [batch])?.remove(0);
        let (first, goal) = (Some(Target::Wall(8.0)), Some(Target::Wall(3.0)));
        Ok(Row { name: "cache hit".to_owned(), raw: Vec::new(), ours, first, goal })
    }

    fn question(&self, text: &str, stream: bool) -> Bytes {
        self.asked.set(self.asked.get() + 1);
        let messages = json!([
            {"role": "system", "content": "Answer in plain words and keep it short."},
            {"role": "user", "content": text},
        ]);
        let mut body = json!({"model": "gpt-4o-mini", "messages": messages, "seed": self.asked.get()});
        if stream {
            body["stream"] = true.into();
            body["stream_options"] = json!({"include_usage": true});
        }
        body.to_string().into()
    }
}

async fn ask(client: &Client, questions: &[Bytes]) -> Result<(), Failure> {
    for question in questions {
        client.ask(question.clone()).await?;
    }
    Ok(())
}
