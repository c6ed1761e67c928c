import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { Gateway, TollhouseError } from "tollhouse";
import { testingGateway } from "tollhouse/testing";
import { upstream } from "./upstream.mjs";

const URL_OF_CHAT = "https://api.openai.com/v1/chat/completions";

test("a call reaches the provider byte for byte, and its answer is a real Response", async () => {
  const gateway = testingGateway([{ status: 201, headers: { "x-one": "1" }, text: "grüß" }]);
  const response = await gateway.fetch(URL_OF_CHAT, { method: "post", headers: { "X-Mine": " a " }, body: '{"model": "x"}' });
  assert.ok(response instanceof Response);
  assert.equal(response.status, 201);
  assert.equal(response.url, URL_OF_CHAT);
  assert.equal(response.headers.get("x-one"), "1");
  assert.equal(await response.clone().text(), "grüß");
  assert.equal(await response.text(), "grüß");
  const [call] = gateway.calls();
  assert.deepEqual([call.method, call.url, call.body, call.headers["x-mine"]], ["POST", URL_OF_CHAT, '{"model": "x"}', "a"]);
});

test("every kind of body arrives with its content type", async () => {
  const form = new FormData();
  form.set("purpose", "fine-tune");
  form.set("file", new Blob(["{}"], { type: "application/json" }), "a.jsonl");
  const cases = [
    ["text", /^text\/plain;charset=UTF-8$/, /^text$/],
    [new TextEncoder().encode("bytes"), /^none$/, /^bytes$/],
    [new TextEncoder().encode("buffer").buffer, /^none$/, /^buffer$/],
    [new DataView(new TextEncoder().encode("a view").buffer, 2), /^none$/, /^view$/],
    [new URLSearchParams({ a: "1 2" }), /^application\/x-www-form-urlencoded;charset=UTF-8$/, /^a=1\+2$/],
    [new Blob(["blob"], { type: "audio/wav" }), /^audio\/wav$/, /^blob$/],
    [new Blob(["stream"]).stream(), /^none$/, /^stream$/],
    [form, /^multipart\/form-data; boundary=/, /name="file"; filename="a\.jsonl"\r\nContent-Type: application\/json\r\n\r\n\{\}/],
  ];
  const gateway = testingGateway(cases.map(() => ({ json: {} })));
  for (const [body] of cases) {
    await gateway.fetch("https://api.openai.com/v1/files", { method: "POST", body });
  }
  gateway.calls().forEach((call, index) => {
    const [, type, pattern] = cases[index];
    assert.match(call.body, pattern);
    assert.match(call.headers["content-type"] ?? "none", type);
  });
});

test("a named content type stays, and headers may come in every form", async () => {
  const forms = [{ "Content-Type": "a/b", n: 1 }, [["Content-Type", "a/b"], ["n", "1"]], new Headers({ "content-type": "a/b", n: "1" })];
  const gateway = testingGateway(forms.map(() => ({ json: {} })));
  for (const headers of forms) {
    await gateway.fetch(URL_OF_CHAT, { method: "POST", headers, body: "{}" });
  }
  for (const call of gateway.calls()) {
    assert.deepEqual([call.headers["content-type"], call.headers.n], ["a/b", "1"]);
  }
});

test("a header cannot smuggle in another", async () => {
  const gateway = testingGateway([{ json: {} }]);
  await assert.rejects(gateway.fetch(URL_OF_CHAT, { headers: { a: "1\nauthorization: x" } }), TypeError);
  assert.equal(gateway.calls().length, 0);
});

test("a Request, a URL and a path of the gateway are addresses too", async () => {
  const gateway = testingGateway([{ json: {} }, { json: {} }, { json: {} }]);
  await gateway.fetch(new Request(URL_OF_CHAT, { method: "POST", body: "one" }), { headers: { a: "b" } });
  await gateway.fetch(new URL(URL_OF_CHAT), { method: "POST", body: "two" });
  await gateway.fetch("/openai/chat/completions", { method: "POST", body: new Blob(["three"]) });
  assert.deepEqual(gateway.calls().map((call) => [call.url, call.body]), [[URL_OF_CHAT, "one"], [URL_OF_CHAT, "two"], [URL_OF_CHAT, "three"]]);
  assert.equal(gateway.calls()[0].headers.a, "b");
});

test("what SDKs pass to other clients is ignored, and what they look for is there", async () => {
  const gateway = testingGateway([{ json: {} }]);
  const { fetch } = gateway;
  assert.deepEqual([fetch.Response, fetch.Request, fetch.Headers], [Response, Request, Headers]);
  const response = await fetch(URL_OF_CHAT, { method: "POST", body: "{}", dispatcher: {}, keepalive: true, duplex: "half", agent: null });
  assert.equal(response.status, 200);
});

test("where no provider answered it rejects as the platform's fetch does", async () => {
  const gateway = testingGateway([{ fail: "connect" }, { fail: "reset" }, { fail: "connect" }]);
  for (const code of ["connect", "broken"]) {
    await assert.rejects(gateway.fetch(URL_OF_CHAT), (error) => {
      assert.ok(error instanceof TypeError && error.message === "fetch failed");
      assert.ok(error.cause instanceof TollhouseError);
      assert.deepEqual([error.cause.code, error.cause.source, error.cause.retryable], [code, "upstream", true]);
      return true;
    });
  }
  const response = await gateway.handle("POST", URL_OF_CHAT);
  assert.equal(response.failure.code, "connect");
});

