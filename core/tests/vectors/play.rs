//! Plays one vector.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use tollhouse::testing::TestGateway;
use tollhouse::{Error, Request, Response};

use super::Case;
use super::pattern::mismatch;

/// Whether the case holds, with `off` switched off.
pub(crate) fn play(case: &Case, off: Option<&str>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
    let config = if case.config.is_null() { json!({}) } else { case.config.clone() };
    let script = Value::from(case.upstream.clone());
    let test = TestGateway::open(&config.to_string(), &script.to_string(), off).map_err(|error| error.to_string())?;
    let mut play = Play { test, saved: BTreeMap::new() };
    for (index, step) in case.steps.iter().enumerate() {
        runtime.block_on(play.step(step)).map_err(|reason| format!("step {index}: {reason}"))?;
    }
    match &case.calls {
        Some(pattern) => mismatch(pattern, &play.test.upstream.calls(), "calls"),
        None => Ok(()),
    }
}

struct Play {
    test: TestGateway,
    saved: BTreeMap<String, String>,
}

impl Play {
    async fn step(&mut self, step: &Value) -> Result<(), String> {
        let known = [
            "call",
            "run",
            "chat",
            "get_log",
            "patch_log",
            "logs",
            "usage",
            "count_tokens",
            "method",
            "with",
            "together",
            "times",
            "in_turn",
            "advance_ms",
            "options",
            "patch",
            "expect",
            "save",
            "take_chunks",
        ];
        if let Some(key) = step.as_object().and_then(|keys| keys.keys().find(|key| !known.contains(&key.as_str()))) {
            return Err(format!("unknown key {key}"));
        }
        if let Some(milliseconds) = step["advance_ms"].as_u64() {
            self.test.clock.advance(std::time::Duration::from_millis(milliseconds));
            return Ok(());
        }
        let found = match self.answer(step).await {
            Some(Ok(response)) => self.read(response, step).await,
            Some(Err(error)) => thrown(&error),
            None => self.report(step).await.unwrap_or_else(|error| thrown(&error)),
        };
        let mut found = found;
        found["upstream_calls"] = self.test.upstream.calls().as_array().map_or(0, Vec::len).into();
        let mut pattern = step["expect"].clone();
        if let Some(text) = pattern["contains"].as_str() {
            let body = found["body"].as_str().unwrap_or_default();
            if !body.contains(text) {
                return Err(format!("{text:?} is not in {body}"));
            }
        }
        pattern.as_object_mut().map(|keys| keys.remove("contains"));
        // A case that expects no break must not get one.
        if pattern.get("broken").is_none() && !found["broken"].is_null() {
            return Err(format!("the body broke: {}", found["broken"]));
        }
        mismatch(&pattern, &found, "expect")
    }

    async fn answer(&self, step: &Value) -> Option<Result<Response, Error>> {
        let gateway = &self.test.gateway;
        if let Some(call) = step.get("call") {
            return Some(gateway.handle(request(call)).await);
        }
        if let Some(entries) = step.get("run") {
            return Some(gateway.run(entries, &step["options"]).await);
        }
        let chat = step.get("chat")?;
        let model = chat["model"].as_str().unwrap_or_default();
        Some(gateway.chat(model, &chat["messages"], &chat["options"]).await)
    }

    async fn read(&mut self, mut response: Response, step: &Value) -> Value {
        let headers: serde_json::Map<String, Value> = response
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect();
        if let Some(id) = headers.get("cf-aig-log-id").and_then(Value::as_str) {
            self.saved.insert("$log".into(), id.into());
            if let Some(name) = step["save"].as_str() {
                self.saved.insert(format!("${name}"), id.into());
            }
        }
        let take = step["take_chunks"].as_u64().unwrap_or(u64::MAX);
        let (mut body, mut broken, mut taken) = (Vec::new(), Value::Null, 0);
        while taken < take {
            match response.body.next().await {
                Some(Ok(chunk)) => body.extend_from_slice(&chunk),
                Some(Err(error)) => broken = error.kind().code().into(),
                None => break,
            }
            taken += 1;
        }
        json!({
            "status": response.status.as_u16(),
            "headers": headers,
            "body": String::from_utf8_lossy(&body),
            "json": serde_json::from_slice::<Value>(&body).unwrap_or_default(),
            "broken": broken,
            "failure": response.failure.map(|failure| failure.kind().code()),
        })
    }

    async fn report(&self, step: &Value) -> Result<Value, Error> {
        let gateway = &self.test.gateway;
        let id = |key: &str| {
            let id = step[key].as_str().unwrap_or_default();
            self.saved.get(id).cloned().unwrap_or_else(|| id.to_owned())
        };
        let json = if step.get("get_log").is_some() {
            gateway.get_log(&id("get_log")).await?
        } else if step.get("patch_log").is_some() {
            gateway.patch_log(&id("patch_log"), &step["patch"]).await?;
            Value::Null
        } else if let Some(query) = step.get("logs") {
            serde_json::to_value(gateway.logs(query).await?).expect("a page is JSON")
        } else if let Some(query) = step.get("usage") {
            serde_json::to_value(gateway.usage(query).await?).expect("a report is JSON")
        } else if step.get("together").is_some() {
            self.together(step).await?
        } else if let Some(method) = step["method"].as_str() {
            return self.method(method, &step["with"]).await.map(|json| json!({ "json": json }));
        } else {
            let count = &step["count_tokens"];
            let model = count["model"].as_str().unwrap_or_default();
            serde_json::to_value(gateway.count_tokens(model, &count["input"])?).expect("a count is JSON")
        };
        Ok(json!({ "json": json }))
    }

