// The program's own embedder: asked on its own thread, and nothing that it does fails a call.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Gateway } from "tollhouse";
import { upstream } from "./upstream.mjs";

const questions = ["How do I reset my password?", "how can i reset my password"];
const body = JSON.stringify({ model: "m", choices: [{ message: { role: "assistant", content: "so" }, finish_reason: "stop" }] });

async function opened(t, embedder, semantic = {}) {
  const provider = await upstream((_, response) => response.setHeader("content-type", "application/json").end(body));
  t.after(provider.close);
  const config = { ...provider.config, cache: { ttl: "1h", semantic: { mode: "serve", ...semantic } } };
  return new Gateway(config, { embedder });
}

async function asked(gateway) {
  const answers = [];
  for (const question of questions) {
    answers.push(await gateway.chat("openai/m", question));
  }
  return answers;
}

const statuses = (answers) => answers.map(({ headers }) => headers.get("cf-aig-cache-status"));

for (const [name, embedder] of Object.entries({
  "at once": () => [0.6, 0.8],
  later: async () => new Float32Array([0.6, 0.8]),
})) {
  test(`it gives its vector ${name}`, async (t) => {
    const gateway = await opened(t, embedder);
    assert.deepEqual(statuses(await asked(gateway)), ["MISS", "HIT"]);
    assert.equal((await gateway.cacheStats()).semantic.failures, 0);
  });
}

for (const [why, embedder] of Object.entries({
  RangeError: () => { throw new RangeError(questions[0]); },
  TypeError: async () => null,
  "no number": () => [Number.NaN],
})) {
  test(`what goes wrong in it costs a near hit alone: ${why}`, async (t) => {
    const gateway = await opened(t, embedder);
    const answers = await asked(gateway);
    assert.deepEqual(statuses(answers), ["MISS", "MISS"]);
    const [note] = (await gateway.getLog(answers[0].headers.get("cf-aig-log-id"))).trail.notes;
    assert.match(note, new RegExp(`could not be embedded .*${why}`));
    assert.equal(note.includes(questions[0]), false);
    assert.equal((await gateway.cacheStats()).semantic.failures, 2);
  });
}

test("who takes too long is told that nobody waits", async (t) => {
  let aborted;
  const left = new Promise((resolve) => { aborted = resolve; });
  const never = (_, { signal }) => new Promise(() => signal.addEventListener("abort", aborted));
  const gateway = await opened(t, never, { timeout: "50ms" });
  assert.equal((await gateway.chat("openai/m", questions[0])).status, 200);
  await left;
});

test("many are asked at once, each gateway its own", async (t) => {
  const texts = [[], []];
  const gateways = await Promise.all(texts.map((list) => opened(t, async (text) => { list.push(text); return [1]; })));
  await Promise.all(gateways.flatMap((gateway, of) => Array.from({ length: 8 }, (_, n) => gateway.chat("openai/m", `question ${of} ${n}`))));
  assert.deepEqual(texts.map((list) => list.length), [8, 8]);
  assert.ok(texts[1].every((text) => text.startsWith("question 1")));
});

test("what is no function is refused", () => {
  assert.throws(() => new Gateway({}, { embedder: [1] }), { code: "invalid_request", field: "options.embedder" });
});
