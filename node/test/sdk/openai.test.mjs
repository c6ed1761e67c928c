import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import OpenAI, { toFile } from "openai";
import { startUpstream, weather } from "./upstream.mjs";

const upstream = await startUpstream();
after(() => upstream.stop());
beforeEach(() => upstream.reset());

const model = "gpt-4o-mini";
const messages = [{ role: "user", content: "tell me a joke" }];
const said = `[openai ${model}] You said: tell me a joke`;

function client(config, options) {
  const gateway = upstream.gateway(config);
  return { gateway, openai: new OpenAI({ apiKey: "sk-test", fetch: gateway.fetch, ...options }) };
}

test("chat", async () => {
  const { openai, gateway } = client();
  const { data, response } = await openai.chat.completions.create({ model, messages }).withResponse();
  assert.equal(data.choices[0].message.content, said);
  const log = await gateway.getLog(response.headers.get("cf-aig-log-id"));
  assert.deepEqual([log.provider, log.model, log.tokens_in, log.tokens_out, log.cost > 0], ["openai", model, 4, 8, true]);
  const [call] = await upstream.ledger();
  assert.equal(call.headers.authorization, "Bearer sk-test");
});

test("chat, streamed", async () => {
  const { openai, gateway } = client();
  const stream = await openai.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
  const chunks = await collect(stream);
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), said);
  assert.equal(chunks.at(-1).usage.completion_tokens, 8);
  const [log] = (await gateway.logs()).logs;
  assert.deepEqual([log.stream, log.success, log.tokens_out], [true, true, 8]);
});

test("a stream that is left is cancelled upstream", async () => {
  const { openai } = client();
  await upstream.script({ chunk_delay_ms: 20 });
  for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true })) {
    assert.ok(chunk.id);
    break;
  }
  const [call] = await upstream.ledger();
  assert.equal(call.ending, "client_gone");
});

test("a stream that breaks is an error, and never a short answer", async () => {
  const { openai, gateway } = client();
  await upstream.script({ fail: "truncate" });
  const stream = await openai.chat.completions.create({ model, messages, stream: true });
  await assert.rejects(collect(stream), (error) => error.cause?.code === "broken");
  const [log] = (await gateway.logs()).logs;
  assert.deepEqual([log.success, log.truncated], [false, true]);
});

test("tools", async () => {
  const { openai } = client();
  const tools = [{ type: "function", function: { name: weather.name, description: weather.description, parameters: weather.schema } }];
  const first = await openai.chat.completions.create({ model, messages: [{ role: "user", content: "Paris" }], tools });
  const [call] = first.choices[0].message.tool_calls;
  assert.deepEqual([call.function.name, JSON.parse(call.function.arguments)], ["weather", { place: "Paris" }]);
  const answered = [...messages, first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "sunny" }];
  const second = await openai.chat.completions.create({ model, messages: answered, tools });
  assert.equal(second.choices[0].message.content, `[openai ${model}] The tool said: sunny`);
});

test("responses and embeddings", async () => {
  const { openai } = client();
  const response = await openai.responses.create({ model, input: "hello" });
  assert.equal(response.output_text, `[openai ${model}] You said: hello`);
  const { data } = await openai.embeddings.create({ model: "text-embedding-3-small", input: "hello" });
  assert.equal(data[0].embedding.length, 8);
});

test("a multipart upload, without a probe before it", async () => {
  const { openai } = client();
  const file = await openai.files.create({ purpose: "fine-tune", file: await toFile(Buffer.from('{"a":1}\n'), "train.jsonl") });
  assert.equal(file.filename, "train.jsonl");
  const calls = await upstream.ledger();
  assert.deepEqual(calls.map((call) => [call.path, call.form?.purpose ?? "fine-tune"]), [["/openai/v1/files", "fine-tune"]]);
});

test("the same call again is answered from the cache", async () => {
  const { openai } = client({ cache: { ttl: "1h" } });
  const statuses = [];
  for (let call = 0; call < 2; call += 1) {
    const { data, response } = await openai.chat.completions.create({ model, messages }).withResponse();
    assert.equal(data.choices[0].message.content, said);
    statuses.push(response.headers.get("cf-aig-cache-status"));
  }
  assert.deepEqual(statuses, ["MISS", "HIT"]);
  assert.equal((await upstream.ledger()).length, 1);
});

test("errors are the SDK's own", async () => {
  const { openai, gateway } = client({ limits: { requests: { limit: 3, per: "1h" } } }, { maxRetries: 0 });
  await assert.rejects(openai.chat.completions.create({ model: "no-such-model", messages }), OpenAI.NotFoundError);
  await assert.rejects(new OpenAI({ apiKey: "bad-key", fetch: gateway.fetch }).models.list(), OpenAI.AuthenticationError);
  await upstream.script({ fail: "refuse" });
  await assert.rejects(openai.models.list(), OpenAI.APIConnectionError);
  await assert.rejects(openai.models.list(), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.match(error.message, /Rate limited/);
    return true;
  });
});

test("aborts and time-outs are the SDK's own", async () => {
  const { openai } = client({}, { maxRetries: 0 });
  await upstream.script({ delay_ms: 60_000 }, { delay_ms: 60_000 });
  const controller = new AbortController();
  const call = openai.chat.completions.create({ model, messages }, { signal: controller.signal });
  await fetch(`${upstream.url}/__ledger?arrived=1`);
  controller.abort();
  await assert.rejects(call, OpenAI.APIUserAbortError);
  await assert.rejects(openai.chat.completions.create({ model, messages }, { timeout: 20 }), OpenAI.APIConnectionTimeoutError);
});

test("the SDK's own retries and the gateway's do not multiply", async () => {
  const { openai } = client({ retries: { max_attempts: 2, delay: "1ms" } });
  await upstream.script({ status: 500 }, { status: 500 }, { status: 500 });
  await assert.rejects(openai.chat.completions.create({ model, messages }), OpenAI.InternalServerError);
  assert.equal((await upstream.ledger()).length, 2);
});

test("a base URL serves where a fetch cannot be given", async () => {
  const gateway = upstream.gateway();
  const openai = new OpenAI({ apiKey: "sk-test", baseURL: await gateway.getUrl("openai") });
  const { choices } = await openai.chat.completions.create({ model, messages });
  assert.equal(choices[0].message.content, said);
  await gateway.close();
});

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
