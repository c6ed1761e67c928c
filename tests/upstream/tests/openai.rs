//! OpenAI's formats over real HTTP.

mod common;

use base64::Engine;
use common::{ask, client, events, joined, json, post};
use serde_json::{Value, json};
use tollhouse_upstream::{Tokens, Upstream};

const JOKE: &str = "[openai gpt-4o-mini] You said: tell me a joke";

fn joke() -> Value {
    json!({"model": "gpt-4o-mini", "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "tell me a joke"}]},
    ]})
}

fn weather(parameters: &str) -> Value {
    json!({"name": "weather", parameters: {"type": "object", "properties": {"city": {"type": "string"}}}})
}

#[tokio::test]
async fn chat_answers_whole() {
    let upstream = Upstream::start().await;
    let (status, body) = ask(upstream.url(), "/v1/chat/completions", &joke()).await;
    assert_eq!(status, 200);
    assert_eq!(body["id"], "chatcmpl-upstream-1");
    assert_eq!(body["choices"][0]["message"]["content"], JOKE);
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    // "Be brief." and "tell me a joke" are 6 words; the answer has 8.
    let usage = &body["usage"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["completion_tokens"], &usage["total_tokens"]),
        (&json!(6), &json!(8), &json!(14))
    );
}

#[tokio::test]
async fn chat_streams_words_then_usage_then_done() {
    let upstream = Upstream::start().await;
    let mut body = joke();
    body["stream"] = true.into();
    let plain = events(post(upstream.url(), "/v1/chat/completions", &body).send().await.unwrap()).await;
    assert_eq!(joined(&plain, "/choices/0/delta/content"), JOKE);
    assert!(plain.iter().all(|(_, data)| data.get("usage").is_none()));

    body["stream_options"] = json!({"include_usage": true});
    let counted = events(post(upstream.url(), "/v1/chat/completions", &body).send().await.unwrap()).await;
    let [.., finish, usage, done] = counted.as_slice() else { panic!("{counted:?}") };
    assert_eq!(finish.1["choices"][0]["finish_reason"], "stop");
    assert_eq!(finish.1["usage"], Value::Null);
    assert_eq!((&usage.1["choices"], &usage.1["usage"]["total_tokens"]), (&json!([]), &json!(14)));
    assert_eq!(done.1, "[DONE]");
    assert_eq!(counted.len(), plain.len() + 1);
}

