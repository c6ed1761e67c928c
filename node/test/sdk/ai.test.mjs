// The AI SDK, which asks for Node 22.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, embed, generateText, jsonSchema, streamText, tool } from "ai";
import { startUpstream, weather } from "./upstream.mjs";

const upstream = await startUpstream();
after(() => upstream.stop());
beforeEach(() => upstream.reset());

const said = "[openai gpt-4o-mini] You said: tell me a joke";

function provider(config) {
  const gateway = upstream.gateway(config);
  return { gateway, openai: createOpenAI({ apiKey: "sk-test", fetch: gateway.fetch }) };
}

for (const api of ["chat", "responses"]) {
  test(`generateText over ${api}`, async () => {
    const { openai, gateway } = provider();
    const { text, usage } = await generateText({ model: openai[api]("gpt-4o-mini"), prompt: "tell me a joke" });
    assert.equal(text, said);
    assert.deepEqual([usage.inputTokens, usage.outputTokens], [4, 8]);
    assert.deepEqual((await gateway.logs()).logs.map((log) => [log.tokens_in, log.tokens_out]), [[4, 8]]);
  });

  test(`streamText over ${api}`, async () => {
    const { openai, gateway } = provider();
    const result = streamText({ model: openai[api]("gpt-4o-mini"), prompt: "tell me a joke" });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.equal(text, said);
    assert.equal((await result.usage).outputTokens, 8);
    assert.deepEqual((await gateway.logs()).logs.map((log) => [log.stream, log.success, log.tokens_out]), [[true, true, 8]]);
  });
}

test("tools", async () => {
  const { openai } = provider();
  const tools = { weather: tool({ description: weather.description, inputSchema: jsonSchema(weather.schema) }) };
  const { toolCalls } = await generateText({ model: openai.chat("gpt-4o-mini"), prompt: "Paris", tools });
  assert.deepEqual(toolCalls.map((call) => [call.toolName, call.input]), [["weather", { place: "Paris" }]]);
});

test("embeddings", async () => {
  const { openai } = provider();
  const { embedding } = await embed({ model: openai.textEmbeddingModel("text-embedding-3-small"), value: "hello" });
  assert.equal(embedding.length, 8);
});

test("where no provider answers, the SDK sees a connection that failed and may be tried again", async () => {
  const { openai } = provider();
  await upstream.script({ fail: "refuse" });
  const call = generateText({ model: openai.chat("gpt-4o-mini"), prompt: "tell me a joke", maxRetries: 0 });
  await assert.rejects(call, (error) => APICallError.isInstance(error) && error.isRetryable && error.cause.code === "broken");
});
