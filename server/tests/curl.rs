//! The contract's wire forms with the client that everybody has.

mod common;

use std::process::Command;

use common::Served;
use serde_json::{Value, json};

/// Runs curl, or says why not.
fn curl(arguments: &[&str]) -> Option<String> {
    match Command::new("curl").args(["--silent", "--show-error", "--max-time", "30"]).args(arguments).output() {
        Ok(output) => {
            assert!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            eprintln!("skipped: curl cannot be run here ({error})");
            None
        }
    }
}

#[test]
fn the_universal_endpoint() {
    let answer = json!({"id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]});
    let targets = json!([
        {
            "provider": "workers-ai",
            "endpoint": "@cf/meta/llama-3.1-8b-instruct",
            "headers": {"Authorization": "Bearer cf-key", "Content-Type": "application/json"},
            "query": {"messages": [{"role": "user", "content": "What is Cloudflare?"}]}
        },
        {
            "provider": "openai",
            "endpoint": "chat/completions",
            "headers": {"Authorization": "Bearer sk-key", "Content-Type": "application/json"},
            "query": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is Cloudflare?"}]}
        }
    ]);
    let config = json!({"providers": {"workers-ai": {"base_url": "https://workers.example/ai"}}});
    let served = Served::new(&config, json!([{"status": 503, "text": "busy"}, {"json": answer}]));
    let (url, body) = (served.url(None), targets.to_string());
    let json = "Content-Type: application/json";

    let Some(output) = curl(&["--include", "-X", "POST", &url, "--header", json, "--data", &body]) else { return };

    let (head, body) = output.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("cf-aig-step: 1"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), answer);
    let calls = served.calls();
    assert_eq!(calls[0]["url"], "https://workers.example/ai/run/@cf/meta/llama-3.1-8b-instruct");
    assert_eq!(calls[0]["headers"]["authorization"], "Bearer cf-key");
    assert_eq!(calls[1]["url"], "https://api.openai.com/v1/chat/completions");
    assert_eq!(calls[1]["headers"]["authorization"], "Bearer sk-key");
    assert_eq!(calls[1]["json"], targets[1]["query"]);
}

#[test]
fn a_native_stream() {
    let events = json!([{"choices": [{"index": 0, "delta": {"content": "Hi"}}]}, "[DONE]"]);
    let served = Served::new(&json!({}), json!([{"sse": events}]));
    let url = format!("{}/chat/completions", served.url(Some("openai")));
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": []}).to_string();
    let headers = ["--header", "Authorization: Bearer sk-key", "--header", "Content-Type: application/json"];

    let Some(output) = curl(&[&["--no-buffer", &url, "--data", &body][..], &headers].concat()) else { return };

    assert_eq!(output, format!("data: {}\n\ndata: [DONE]\n\n", events[0]));
    assert_eq!(served.calls()[0]["headers"]["authorization"], "Bearer sk-key");
    assert_eq!(served.calls()[0]["body"], body);
}
