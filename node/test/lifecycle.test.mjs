import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { Gateway } from "tollhouse";
import { testingGateway } from "tollhouse/testing";
import { upstream } from "./upstream.mjs";

const folder = mkdtempSync(join(tmpdir(), "tollhouse-"));
const entryPoint = JSON.stringify(fileURLToPath(import.meta.resolve("tollhouse")));

/** `/quick` is answered, `/late` a little later, `/never` not at all. */
const provider = await upstream((request, response) => {
  if (request.url.endsWith("/quick")) response.end("{}");
  if (request.url.endsWith("/late")) setTimeout(() => response.end('{"late":true}'), 200);
});
after(() => {
  provider.close();
  rmSync(folder, { recursive: true });
});

const prelude = (config = provider.config) => `
  const { Gateway } = require(${entryPoint.replace("index.mjs", "index.js")});
  const gateway = new Gateway(${JSON.stringify(config)});
  const post = (path) => gateway.fetch("/openai/" + path, { method: "POST", body: "{}" });
`;

/** How a program ends, and what it prints. A program that never ends is a failure: the test runner's own limit stops it. */
async function run(program, config) {
  const child = spawn(process.execPath, ["-e", prelude(config) + program], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const [code, signal] = await once(child, "close");
  return { code, signal, output: output.trim() };
}

test("an idle gateway does not keep the process alive", { timeout: 30_000 }, async () => {
  const used = 'post("quick").then((response) => response.text()).then(() => console.log("done"))';
  assert.deepEqual(await run("", undefined), { code: 0, signal: null, output: "" });
  assert.deepEqual(await run(used), { code: 0, signal: null, output: "done" });
});

test("a call in flight does", { timeout: 30_000 }, async () => {
  const program = 'post("late").then((response) => response.text()).then(console.log)';
  assert.deepEqual(await run(program), { code: 0, signal: null, output: '{"late":true}' });
});

test("the process can end with a call in flight, and its log is written", { timeout: 30_000 }, async () => {
  const path = join(folder, "in-flight.db");
  const program = 'post("never").catch(() => {}); setTimeout(() => process.exit(3), 100)';
  assert.deepEqual(await run(program, { ...provider.config, logs: { path } }), { code: 3, signal: null, output: "" });
  const { logs } = await new Gateway({ logs: { path } }).logs();
  assert.deepEqual(logs.map((log) => [log.path, log.cancelled]), [["never", true]]);
});

test("the log of the last answer survives the end of the process", { timeout: 30_000 }, async () => {
  const path = join(folder, "last.db");
  await run('post("quick").then((response) => response.text()).then(() => process.exit(0))', { ...provider.config, logs: { path } });
  const { logs } = await new Gateway({ logs: { path } }).logs();
  assert.deepEqual(logs.map((log) => [log.path, log.status_code]), [["quick", 200]]);
});

test("workers have gateways of their own, and may be ended at any moment", { timeout: 60_000 }, async () => {
  const program = `
    const { parentPort } = require("node:worker_threads");
    post("quick").then((response) => response.text()).then(() => {
      post("never").catch(() => {});
      parentPort.postMessage("in flight");
    });
  `;
  for (let round = 0; round < 5; round += 1) {
    const workers = [0, 1, 2].map(() => new Worker(prelude() + program, { eval: true }));
    await Promise.all(workers.map((worker) => once(worker, "message")));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  const gateway = new Gateway(provider.config);
  assert.equal((await gateway.fetch("/openai/quick")).status, 200);
});

test("two gateways never meet", async () => {
  const config = { cache: { ttl: "1h" }, limits: { requests: { limit: 1, per: "1m" } } };
  const gateways = [testingGateway([{ json: { of: "one" } }], config), testingGateway([{ json: { of: "two" } }], config)];
  const init = { method: "POST", body: '{"model":"m"}' };
  const answers = await Promise.all(gateways.map((gateway) => gateway.fetch("/openai/chat/completions", init)));
  assert.deepEqual(await Promise.all(answers.map((answer) => answer.json())), [{ of: "one" }, { of: "two" }]);
  for (const gateway of gateways) {
    assert.equal((await gateway.logs()).total_count, 1);
    assert.equal((await gateway.fetch("/openai/chat/completions", init)).headers.get("cf-aig-cache-status"), "HIT");
  }
  await assert.rejects(gateways[0].getLog(gateways[1].aiGatewayLogId), { name: "AiGatewayLogNotFound" });
});
