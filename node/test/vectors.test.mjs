// Runs the cases that every language runs: see tests/vectors/README.md.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { testingGateway } from "tollhouse/testing";
import { matches } from "./pattern.mjs";

const folder = new URL("../../tests/vectors/", import.meta.url);
const surface = JSON.parse(readFileSync(new URL("../surface.json", folder), "utf8")).methods;

for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".json"))) {
  for (const vector of JSON.parse(readFileSync(new URL(file, folder), "utf8")).cases) {
    test(`${file.replace(".json", "")}: ${vector.name}`, () => run(vector));
  }
}

async function run({ config = {}, upstream = [], steps, calls }) {
  const gateway = testingGateway(upstream, config);
  const saved = {};
  for (const [index, step] of steps.entries()) {
    if (step.advance_ms !== undefined) {
      gateway.advance(step.advance_ms);
      continue;
    }
    const place = `step ${index}`;
    const got = await take(gateway, step, saved);
    if (got.log !== undefined) saved.log = got.log;
    if (step.save !== undefined) saved[step.save] = got.log;
    check(got, step.expect ?? {}, place);
    matches(gateway.calls().length, step.expect?.upstream_calls ?? gateway.calls().length, `${place}: upstream_calls`);
  }
  if (calls !== undefined) matches(gateway.calls(), calls, "calls");
}

/** Does what a step says, and gives what came of it in the words of the expectations. */
async function take(gateway, step, saved) {
  try {
    const result = await act(gateway, step, (id) => (id.startsWith("$") ? saved[id.slice(1)] : id));
    return result instanceof Response ? await answer(result, step.take_chunks) : { json: plain(result) };
  } catch (error) {
    if (error.code === undefined) throw error;
    return { error: { kind: error.code, field: error.field ?? null } };
  }
}

function act(gateway, step, id) {
  const { call, chat, count_tokens: count } = step;
  if (call !== undefined) return handle(gateway, call);
  if (step.run !== undefined) return gateway.run(step.run, step.options);
  if (chat !== undefined) return gateway.chat(chat.model, chat.messages, chat.options);
  if (step.get_log !== undefined) return gateway.getLog(id(step.get_log));
  if (step.patch_log !== undefined) return gateway.patchLog(id(step.patch_log), step.patch);
  if (step.logs !== undefined) return gateway.logs(step.logs);
  if (step.usage !== undefined) return gateway.usage(step.usage);
  if (count !== undefined) return gateway.countTokens(count.model, count.input);
  if (step.together !== undefined) return together(gateway, step);
  if (step.method !== undefined) return invoke(gateway, step.method, step.with ?? {}, id);
  throw new Error(`no such step: ${Object.keys(step)}`);
}

function invoke(gateway, name, given, id) {
  const { parameters } = surface[name];
  const unknown = Object.keys(given).filter((key) => !parameters.includes(key));
  assert.deepEqual(unknown, [], `parameters of ${name}`);
  const values = parameters.map((key) => (typeof given[key] === "string" ? id(given[key]) : given[key]));
  return gateway[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())](...values);
}

/** Makes calls at once, or each when the answer of the one before has begun, and counts what came of them. */
async function together(gateway, { together: list, times = 1, in_turn: inTurn = false }) {
  const calls = Array.from({ length: times }, () => list).flat();
  const responses = [];
  if (inTurn) for (const call of calls) responses.push(await handle(gateway, call));
  else responses.push(...(await Promise.all(calls.map((call) => handle(gateway, call)))));
  const told = { statuses: {}, cache: {}, bodies: {} };
  for (const response of responses) {
    const found = {
      statuses: response.status,
      cache: response.headers.get("cf-aig-cache-status") ?? "none",
      bodies: await response.text(),
    };
    for (const [what, which] of Object.entries(found)) told[what][which] = (told[what][which] ?? 0) + 1;
  }
  return told;
}

function handle(gateway, { method = "POST", target, headers = {}, json, body }) {
  if (json !== undefined) {
    return gateway.handle(method, target, { "content-type": "application/json", ...headers }, JSON.stringify(json));
  }
  // Bytes: a text would bring a content type of its own.
  return gateway.handle(method, target, headers, body && new TextEncoder().encode(body));
}

async function answer(response, chunks) {
  const { status, failure } = response;
  const headers = Object.fromEntries(response.headers);
  const got = { status, headers, failure: failure?.code, log: headers["cf-aig-log-id"], body: "" };
  // Not through a TextDecoderStream, which would read ahead.
  const [reader, decoder] = [response.body?.getReader(), new TextDecoder()];
  try {
    for (let read = 0; read !== chunks; read += 1) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) return got;
      got.body += decoder.decode(value, { stream: true });
    }
    await reader?.cancel();
  } catch (error) {
    got.broken = error.cause.code;
  }
  return got;
}

/** As JSON: dates are text again. */
function plain(result) {
  return result === undefined ? undefined : JSON.parse(JSON.stringify(result));
}

function check(got, expected, place) {
  for (const [key, pattern] of Object.entries(expected)) {
    if (key === "upstream_calls") continue;
    if (key === "contains") assert.ok(got.body.includes(pattern), `${place}: ${JSON.stringify(got.body)} should contain ${pattern}`);
    else if (key === "json" && got.body !== undefined) matches(JSON.parse(got.body), pattern, `${place}: json`);
    else matches(got[key], pattern, `${place}: ${key}`);
  }
  if (expected.error === undefined) assert.equal(got.error, undefined, place);
}
