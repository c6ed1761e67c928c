import assert from "node:assert/strict";
import { test } from "node:test";
import { testingGateway } from "tollhouse/testing";

const entry = (fields = {}) => ({ provider: "openai", endpoint: "chat/completions", headers: {}, query: { model: "m" }, ...fields });

test("one entry and a list of one are the same", async () => {
  const gateway = testingGateway([{ json: { n: 1 } }, { json: { n: 2 } }]);
  const answers = [await gateway.run(entry()), await gateway.run([entry()])];
  assert.deepEqual(await Promise.all(answers.map((answer) => answer.json())), [{ n: 1 }, { n: 2 }]);
  assert.deepEqual(gateway.calls()[0].json, { model: "m" });
});

test("it resolves for every status, and tells which entry answered", async () => {
  const gateway = testingGateway([{ status: 500 }, { status: 404, json: { error: {} } }]);
  const response = await gateway.run([entry(), entry()]);
  assert.ok(response instanceof Response);
  assert.deepEqual([response.status, response.headers.get("cf-aig-step")], [404, "1"]);
  assert.equal((await gateway.run([])).status, 400);
});

test("a log's metadata may hold a bigint, and the caller's objects stay as they are", async () => {
  const gateway = testingGateway([{ json: {} }, { json: {} }]);
  const data = Object.freeze([Object.freeze(entry({ headers: Object.freeze({ "cf-aig-metadata": Object.freeze({ n: 12n }) }) }))]);
  const options = Object.freeze({ gateway: Object.freeze({ metadata: Object.freeze({ user: 9007199254740993n, ok: true }) }) });
  await gateway.run([entry()], options);
  assert.deepEqual((await gateway.getLog(gateway.aiGatewayLogId)).metadata, { user: "9007199254740993", ok: true });
  await gateway.run(data);
  assert.deepEqual((await gateway.getLog(gateway.aiGatewayLogId)).metadata, { n: "12" });
});

test("header values of an entry become text", async () => {
  const gateway = testingGateway([{ json: {} }]);
  await gateway.run(entry({ headers: { "x-number": 3600, "x-flag": false, "x-object": { a: [1] } } }));
  const { headers } = gateway.calls()[0];
  assert.deepEqual([headers["x-number"], headers["x-flag"], headers["x-object"]], ["3600", "false", '{"a":[1]}']);
});

test("extraHeaders stand above what the options lead to, as an object or as Headers", async () => {
  const gateway = testingGateway([{ json: { n: 1 } }, { json: { n: 2 } }]);
  for (const extraHeaders of [{ "cf-aig-event-id": "mine" }, new Headers({ "cf-aig-event-id": "mine" })]) {
    const response = await gateway.run(entry(), { gateway: { eventId: "other" }, extraHeaders });
    assert.equal(response.headers.get("cf-aig-event-id"), "mine");
  }
});

test("chat asks any provider in one shape", async () => {
  const gateway = testingGateway([{ json: { choices: [] } }]);
  const response = await gateway.chat("openai/gpt-4o-mini", "hello", { temperature: 0, gateway: { eventId: "e" } });
  assert.deepEqual([response.status, response.headers.get("cf-aig-event-id")], [200, "e"]);
  assert.deepEqual(gateway.calls()[0].json, { temperature: 0, model: "gpt-4o-mini", messages: [{ role: "user", content: "hello" }] });
});

test("the id of the last log is that of the last answer", async () => {
  const gateway = testingGateway([{ json: {} }, { json: {} }]);
  assert.equal(gateway.aiGatewayLogId, null);
  const first = await gateway.run(entry());
  assert.equal(gateway.aiGatewayLogId, first.headers.get("cf-aig-log-id"));
  const second = await gateway.fetch("/openai/models");
  assert.equal(gateway.aiGatewayLogId, second.headers.get("cf-aig-log-id"));
  assert.notEqual(first.headers.get("cf-aig-log-id"), second.headers.get("cf-aig-log-id"));
});

test("an argument that cannot be used is an error that names it", async () => {
  const gateway = testingGateway([]);
  await assert.rejects(gateway.run(entry(), { gateway: { cacheTtl: "soon" } }), { code: "invalid_request", field: "options.gateway.cacheTtl" });
  await assert.rejects(gateway.chat("openai/m", 3), { code: "invalid_request", field: "messages" });
});
