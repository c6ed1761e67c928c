//! Anthropic's, Gemini's, Cohere's and Workers AI's formats over real HTTP, behind provider folders and without.

mod common;

use common::{ANTHROPIC_VERSION, ask, client, events, joined, json, post};
use serde_json::{Value, json};
use tollhouse_upstream::Upstream;

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}})
}

#[tokio::test]
async fn anthropic_messages() {
    let upstream = Upstream::start().await;
    let mut body = json!({"model": "claude-x", "max_tokens": 9, "system": "Be brief.",
        "messages": [{"role": "user", "content": "hello there"}]});
    let send = async |body: &Value| {
        let (name, version) = ANTHROPIC_VERSION;
        post(upstream.url(), "/anthropic/v1/messages", body).header(name, version).send().await.unwrap()
    };
    let whole = json(send(&body).await).await;
    let text = "[anthropic claude-x] You said: hello there";
    assert_eq!((&whole["content"][0]["text"], &whole["stop_reason"]), (&json!(text), &json!("end_turn")));
    assert_eq!((&whole["usage"]["input_tokens"], &whole["usage"]["output_tokens"]), (&json!(4), &json!(6)));

    body["stream"] = true.into();
    let stream = events(send(&body).await).await;
    assert_eq!(joined(&stream, "/delta/text"), text);
    assert_eq!(stream[0].1["message"]["usage"]["input_tokens"], 4);
    let names: Vec<&str> =
        stream.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "content_block_delta").collect();
    let order = ["message_start", "content_block_start", "ping", "content_block_stop", "message_delta", "message_stop"];
    assert_eq!(names, order);
    assert_eq!(stream[stream.len() - 2].1["usage"]["output_tokens"], 6);

    body["tools"] = json!([{"name": "weather", "input_schema": schema()}]);
    let stream = events(send(&body).await).await;
    assert_eq!(stream[1].1["content_block"]["name"], "weather");
    assert_eq!(joined(&stream, "/delta/partial_json"), r#"{"city":"hello there"}"#);
    assert_eq!(joined(&stream, "/delta/stop_reason"), "tool_use");

    let answered = json!([{"type": "tool_result", "tool_use_id": "x", "content": "it rains"}]);
    body["messages"].as_array_mut().unwrap().push(json!({"role": "user", "content": answered}));
    assert_eq!(joined(&events(send(&body).await).await, "/delta/text"), "[anthropic claude-x] The tool said: it rains");

    body["model"] = "no-such-model".into();
    let response = send(&body).await;
    assert_eq!((response.status().as_u16(), &json(response).await["error"]["type"]), (404, &json!("not_found_error")));
    let (status, refused) = ask(upstream.url(), "/v1/messages", &body).await;
    assert_eq!((status, &refused["type"]), (404, &json!("error")));
    body["model"] = "claude-x".into();
    let (status, _) = ask(upstream.url(), "/v1/messages", &body).await;
    assert_eq!(status, 400, "the version header is missing");
}

#[tokio::test]
async fn anthropic_files() {
    let upstream = Upstream::start().await;
    let (name, version) = ANTHROPIC_VERSION;
    let request = client().post(format!("{}/v1/files?beta=true", upstream.url())).header("x-api-key", "good-key");
    let request = request.header(name, version).header("anthropic-beta", "files-api-2025-04-14");
    let form = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
        content-type: application/pdf\r\n\r\n1234567\r\n--b--\r\n";
    let request = request.header("content-type", "multipart/form-data; boundary=b").body(form);
    let file = json(request.send().await.unwrap()).await;
    assert_eq!((&file["size_bytes"], &file["mime_type"]), (&json!(7), &json!("application/pdf")));
}

#[tokio::test]
async fn gemini_generates() {
    let upstream = Upstream::start().await;
    let mut body = json!({"contents": [{"role": "user", "parts": [{"text": "hello there"}]}]});
    let text = "[google-ai-studio gemini-x] You said: hello there";
    let (_, whole) = ask(upstream.url(), "/v1beta/models/gemini-x:generateContent", &body).await;
    assert_eq!(whole["candidates"][0]["content"]["parts"][0]["text"], text);
    let counts = json!({"promptTokenCount": 2, "candidatesTokenCount": 6, "totalTokenCount": 8});
    assert_eq!((&whole["usageMetadata"], &whole["candidates"][0]["finishReason"]), (&counts, &json!("STOP")));

    let path = "/v1beta/models/gemini-x:streamGenerateContent";
    let stream = events(post(upstream.url(), &format!("{path}?alt=sse"), &body).send().await.unwrap()).await;
    assert_eq!(joined(&stream, "/candidates/0/content/parts/0/text"), text);
    assert_eq!(stream[0].1["usageMetadata"]["candidatesTokenCount"], 1);
    assert_eq!((stream.len(), &stream[5].1["usageMetadata"]), (6, &counts));
    let (_, array) = ask(upstream.url(), path, &body).await;
    assert_eq!(
        array.as_array().unwrap().last(),
        Some(&json!({"responseId": "upstream-3", "modelVersion": "gemini-x",
        "usageMetadata": counts, "candidates": [{"index": 0, "finishReason": "STOP",
            "content": {"role": "model", "parts": [{"text": "there"}]}}]}))
    );

    body["tools"] = json!([{"functionDeclarations": [{"name": "weather", "parameters": schema()}]}]);
    let (_, called) = ask(upstream.url(), "/v1beta/models/gemini-x:generateContent", &body).await;
    let call = &called["candidates"][0]["content"]["parts"][0]["functionCall"];
    assert_eq!(call, &json!({"name": "weather", "args": {"city": "hello there"}}));

    // Google's own SDKs mix both cases of protobuf's JSON.
    body["tools"] = json!([{"function_declarations": [{"name": "weather", "parameters_json_schema": schema()}]}]);
    let (_, same) = ask(upstream.url(), "/v1beta/models/gemini-x:generateContent", &body).await;
    assert_eq!(&same["candidates"][0]["content"]["parts"][0]["functionCall"], call);
    let answered = json!({"name": "weather", "response": {"sky": "it rains"}});
    body["contents"].as_array_mut().unwrap().push(json!({"role": "user", "parts": [{"functionResponse": answered}]}));
    let (_, heard) = ask(upstream.url(), "/v1beta/models/gemini-x:generateContent", &body).await;
    let text = "[google-ai-studio gemini-x] The tool said: {\"sky\":\"it rains\"}";
    assert_eq!(heard["candidates"][0]["content"]["parts"][0]["text"], text);

    let (status, refused) = ask(upstream.url(), "/v1beta/models/no-such-model:generateContent", &body).await;
    assert_eq!((status, &refused["error"]["status"]), (404, &json!("NOT_FOUND")));
    let request = client().post(format!("{}{path}", upstream.url())).header("x-goog-api-key", "bad-key");
    let response = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &json(response).await["error"]["details"][0]["reason"]),
        (400, &json!("API_KEY_INVALID"))
    );
}