test("a body is read once, in whichever way, and a clone is a body of its own", async () => {
  const text = '\uFEFF{"n":1}';
  const ways = ["text", "json", "arrayBuffer", "blob", "bytes"];
  const gateway = testingGateway(ways.map(() => ({ headers: { "content-type": "application/json" }, chunks: [text] })));
  for (const way of ways) {
    const response = await gateway.fetch(URL_OF_CHAT);
    const twin = response.clone();
    const platform = new Response(text, { headers: { "content-type": "application/json" } });
    const expected = way === "bytes" ? new TextEncoder().encode(text) : await platform[way]();
    assert.equal(response.bodyUsed, false);
    assert.deepEqual(await response[way](), expected, way);
    assert.equal(response.bodyUsed, true, way);
    await assert.rejects(response.text(), TypeError);
    assert.throws(() => response.clone(), TypeError);
    assert.deepEqual([twin.bodyUsed, twin.headers.get("content-type"), await twin.json()], [false, "application/json", { n: 1 }]);
  }
  assert.equal(gateway.calls().length, ways.length);
});

test("a body that was looked at as a stream is used up by its reader", async () => {
  const gateway = testingGateway([{ json: { n: 1 } }, { json: { n: 2 } }]);
  const read = await gateway.fetch(URL_OF_CHAT);
  assert.equal(read.body, read.body);
  for await (const chunk of read.body) assert.equal(new TextDecoder().decode(chunk), '{"n":1}');
  assert.equal(read.bodyUsed, true);
  await assert.rejects(read.json(), TypeError);
  const looked = await gateway.fetch(URL_OF_CHAT);
  assert.ok(looked.body instanceof ReadableStream);
  assert.deepEqual(await looked.json(), { n: 2 });
});

test("an upstream's error status is an answer", async () => {
  const gateway = testingGateway([{ status: 429, headers: { "retry-after": "7" }, json: { error: {} } }]);
  const response = await gateway.fetch(URL_OF_CHAT);
  assert.deepEqual([response.status, response.headers.get("retry-after"), response.failure], [429, "7", undefined]);
});

test("an answer without a body has none", async () => {
  const gateway = testingGateway([{ status: 204 }, { status: 200 }]);
  assert.equal((await gateway.fetch(URL_OF_CHAT)).body, null);
  assert.equal(await (await gateway.fetch(URL_OF_CHAT)).text(), "");
});

test("a hit is there without a turn of the event loop", async () => {
  const gateway = testingGateway([{ json: { n: 1 } }], { cache: { ttl: "1h" } });
  const init = { method: "POST", body: '{"model":"x"}' };
  await gateway.fetch(URL_OF_CHAT, init);
  let hit;
  gateway.fetch(URL_OF_CHAT, init).then((response) => (hit = response));
  // Microtasks only: nothing that the event loop does can come in between.
  for (let turn = 0; turn < 4; turn += 1) await undefined;
  assert.equal(hit?.headers.get("cf-aig-cache-status"), "HIT");
  assert.deepEqual(await hit.json(), { n: 1 });
});

test("a stream is read chunk by chunk", async () => {
  const release = new EventEmitter();
  const provider = await upstream(async (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    await once(release, "go");
    response.end("data: [DONE]\n\n");
  });

  const gateway = new Gateway(provider.config);
  const response = await gateway.fetch("/openai/chat/completions", { method: "POST", body: '{"stream":true,"model":"m"}' });
  const reader = response.body.getReader();
  const text = async () => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await text(), "data: 1\n\n", "the first chunk does not wait for the second");
  release.emit("go");
  assert.equal(await text(), "data: [DONE]\n\n");
  assert.equal((await reader.read()).done, true);
  provider.close();
});

test("a loop over a stream gives all of it, and its end is the stream's end", async () => {
  const events = Array.from({ length: 5 }, (_, n) => ({ n }));
  const gateway = testingGateway([{ sse: [...events, "[DONE]"], chunk_delay_ms: 10 }, { sse: events, fail: "cut", chunk_delay_ms: 10 }]);
  const whole = await gateway.fetch(URL_OF_CHAT, { method: "POST", body: "{}" });
  let text = "";
  for await (const chunk of whole.body) text += new TextDecoder().decode(chunk);
  assert.equal(text, [...events.map((event) => JSON.stringify(event)), "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
  assert.deepEqual([whole.bodyUsed, whole.body.locked], [true, false]);

  const broken = await gateway.fetch(URL_OF_CHAT, { method: "POST", body: '{"stream":true}' });
  let chunks = 0;
  const loop = (async () => {
    for await (const chunk of broken.body) chunks += Math.sign(chunk.length);
  })();
  await assert.rejects(loop, (error) => error instanceof TypeError && error.cause.code === "broken");
  assert.ok(chunks > 0, "what came before the break is given");
  await assert.rejects(broken.body.getReader().read(), { message: "terminated" });
});

test("a stream that breaks ends in an error that says so", async () => {
  const gateway = testingGateway([{ sse: [{ n: 1 }], fail: "cut" }]);
  const response = await gateway.fetch(URL_OF_CHAT, { method: "POST", body: '{"stream":true}' });
  await assert.rejects(response.text(), (error) => {
    assert.ok(error instanceof TypeError && error.message === "terminated");
    assert.equal(error.cause.code, "broken");
    return true;
  });
});