    /// Calls that are made at once, or each when the answer of the one before has begun: how many came to what.
    async fn together(&self, step: &Value) -> Result<Value, Error> {
        let gateway = &self.test.gateway;
        let times = usize::try_from(step["times"].as_u64().unwrap_or(1)).expect("a number of calls");
        let calls = step["together"].as_array().expect("a list of calls");
        let mut requests = calls.iter().cycle().take(calls.len() * times).map(request);
        let mut responses = Vec::new();
        if step["in_turn"] == true {
            for request in requests {
                responses.push(gateway.handle(request).await?);
            }
        } else {
            let begin = |request| {
                let gateway = gateway.clone();
                tokio::spawn(async move { gateway.handle(request).await })
            };
            let calls: Vec<_> = requests.by_ref().map(begin).collect();
            for call in calls {
                responses.push(call.await.expect("no call panics")?);
            }
        }
        let mut told = json!({ "statuses": {}, "cache": {}, "bodies": {} });
        for response in responses {
            let cache =
                response.headers.get("cf-aig-cache-status").map_or("none", |status| status.to_str().unwrap_or(""));
            let (status, cache) = (response.status.as_u16().to_string(), cache.to_owned());
            let body = String::from_utf8_lossy(&response.body.bytes(1 << 20).await?).into_owned();
            for (what, which) in [("statuses", status), ("cache", cache), ("bodies", body)] {
                let count = told[what][&which].as_u64().unwrap_or(0);
                told[what][which] = (count + 1).into();
            }
        }
        Ok(told)
    }

    /// The public method of this name, with its parameters by name.
    async fn method(&self, name: &str, with: &Value) -> Result<Value, Error> {
        let gateway = &self.test.gateway;
        let text = |parameter: &str| {
            let text = with[parameter].as_str().unwrap_or_default();
            self.saved.get(text).cloned().unwrap_or_else(|| text.to_owned())
        };
        let result = match name {
            "why_miss" => {
                let body = &with["body"];
                let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                let call = json!({
                    "method": with["method"], "target": with["target"], "headers": with["headers"], "body": text,
                });
                gateway.why_miss(request(&call)).await?
            }
            "explain" => gateway.explain(&text("log_id")).await?,
            "set_route" => gateway.set_route(&text("name"), &with["route"])?.into(),
            "delete_logs" => gateway.delete_logs(&with["query"]).await?.into(),
            "flush" => {
                gateway.flush().await?;
                Value::Null
            }
            "cache_stats" => serde_json::to_value(gateway.cache_stats().await?).expect("a report is JSON"),
            "purge_cache" => {
                serde_json::to_value(gateway.purge_cache(&with["filter"]).await?).expect("a report is JSON")
            }
            "recost" => serde_json::to_value(gateway.recost(&with["query"]).await?).expect("a report is JSON"),
            "estimate" => {
                let options = with.get("options").cloned().unwrap_or_else(|| json!({}));
                let estimate = gateway.estimate(&text("model"), &with["messages"], &options).await?;
                serde_json::to_value(estimate).expect("a report is JSON")
            }
            "load_prices" => gateway.load_prices(&with["prices"])?,
            "budgets" => serde_json::to_value(gateway.budgets().await?).expect("a report is JSON"),
            "top_up" => gateway.top_up(&text("wallet"), &text("amount"), &with["options"]).await?,
            "refund" => gateway.refund(&text("wallet"), &text("amount"), &with["options"]).await?,
            "balance" => gateway.balance(&text("wallet")).await?,
            "ledger" => gateway.ledger(&with["query"]).await?,
            "bill" => serde_json::to_value(gateway.bill(&with["query"]).await?).expect("a report is JSON"),
            "reconcile" => {
                let reconciled = gateway.reconcile(&text("provider"), &with["report"], &with["options"]).await?;
                serde_json::to_value(reconciled).expect("a report is JSON")
            }
            "health" => serde_json::to_value(gateway.health()?).expect("a report is JSON"),
            other => panic!("no such method: {other}"),
        };
        Ok(result)
    }
}

fn thrown(error: &Error) -> Value {
    json!({"error": {"kind": error.kind().code(), "field": error.field()}})
}

fn request(call: &Value) -> Request {
    let method: Method = call["method"].as_str().unwrap_or("POST").parse().expect("a method");
    let mut request = Request::new(method, call["target"].as_str().expect("a target"));
    if !call["json"].is_null() {
        request.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = call["json"].to_string().into();
    }
    if let Some(body) = call["body"].as_str() {
        request.body = body.to_owned().into();
    }
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        let name: HeaderName = name.parse().expect("a header name");
        request.headers.insert(name, value.as_str().and_then(|text| text.parse().ok()).expect("a header value"));
    }
    request
}