#[tokio::test]
async fn cohere_chats() {
    let upstream = Upstream::start().await;
    let mut body = json!({"model": "command-a", "messages": [{"role": "user", "content": "hello there"}]});
    let text = "[cohere command-a] You said: hello there";
    let (_, whole) = ask(upstream.url(), "/v2/chat", &body).await;
    assert_eq!((&whole["message"]["content"][0]["text"], &whole["finish_reason"]), (&json!(text), &json!("COMPLETE")));
    assert_eq!(whole["usage"]["tokens"], json!({"input_tokens": 2, "output_tokens": 6}));

    body["stream"] = true.into();
    let stream = events(post(upstream.url(), "/cohere/v2/chat", &body).send().await.unwrap()).await;
    assert_eq!(joined(&stream, "/delta/message/content/text"), text);
    let [.., end, done] = stream.as_slice() else { panic!("{stream:?}") };
    assert_eq!((end.0.as_str(), &end.1["delta"]["usage"]["tokens"]["output_tokens"]), ("message-end", &json!(6)));
    assert_eq!(done.1, "[DONE]");

    body["tools"] = json!([{"type": "function", "function": {"name": "weather", "parameters": schema()}}]);
    let stream = events(post(upstream.url(), "/v2/chat", &body).send().await.unwrap()).await;
    let arguments = joined(&stream, "/delta/message/tool_calls/function/arguments");
    assert_eq!(arguments, r#"{"city":"hello there"}"#);

    body["model"] = "no-such-model".into();
    let (status, refused) = ask(upstream.url(), "/v2/chat", &body).await;
    assert_eq!((status, &refused["message"]), (404, &json!("the model `no-such-model` does not exist")));
}

#[tokio::test]
async fn workers_ai_runs() {
    let upstream = Upstream::start().await;
    let path = "/client/v4/accounts/a1/ai/run/@cf/meta/llama";
    let text = "[workers-ai @cf/meta/llama] You said: hello there";
    let (_, whole) = ask(upstream.url(), path, &json!({"prompt": "hello there"})).await;
    let usage = json!({"prompt_tokens": 2, "completion_tokens": 6, "total_tokens": 8});
    assert_eq!((&whole["success"], &whole["result"]), (&json!(true), &json!({"response": text, "usage": usage})));

    let body = json!({"stream": true, "messages": [{"role": "user", "content": "hello there"}]});
    let stream = events(post(upstream.url(), path, &body).send().await.unwrap()).await;
    assert_eq!(joined(&stream, "/response"), text);
    let [.., last, done] = stream.as_slice() else { panic!("{stream:?}") };
    assert_eq!((&last.1["usage"], &done.1), (&usage, &json!("[DONE]")));

    let (status, refused) = ask(upstream.url(), &path.replace("meta/llama", "meta/no-such-model"), &body).await;
    assert_eq!((status, &refused["errors"][0]["code"]), (400, &json!(5007)));
}

#[tokio::test]
async fn one_server_plays_all_who_speak_openai() {
    let upstream = Upstream::start().await;
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (path, provider) in [
        ("/openai/v1/chat/completions", "openai"),
        ("/groq/openai/v1/chat/completions", "groq"),
        ("/deepseek/chat/completions", "deepseek"),
        ("/openrouter/api/v1/chat/completions", "openrouter"),
        ("/client/v4/accounts/a1/ai/v1/chat/completions", "workers-ai"),
    ] {
        let (_, answer) = ask(upstream.url(), path, &body).await;
        assert_eq!(answer["choices"][0]["message"]["content"], format!("[{provider} m] You said: hi"), "{path}");
    }
    let keyless = client().post(format!("{}/ollama/v1/chat/completions", upstream.url())).body(body.to_string());
    assert_eq!(keyless.send().await.unwrap().status(), 200);
    let (status, lost) = ask(upstream.url(), "/v1/nowhere", &body).await;
    assert_eq!((status, &lost["error"]["code"]), (404, &json!("unknown_url")));
}