#[tokio::test]
async fn chat_calls_a_tool_and_hears_its_answer() {
    let upstream = Upstream::start().await;
    let mut body = joke();
    body["tools"] = json!([{"type": "function", "function": weather("parameters")}]);
    let (_, called) = ask(upstream.url(), "/v1/chat/completions", &body).await;
    let choice = &called["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let function = &choice["message"]["tool_calls"][0]["function"];
    assert_eq!(function, &json!({"name": "weather", "arguments": r#"{"city":"tell me a joke"}"#}));
    assert_eq!(called["usage"]["completion_tokens"], 5);

    body["stream"] = true.into();
    let stream = events(post(upstream.url(), "/v1/chat/completions", &body).send().await.unwrap()).await;
    let arguments = "/choices/0/delta/tool_calls/0/function/arguments";
    assert_eq!(joined(&stream, arguments), r#"{"city":"tell me a joke"}"#);
    assert_eq!(joined(&stream, "/choices/0/finish_reason"), "tool_calls");

    body["stream"] = false.into();
    body["messages"].as_array_mut().unwrap().push(json!({"role": "tool", "tool_call_id": "x", "content": "it rains"}));
    let (_, heard) = ask(upstream.url(), "/v1/chat/completions", &body).await;
    assert_eq!(heard["choices"][0]["message"]["content"], "[openai gpt-4o-mini] The tool said: it rains");

    body["messages"].as_array_mut().unwrap().pop();
    body["tool_choice"] = "none".into();
    let (_, told) = ask(upstream.url(), "/v1/chat/completions", &body).await;
    assert_eq!(told["choices"][0]["message"]["content"], JOKE);
}

#[tokio::test]
async fn responses_answer_whole_and_in_typed_events() {
    let upstream = Upstream::start().await;
    let mut body = json!({"model": "gpt-4o-mini", "instructions": "Be brief.", "input": "tell me a joke"});
    let (_, whole) = ask(upstream.url(), "/v1/responses", &body).await;
    assert_eq!((&whole["status"], &whole["output"][0]["content"][0]["text"]), (&json!("completed"), &json!(JOKE)));
    assert_eq!((&whole["usage"]["input_tokens"], &whole["usage"]["output_tokens"]), (&json!(6), &json!(8)));

    body["stream"] = true.into();
    let stream = events(post(upstream.url(), "/v1/responses", &body).send().await.unwrap()).await;
    for (index, (name, data)) in stream.iter().enumerate() {
        assert_eq!(
            (name.as_str(), index),
            (data["type"].as_str().unwrap(), usize::try_from(data["sequence_number"].as_u64().unwrap()).unwrap())
        );
    }
    assert_eq!(joined(&stream, "/delta"), JOKE);
    assert_eq!((stream[0].0.as_str(), &stream[0].1["response"]["status"]), ("response.created", &json!("in_progress")));
    let (name, last) = stream.last().unwrap();
    assert_eq!((name.as_str(), &last["response"]["usage"]["total_tokens"]), ("response.completed", &json!(14)));

    let mut tool = weather("parameters");
    tool["type"] = "function".into();
    body["tools"] = json!([tool]);
    let stream = events(post(upstream.url(), "/v1/responses", &body).send().await.unwrap()).await;
    let item = &stream.last().unwrap().1["response"]["output"][0];
    assert_eq!((&item["type"], &item["name"]), (&json!("function_call"), &json!("weather")));
    assert_eq!(joined(&stream, "/delta"), item["arguments"].as_str().unwrap());
}

#[tokio::test]
async fn embeddings_are_the_same_in_both_encodings() {
    let upstream = Upstream::start().await;
    let mut body = json!({"model": "text-embedding-3-small", "input": ["one two", "three"]});
    let (_, floats) = ask(upstream.url(), "/v1/embeddings", &body).await;
    assert_eq!(floats["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
    let vector: Vec<f32> = serde_json::from_value(floats["data"][1]["embedding"].clone()).unwrap();
    assert_eq!(vector.len(), 8);
    assert_ne!(floats["data"][0]["embedding"], floats["data"][1]["embedding"]);

    body["encoding_format"] = "base64".into();
    let (_, packed) = ask(upstream.url(), "/v1/embeddings", &body).await;
    let packed = packed["data"][1]["embedding"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
    let unpacked: Vec<f32> = bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    assert_eq!(unpacked, vector);
}

#[tokio::test]
async fn uploads_are_measured() {
    let upstream = Upstream::start().await;
    let form = "--b\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n\
         --b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
         --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n12345\r\n--b--\r\n";
    let send = async |path: &str| {
        let request = client().post(format!("{}{path}", upstream.url())).header("authorization", "Bearer good-key");
        json(request.header("content-type", "multipart/form-data; boundary=b").body(form).send().await.unwrap()).await
    };
    let file = send("/v1/files").await;
    assert_eq!((&file["object"], &file["bytes"], &file["filename"]), (&json!("file"), &json!(5), &json!("a.txt")));
    let speech = send("/v1/audio/transcriptions").await;
    assert_eq!(speech["text"], "[openai whisper-1] You said: a.txt (5 bytes)");
    assert_eq!(speech["usage"], json!({"type": "duration", "seconds": 1}));
    assert_eq!(upstream.ledger()[0].form.as_ref().unwrap().fields["purpose"], "user_data");
}

#[tokio::test]
async fn refusals_have_the_documented_body() {
    let upstream = Upstream::start().await;
    let request = client().post(format!("{}/v1/chat/completions", upstream.url()));
    let response = request.body(joke().to_string()).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &json(response).await["error"]["type"]),
        (401, &json!("invalid_request_error"))
    );

    let listed = client().get(format!("{}/v1/models", upstream.url())).header("authorization", "Bearer bad-key");
    let response = listed.send().await.unwrap();
    assert_eq!((response.status().as_u16(), &json(response).await["error"]["code"]), (401, &json!("invalid_api_key")));

    let mut body = joke();
    body["model"] = "no-such-model".into();
    let (status, refused) = ask(upstream.url(), "/v1/chat/completions", &body).await;
    assert_eq!((status, &refused["error"]["code"]), (404, &json!("model_not_found")));
    let (status, refused) = ask(upstream.url(), "/v1/chat/completions", &json!({"model": "m"})).await;
    assert_eq!((status, &refused["error"]["param"]), (400, &json!("messages")));
    assert_eq!(upstream.ledger()[3].usage, None::<Tokens>);
}
