//! Logs on their way from gateways to a collector, both as programs that are killed at any moment.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use common::Call;
use serde_json::{Value, json};
use tollhouse::{Config, Gateway, UploadHealth};
use tollhouse_upstream::Upstream;

const KEY: &str = "k3y-canary";

/// How long a busy machine may take until everything has arrived; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running command, killed when dropped.
struct Program {
    child: Child,
    said: String,
    /// Its output, or it would be told that nobody reads.
    _output: BufReader<ChildStdout>,
}

impl Program {
    fn start(directory: &Path, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollhouse"));
        command.args(words).current_dir(directory).env_clear().env("TOLLHOUSE_COLLECT_KEY", KEY).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (mut output, mut said) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        while !said.ends_with("Ctrl-C stops it.\n") {
            assert_ne!(output.read_line(&mut said).unwrap(), 0, "it ended: {said}");
        }
        Self { child, said, _output: output }
    }

    /// The first URL in what it said behind `mark`.
    fn url(&self, mark: &str) -> &str {
        let rest = self.said.split_once(mark).unwrap().1;
        rest.split_whitespace().next().unwrap()
    }

    /// SIGKILL: nothing is written, nothing is closed.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// One call, and its log's id if it was answered.
fn call(base: &str) -> Option<String> {
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "payload-canary"}]});
    let call = Call::post(&format!("{base}/chat/completions"), &body);
    let id = call.header("cf-aig-log-id")?.to_owned();
    call.body().ok()?;
    Some(id)
}

/// The ids that the log at `file` holds, each as often as it does.
fn ids(directory: &Path, file: &str) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollhouse"));
    command.args(["logs", "--json", "--limit", "1000", "--db", file]).current_dir(directory).env_clear();
    let output = command.env("TOLLHOUSE_COLLECT_KEY", KEY).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect()
}

/// What a log that can be read says is there: it is on disk from then on.
fn acknowledged(base: &str, id: &str) -> bool {
    let account = base.split('/').nth(4).unwrap();
    let root = base.split("/v1/").next().unwrap();
    let url = format!("{root}/client/v4/accounts/{account}/ai-gateway/gateways/default/logs/{id}");
    Call::send("GET", &url, &[], b"").status == 200
}

