//! Four processes, one SQLite file for answers, limits and leases, and a provider over real HTTP.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tollhouse::testing::Folder;
use tollhouse::{Config, Gateway, Request};
use tollhouse_upstream::{Call, Step, Upstream};

/// The configuration of the processes of one test, and what each does.
const CONFIG: &str = "TOLLHOUSE_TEST_SHARED_CACHE";
const QUESTIONS: usize = 10;
const AT_ONCE: usize = 5;

fn question(number: usize) -> Request {
    let content = format!("question {number}");
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": content}]});
    Request::post("/openai/v1/chat/completions", &body)
}

fn config(upstream: &Upstream, folder: &Folder) -> Value {
    let path = folder.path("shared.db");
    json!({
        "cache": {"ttl": "1h", "path": path},
        "limits": {"path": path, "requests": {"limit": QUESTIONS, "per": "1h", "technique": "sliding"}},
        "providers": {"openai": {"base_url": upstream.url(), "key": "sk"}},
    })
}

fn start(config: &Value) -> Child {
    let program = std::env::current_exe().expect("a test knows its own program");
    let mut command = Command::new(program);
    command.args(["--exact", "one_of_the_processes", "--nocapture"]).env(CONFIG, config.to_string());
    command.stdout(Stdio::piped()).spawn().expect("a process can be started")
}

/// What each of the processes does: every question, several times at once. Without a configuration nothing.
#[test]
fn one_of_the_processes() {
    let Ok(config) = std::env::var(CONFIG) else { return };
    let gateway = Gateway::new(Config::from_json(&config).expect("it is sound")).expect("it can work");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let (mut good, mut texts) = (0, Vec::new());
    runtime.block_on(async {
        for number in 0..QUESTIONS {
            let calls: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    tokio::spawn({
                        let gateway = gateway.clone();
                        async move { gateway.handle(question(number)).await.expect("it is open") }
                    })
                })
                .collect();
            for call in calls {
                let response = call.await.expect("no call panics");
                good += u32::from(response.status == 200);
                texts.push(response.body.bytes(1 << 20).await.expect("it is whole"));
            }
        }
    });
    assert!(
        texts.chunks(AT_ONCE).all(|same| same.iter().all(|text| *text == same[0])),
        "equal questions, equal answers"
    );
    let health = gateway.health().expect("it is open");
    let failures: u64 = [health.cache, health.limits].into_iter().flatten().map(|store| store.failures).sum();
    println!("good {good} failures {failures}");
    gateway.close(Duration::from_secs(10));
}

fn number(text: &str, word: &str) -> usize {
    let mut words = text.split_whitespace().skip_while(|found| *found != word);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {word} in {text}"))
}

fn slow(calls: usize) -> Vec<Step> {
    vec![Step { delay_ms: Some(50), ..Step::default() }; calls]
}

fn asked(calls: &[Call], question: usize) -> usize {
    let content = format!("question {question}");
    calls
        .iter()
        .filter(|call| call.json.as_ref().is_some_and(|json| json["messages"][0]["content"] == content.as_str()))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_make_one_call_of_equal_ones() {
    let (upstream, folder) = (Upstream::start().await, Folder::new());
    upstream.script(slow(4 * QUESTIONS));
    let config = config(&upstream, &folder);
    let processes: Vec<_> = (0..4).map(|_| start(&config)).collect();
    let (mut good, mut failures) = (0, 0);
    for process in processes {
        let output = tokio::task::spawn_blocking(move || process.wait_with_output()).await.expect("it is waited for");
        let output = output.expect("a process ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        good += number(&text, "good");
        failures += number(&text, "failures");
    }
    let calls = upstream.ledger();
    if failures == 0 {
        assert_eq!((good, calls.len()), (4 * QUESTIONS * AT_ONCE, QUESTIONS));
        assert!((0..QUESTIONS).all(|question| asked(&calls, question) == 1));
    }
    // Where a machine is so slow that the file did not answer, a process calls for itself.
    assert!((QUESTIONS..=4 * QUESTIONS).contains(&calls.len()), "{} calls, {failures} failures", calls.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_while_it_calls_is_followed_by_another() {
    let (upstream, folder) = (Upstream::start().await, Folder::new());
    upstream.script([Step { delay_ms: Some(60_000), ..Step::default() }]);
    let mut config = config(&upstream, &folder);
    config["limits"] = json!({});
    let mut first = start(&config);
    while upstream.ledger().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = start(&config);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(upstream.ledger().len(), 1, "the second waits for the first");
    first.kill().expect("it runs");
    first.wait().expect("it ends");
    let output = tokio::task::spawn_blocking(move || second.wait_with_output()).await.expect("it is waited for");
    let output = output.expect("a process ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(number(&text, "good"), QUESTIONS * AT_ONCE);
    assert_eq!(asked(&upstream.ledger(), 0), 2);
}
