import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { startUpstream, weather } from "./upstream.mjs";

const upstream = await startUpstream();
after(() => upstream.stop());
beforeEach(() => upstream.reset());

const model = "claude-haiku-4-5";
const call = { model, max_tokens: 100, messages: [{ role: "user", content: "tell me a joke" }] };
const said = `[anthropic ${model}] You said: tell me a joke`;

function client(config) {
  const gateway = upstream.gateway(config);
  return { gateway, anthropic: new Anthropic({ apiKey: "sk-ant-test", fetch: gateway.fetch, maxRetries: 0 }) };
}

test("messages", async () => {
  const { anthropic, gateway } = client();
  const { data, response } = await anthropic.messages.create(call).withResponse();
  assert.equal(data.content[0].text, said);
  const log = await gateway.getLog(response.headers.get("cf-aig-log-id"));
  assert.deepEqual([log.provider, log.model, log.tokens_in, log.tokens_out], ["anthropic", model, 4, 8]);
  const [{ headers }] = await upstream.ledger();
  assert.deepEqual([headers.authorization, "anthropic-version" in headers], ["Bearer sk-ant-test", true]);
});

test("messages, streamed", async () => {
  const { anthropic, gateway } = client();
  const message = await anthropic.messages.stream(call).finalMessage();
  assert.equal(message.content[0].text, said);
  const [log] = (await gateway.logs()).logs;
  assert.deepEqual([log.stream, log.success, log.tokens_in, log.tokens_out], [true, true, 4, 8]);
});

test("a stream that is left is cancelled upstream", async () => {
  const { anthropic } = client();
  await upstream.script({ chunk_delay_ms: 20 });
  for await (const event of anthropic.messages.stream(call)) {
    assert.equal(event.type, "message_start");
    break;
  }
  const [left] = await upstream.ledger();
  assert.equal(left.ending, "client_gone");
});

test("tools", async () => {
  const { anthropic } = client();
  const tools = [{ name: weather.name, description: weather.description, input_schema: weather.schema }];
  const message = await anthropic.messages.create({ ...call, messages: [{ role: "user", content: "Paris" }], tools });
  const use = message.content.find((part) => part.type === "tool_use");
  assert.deepEqual([use.name, use.input, message.stop_reason], ["weather", { place: "Paris" }, "tool_use"]);
});

test("a multipart upload", async () => {
  const { anthropic } = client();
  const file = await anthropic.beta.files.upload({ file: new File(["hello"], "a.txt", { type: "text/plain" }) });
  assert.equal(file.filename, "a.txt");
  assert.equal((await upstream.ledger()).length, 1);
});

test("errors are the SDK's own", async () => {
  const { anthropic } = client();
  await assert.rejects(anthropic.messages.create({ ...call, model: "no-such-model" }), Anthropic.NotFoundError);
  await upstream.script({ status: 529 });
  await assert.rejects(anthropic.messages.create(call), Anthropic.InternalServerError);
});

test("OpenAI's shape reaches Claude through compat", async () => {
  const gateway = upstream.gateway({});
  const headers = { authorization: "Bearer sk-ant-test" };
  const response = await gateway.chat(`anthropic/${model}`, "tell me a joke", { extraHeaders: headers });
  assert.equal((await response.json()).choices[0].message.content, said);
});