#[test]
fn what_was_acknowledged_arrives_once_however_often_both_are_killed() {
    let rounds: u32 = std::env::var("TOLLHOUSE_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(6);
    let directory = directory("collect-kills");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let upstream = runtime.block_on(Upstream::start());
    let collect = |listen: &str| Program::start(&directory, &["collect", "--db", "fleet.db", "--listen", listen]);
    let mut collector = collect("127.0.0.1:0");
    let to = collector.url("collected at ").to_owned();
    let listen = to.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let config = format!(
        "[providers.openai]\nbase_url = \"{}\"\nkey = \"sk-test\"\n[logs]\npath = \"log.db\"\n\
         [uploads.fleet]\nto = \"{to}\"\nkey_env = \"TOLLHOUSE_COLLECT_KEY\"\nbatch_age_ms = 5\nbatch_records = 7\n",
        upstream.url()
    );
    fs::write(directory.join("tollhouse.toml"), config).unwrap();

    let mut known = BTreeSet::new();
    for round in 0..rounds {
        let gateway = Program::start(&directory, &["serve", "--port", "0"]);
        let base = gateway.url("OPENAI_BASE_URL=").to_owned();
        for at in 0..20 {
            let id = call(&base).expect("nobody is killed during a call here");
            // Every few calls: between them records may be on their way to the disk, the wire or the other disk.
            if at % 3 == 0 {
                assert!(acknowledged(&base, &id));
                known.insert(id);
            }
            if at == 5 + round % 9 {
                collector.kill();
                collector = collect(&listen);
            }
        }
        gateway.kill();
    }
    // The last gateway finds what the others left.
    let gateway = Program::start(&directory, &["serve", "--port", "0"]);
    let base = gateway.url("OPENAI_BASE_URL=").to_owned();
    known.insert(call(&base).unwrap());

    let begun = Instant::now();
    let (ours, theirs) = loop {
        let (mut ours, mut theirs) = (ids(&directory, "log.db"), ids(&directory, "fleet.db"));
        ours.sort();
        theirs.sort();
        if ours == theirs || begun.elapsed() > PATIENCE {
            break (ours, theirs);
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(theirs, ours, "what one log holds the other does too, each record once");
    let arrived: BTreeSet<String> = theirs.into_iter().collect();
    assert_eq!(known.difference(&arrived).count(), 0, "nothing acknowledged is lost");

    // Bodies stay at home unless they are switched on, and keys are nowhere.
    let files = ["fleet.db", "fleet.db-wal", "log.db", "log.db-wal"].map(|file| fs::read(directory.join(file)));
    let holds = |file: &[u8], text: &str| file.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    for (at, file) in files.iter().enumerate().filter_map(|(at, file)| Some((at, file.as_ref().ok()?))) {
        assert!(!holds(file, KEY) && !holds(file, "sk-test"), "a key is in file {at}");
        assert!(at >= 2 || !holds(file, "payload-canary"), "a body was uploaded");
    }
}

#[test]
fn the_collector_is_for_those_who_know_its_key() {
    let directory = directory("collect-door");
    let collector = Program::start(&directory, &["collect", "--listen", "127.0.0.1:0"]);
    let url = collector.url("collected at ");
    let key = format!("Bearer {KEY}");
    let line = br#"{"id": "a", "created_at_us": 1767269340000000}"#;
    let post = |headers: &[(&str, &str)], body: &[u8]| Call::send("POST", url, headers, body);
    for headers in [&[][..], &[("authorization", "Bearer wrong")], &[("authorization", KEY)]] {
        assert_eq!(post(headers, line).status, 401);
    }
    let known = ("authorization", key.as_str());
    assert_eq!(post(&[known], line).json(), json!({"accepted": 1, "rejected": [], "hold_ms": 0}));
    assert_eq!(post(&[known], b"{\"id\": ").status, 400);
    assert_eq!(post(&[known, ("content-encoding", "gzip")], line).status, 400);
    assert_eq!(post(&[known, ("content-encoding", "br")], line).status, 415);
    assert_eq!(post(&[known], b"{\"id\": \"b\"}").json()["rejected"][0]["id"], "b");
    assert_eq!(Call::send("GET", url, &[known], b"").status, 405);
    assert_eq!(Call::send("GET", &format!("{url}health"), &[], b"").status, 200);
    assert_eq!(ids(&directory, "tollhouse-fleet.db"), ["a"]);
}

/// How the receiver `name` stands, as soon as `enough` says so.
fn standing(gateway: &Gateway, name: &str, enough: impl Fn(&UploadHealth) -> bool) -> UploadHealth {
    let begun = Instant::now();
    loop {
        let health = gateway.health().unwrap().uploads[name].clone();
        if enough(&health) || begun.elapsed() > PATIENCE {
            return health;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_rating_is_sent_without_another_call() {
    let directory = directory("collect-rating");
    let collector = Program::start(&directory, &["collect", "--db", "fleet.db", "--listen", "127.0.0.1:0"]);
    let upload = json!({"to": collector.url("collected at "), "key": KEY, "batch_age": "0", "payloads": true});
    let served = common::Served::new(&json!({"uploads": {"fleet": upload}}), json!([{"json": {}}]));
    let id = call(&served.url(Some("openai"))).unwrap();
    let taken = |count: u64| standing(&served.gateway, "fleet", |health| health.standing.taken == count).standing.taken;
    assert_eq!(taken(1), 1);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(served.gateway.patch_log(&id, &json!({"feedback": -1}))).unwrap();
    assert_eq!(taken(2), 2);
    let config = Config::from_json(&json!({"logs": {"path": directory.join("fleet.db")}}).to_string()).unwrap();
    let fleet = Gateway::new(config).unwrap();
    let log = runtime.block_on(fleet.get_log(&id)).unwrap();
    assert_eq!((&log["feedback"], &log["gateway"]), (&json!(-1), &json!("default")));
    assert!(log["request_head"].as_str().unwrap().contains("payload-canary"), "bodies were switched on");
    assert_eq!(runtime.block_on(fleet.usage(&json!({"group_by": "gateway"}))).unwrap().total.requests, 1);
}

#[test]
fn a_gateway_that_is_closed_sends_what_waits_and_tells_how_it_stands() {
    let directory = directory("collect-close");
    let collector = Program::start(&directory, &["collect", "--db", "fleet.db", "--listen", "127.0.0.1:0"]);
    let upload = json!({"to": collector.url("collected at "), "key": KEY, "batch_age": "1h"});
    let config = json!({"uploads": {"fleet": upload}, "logs": {"path": directory.join("log.db")}});
    let served = common::Served::new(&config, json!([{"json": {}}, {"json": {}}]));
    for _ in 0..2 {
        call(&served.url(Some("openai"))).unwrap();
    }
    let gateway = served.gateway.clone();
    drop(served);
    assert!(ids(&directory, "fleet.db").is_empty(), "they wait for others, up to an hour");
    gateway.close(PATIENCE);
    assert_eq!(ids(&directory, "fleet.db").len(), 2);

    let config = json!({"uploads": {"gone": {"to": "http://127.0.0.1:1/", "batch_age": "0"}}});
    let served = common::Served::new(&config, json!([{"json": {}}]));
    call(&served.url(Some("openai"))).expect("a receiver that is away fails no call");
    let health = standing(&served.gateway, "gone", |health| health.trouble.is_some());
    assert!(health.trouble.unwrap().contains("no connection"));
    assert_eq!((health.standing.waiting, health.standing.taken), (1, 0));
}
