// The reference's own provider for the AI SDK, with our gateway as its binding (contract 135, 139, 140).

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { generateText, streamText } from "ai";
import { AiGatewayDoesNotExist, AiGatewayUnauthorizedError, createAiGateway } from "ai-gateway-provider";
import { createAnthropic } from "ai-gateway-provider/providers/anthropic";
import { createOpenAI } from "ai-gateway-provider/providers/openai";
import { startUpstream } from "./upstream.mjs";

const upstream = await startUpstream();
after(() => upstream.stop());
beforeEach(() => upstream.reset());

const prompt = "tell me a joke";
const openai = createOpenAI({ apiKey: "sk-test" });
const anthropic = createAnthropic({ apiKey: "sk-ant-test" });
const models = [openai.chat("gpt-4o-mini"), anthropic("claude-haiku-4-5")];

function binding(config) {
  const gateway = upstream.gateway(config);
  return { gateway, aigateway: createAiGateway({ binding: gateway, options: { metadata: { user: 7n }, cacheTtl: 3600 } }) };
}

/** A binding that asks over HTTP what a gateway in process never has to: which gateway, and may you. */
function remote(url) {
  const run = (data, { signal }) => fetch(url, { method: "POST", body: JSON.stringify(data), signal });
  return createAiGateway({ binding: { run } })(models[0]);
}

test("the first model answers, with the options of the provider", async () => {
  const { aigateway, gateway } = binding();
  for (const status of ["MISS", "HIT"]) {
    const { text, response } = await generateText({ model: aigateway(models), prompt });
    assert.equal(text, "[openai gpt-4o-mini] You said: tell me a joke");
    assert.deepEqual([response.headers["cf-aig-step"], response.headers["cf-aig-cache-status"]], ["0", status]);
  }
  assert.deepEqual((await gateway.getLog(gateway.aiGatewayLogId)).metadata, { user: "7" });
  assert.equal((await upstream.ledger()).length, 1);
});

test("when it fails, the second one answers, and its own parser reads it", async () => {
  const { aigateway } = binding();
  await upstream.script({ status: 500 });
  const { text, response } = await generateText({ model: aigateway(models), prompt });
  assert.equal(text, "[anthropic claude-haiku-4-5] You said: tell me a joke");
  assert.equal(response.headers["cf-aig-step"], "1");
});

test("streams, of the first and of the second model", async () => {
  for (const [step, said] of [[null, "[openai gpt-4o-mini]"], [{ status: 503 }, "[anthropic claude-haiku-4-5]"]]) {
    // A gateway each: the first one's cache would answer for both.
    const { aigateway } = binding();
    await upstream.script(step);
    let text = "";
    for await (const piece of streamText({ model: aigateway(models), prompt }).textStream) text += piece;
    assert.equal(text, `${said} You said: tell me a joke`);
  }
});

test("an answer without a step is the first model's", async () => {
  const { gateway } = binding();
  const run = async (data, options) => {
    const response = await gateway.run(data, options);
    response.headers.delete("cf-aig-step");
    return response;
  };
  const { text } = await generateText({ model: createAiGateway({ binding: { run } })(models), prompt });
  assert.equal(text, "[openai gpt-4o-mini] You said: tell me a joke");
});

test("an unknown gateway and a missing right are the provider's own errors", async () => {
  const gateway = upstream.gateway();
  const url = await gateway.getUrl();
  await assert.rejects(generateText({ model: remote(url.replace("/default/", "/other/")), prompt }), AiGatewayDoesNotExist);
  await assert.rejects(generateText({ model: remote(url.replace(/\/v1\/[^/]+/, "/v1/stranger")), prompt }), AiGatewayUnauthorizedError);
  await gateway.close();
});
