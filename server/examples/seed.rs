//! Fills a log with calls of the last days, to look at the dashboard: `cargo run --example seed -- FILE CALLS`.
//! Every call walks the whole road; only the providers answer by script.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tollhouse::testing::{ManualClock, Scripted, Step};
use tollhouse::{Config, Gateway, Sending, Transport, UpstreamRequest};

const DAYS: u64 = 8;
const MODELS: [(&str, u64); 4] = [
    ("openai/gpt-4o-mini", 700),
    ("anthropic/claude-sonnet-4-5", 1_900),
    ("groq/llama-3.3-70b-versatile", 250),
    ("google-ai-studio/gemini-2.5-flash", 900),
];
const TEAMS: [&str; 3] = ["search", "support", "research"];
const HOSTILE: &str = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";

fn main() {
    let mut words = std::env::args().skip(1);
    let usage = "usage: seed FILE CALLS";
    let path = PathBuf::from(words.next().expect(usage));
    let calls: u64 = words.next().expect(usage).parse().expect("a number of calls");
    let now_us = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros())
        .expect("before the year 586000");
    let clock = ManualClock::at(now_us - DAYS * 86_400_000_000);
    let upstream = Providers { clock: clock.clone(), chance: Mutex::new(Chance(7)) };
    let mut config: Config =
        Config::from_json(&json!({"cache": {"ttl": "1h"}, "retries": {"delay": "200ms"}}).to_string())
            .expect("the configuration is sound");
    config.logs.path = Some(path);
    let gateway = Gateway::builder(config)
        .clock(Arc::new(clock.clone()))
        .transport(Arc::new(upstream))
        .environment(|_| Some("sk-canary".to_owned()))
        .build()
        .expect("the gateway opens");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
    let mut chance = Chance(11);
    runtime.block_on(async {
        for call in 0..calls {
            // More by day than by night.
            clock.advance(Duration::from_micros(DAYS * 86_400_000_000 / (calls + 1)));
            let stream = chance.below(3) == 0;
            let entries = entries(&mut chance, call);
            let user = format!("user-{}", chance.below(40).min(chance.below(40)));
            let team = TEAMS[usize::try_from(chance.below(3)).expect("small")];
            let note = if call.is_multiple_of(997) { HOSTILE } else { "seeded" };
            let metadata = json!({"user": user, "team": team, "note": note});
            let options = json!({"stream": stream, "gateway": {"metadata": metadata, "cacheTtl": 3600}});
            let answer = match entries {
                Entries::One(model, text) => gateway.chat(model, &json!(text), &options).await,
                Entries::List(list) => gateway.run(&list, &json!({"gateway": {"metadata": metadata}})).await,
            };
            let mut body = answer.expect("the gateway is open").body;
            while let Some(Ok(_)) = body.next().await {
                // One caller in two hundred goes away in the middle.
                if chance.below(200) == 0 {
                    break;
                }
            }
        }
        gateway.flush().await.expect("the log can be written");
    });
    gateway.close(Duration::from_secs(60));
}

enum Entries {
    One(&'static str, String),
    List(Value),
}

fn entries(chance: &mut Chance, call: u64) -> Entries {
    // Some questions come again, and are answered from the cache.
    let question = if chance.below(4) == 0 { chance.below(30) } else { call };
    let text = if call.is_multiple_of(997) {
        HOSTILE.to_owned()
    } else {
        format!("Question {question}: what is a tollhouse?")
    };
    let (model, _) = MODELS[usize::try_from(chance.below(4).min(chance.below(4))).expect("small")];
    if chance.below(10) > 0 {
        return Entries::One(model, text);
    }
    let body =
        |model: &str| json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": text}]});
    Entries::List(json!([
        {"provider": "openai", "endpoint": "chat/completions", "headers": {"cf-aig-max-attempts": "3"}, "query": body("gpt-4o")},
        {"provider": "anthropic", "endpoint": "v1/messages", "headers": {}, "query": body("claude-sonnet-4-5")},
    ]))
}

/// Answers for every provider, now and then badly.
struct Providers {
    clock: ManualClock,
    chance: Mutex<Chance>,
}

impl Transport for Providers {
    fn send(&self, request: UpstreamRequest) -> Sending<'_> {
        let step = self.step(&request);
        let script = Scripted::new(Arc::new(self.clock.clone()), vec![step]);
        Box::pin(async move { script.send(request).await })
    }
}

impl Providers {
    fn step(&self, request: &UpstreamRequest) -> Step {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let usual_ms = if request.url.contains("anthropic") { 1_900 } else { 400 };
        let delay_ms = usual_ms / 3 + chance.below(usual_ms) + if chance.below(50) == 0 { 6_000 } else { 0 };
        let luck = chance.below(100);
        let failed = match luck {
            0..2 => Some((503, "The server is overloaded.")),
            2..4 => Some((429, "Rate limit reached.")),
            4 => Some((400, "Unknown parameter: 'colour'.")),
            _ => None,
        };
        if let Some((status, message)) = failed {
            let body = json!({"error": {"message": message, "type": "error"}});
            return Step { status: Some(status), json: Some(body), delay_ms, ..Step::default() };
        }
        if luck == 5 {
            return Step { fail: Some("connect".to_owned()), delay_ms: 30, ..Step::default() };
        }
        let (tokens_in, tokens_out) = (20 + chance.below(2_000), 10 + chance.below(600));
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if body["stream"] == true && request.url.contains("/chat/completions") {
            let piece = |text: &str| json!({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]});
            let usage = json!({"prompt_tokens": tokens_in, "completion_tokens": tokens_out});
            let end = json!({"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": usage});
            let sse = vec![piece("A toll"), piece("house "), piece("takes tolls."), end, json!("[DONE]")];
            return Step { sse: Some(sse), delay_ms, chunk_delay_ms: 40, ..Step::default() };
        }
        Step { json: Some(answer(&request.url, tokens_in, tokens_out)), delay_ms, ..Step::default() }
    }
}

fn answer(url: &str, tokens_in: u64, tokens_out: u64) -> Value {
    let text = "A tollhouse is where tolls are taken.";
    if url.contains("anthropic") {
        return json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": text}],
            "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
        });
    }
    if url.contains("generativelanguage") {
        return json!({
            "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": tokens_in, "candidatesTokenCount": tokens_out, "totalTokenCount": tokens_in + tokens_out},
        });
    }
    json!({
        "id": "c", "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out},
    })
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
