// What the gateway costs beside undici, the HTTP client below Node's own fetch.
//
// Both are asked in turn, batch by batch, so that a busy machine slows both alike; the ratio of each round is what counts.
// `node bench.mjs UPSTREAM` takes the path of a release-built tollhouse-upstream, which it starts and ends. ROUNDS and CALLS
// are read from the environment.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Gateway } from "tollhouse";
import { Pool } from "undici";

const ROUNDS = Number(process.env.ROUNDS ?? 11);
const CALLS = Number(process.env.CALLS ?? 384);
// So many rounds that the engine has compiled what it is going to compile.
const WARM_UP = Math.max(3, Math.ceil(1_500 / CALLS));
const STREAM_WORDS = 2_000;
const SHORT_STREAM_WORDS = 20;

const HEADERS = { authorization: "Bearer sk-made-up", "content-type": "application/json" };
const TARGET = "/openai/chat/completions";
const TEXT =
  "A toll house stands where a road is narrow, and whoever comes through is counted, asked to pay, and let on. Say in a few " +
  "plain words what this has in common with a gateway between a program and the models that it calls: what does it see of " +
  "each call, what may it refuse, what should it write down, and how can it do all of that without anybody noticing that " +
  "the way has become longer? Leave out what you are not sure of.";

const upstream = spawn(process.argv[2], ["--port", "0", "--with-stdin"], { stdio: ["pipe", "pipe", "inherit"] });
const [listening] = await once(createInterface(upstream.stdout), "line");
const url = listening.split(" ").at(-1);

const providers = { openai: { base_url: `${url}/v1` } };
const gateway = new Gateway({ providers });
const cached = new Gateway({ providers, cache: { ttl: "1h" } });
const pool = new Pool(url, { connections: 256 });

const theirs = {
  ask: async (body) => (await request(body)).json(),
  stream: async (body, arrived) => readEvents(await request(body), arrived),
  settle: async () => {},
};
/** Node's own, with the same objects as the gateway's; SDKs use it when they are given nothing else. */
const platform = {
  ask: async (body) => (await fetch(`${url}/v1/chat/completions`, { method: "POST", headers: HEADERS, body })).json(),
  settle: async () => {},
};
const ours = {
  ask: async (body) => (await gateway.fetch(TARGET, { method: "POST", headers: HEADERS, body })).json(),
  stream: async (body, arrived) =>
    readEvents((await gateway.fetch(TARGET, { method: "POST", headers: HEADERS, body })).body, arrived),
  settle: () => gateway.flush(),
};

const row = (name, [raw, mine], first, goal) => ({ name, raw, ours: mine, first, goal });
const rows = [
  row("call, 1 in flight", await alternate((client) => calls(client, 1)), [0.8, "× undici"], [0.35, "× undici"]),
  row("call, 64 in flight", await alternate((client) => calls(client, 64)), [0.8, "× undici"], [0.35, "× undici"]),
  row("call, 64 in flight (raw: fetch)", await alternate((client) => calls(client, 64), platform)),
  row("streamed event", await alternate(streamedEvents), [1, "× undici"], [4, "µs CPU"]),
  row("first chunk of a stream", await alternate(firstChunk), [200, "µs wall above"], [80, "µs wall above"]),
  row("cache hit", [[], await hits()], [20, "µs wall"], [15, "µs wall"]),
  row("import (raw: undici)", imported(), [15_000, "µs CPU"], [5_000, "µs CPU"]),
];
report("Node", rows);
await pool.close();
upstream.stdin.end();

/** Plays a batch with each client once a round, in changing order. Gives the costs of the raw client and of ours. */
async function alternate(batch, raw = theirs) {
  const costs = [[], []];
  for (let number = 0; number < ROUNDS + WARM_UP; number += 1) {
    for (const side of number % 2 ? [1, 0] : [0, 1]) {
      const cost = await batch([raw, ours][side]);
      if (number >= WARM_UP) costs[side].push(cost);
    }
  }
  return costs;
}

/** What one unit of `work` cost in microseconds: CPU time of the process, and time on the wall. */
async function timed(units, work) {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / units, wall: ((performance.now() - wall) * 1000) / units };
}

/** A batch of calls. What they leave to the log's thread is waited for, and so counted with them. */
function calls(client, inFlight) {
  const bodies = Array.from({ length: CALLS }, () => question(TEXT));
  const worker = async (number) => {
    for (let at = number; at < CALLS; at += inFlight) await client.ask(bodies[at]);
  };
  return timed(CALLS, async () => {
    await Promise.all(Array.from({ length: inFlight }, (_, number) => worker(number)));
    await client.settle();
  });
}

/** A long stream; the unit is an event. */
function streamedEvents(client) {
  const body = question("word ".repeat(STREAM_WORDS), true);
  return timed(STREAM_WORDS, async () => {
    await client.stream(body);
    await client.settle();
  });
}

/** How long the first chunk takes: the median of some. */
async function firstChunk(client) {
  const waited = [];
  for (let number = 0; number < CALLS / 8; number += 1) {
    const body = question("word ".repeat(SHORT_STREAM_WORDS), true);
    const began = performance.now();
    let first;
    await client.stream(body, () => (first ??= performance.now() - began));
    waited.push(first * 1000);
  }
  await client.settle();
  return { wall: median(waited) };
}

/** Answers from the cache: the median of their times on the wall, as a hit has nothing to wait for. */
async function hits() {
  const init = { method: "POST", headers: HEADERS, body: question(TEXT) };
  const hit = async () => (await cached.fetch(TARGET, init)).arrayBuffer();
  await hit();
  const costs = [];
  for (let number = 0; number < ROUNDS + WARM_UP; number += 1) {
    const times = [];
    const cost = await timed(CALLS * 5, async () => {
      for (let at = 0; at < CALLS * 5; at += 1) {
        const began = performance.now();
        await hit();
        times.push((performance.now() - began) * 1000);
      }
      await cached.flush();
    });
    if (number >= WARM_UP) costs.push({ ...cost, wall: median(times) });
  }
  return costs;
}

/** What a new process pays for the import, beyond its own start. */
function imported() {
  const script = "const before = process.cpuUsage(); import(process.argv[1]).then(() => { const { user, system } = process.cpuUsage(before); console.log(user + system); });";
  const measured = (name) => Number(execFileSync(process.execPath, ["-e", script, name], { cwd: import.meta.dirname }));
  const cost = (name) => ({ cpu: Math.min(measured(name), measured(name), measured(name)) });
  const costs = [[], []];
  for (let number = 0; number < 3; number += 1) {
    ["undici", "tollhouse"].forEach((name, side) => costs[side].push(cost(name)));
  }
  return costs;
}

async function request(body) {
  return (await pool.request({ path: "/v1/chat/completions", method: "POST", headers: HEADERS, body })).body;
}

/** Reads a stream as every program does: the text of each event. */
async function readEvents(body, arrived) {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of body) {
    arrived?.();
    text += decoder.decode(chunk, { stream: true });
    let end;
    while ((end = text.indexOf("\n\n")) >= 0) {
      const data = text.slice("data: ".length, end);
      text = text.slice(end + 2);
      if (data !== "[DONE]") length += JSON.parse(data).choices[0]?.delta.content?.length ?? 0;
    }
  }
  return length;
}

/** A body like no other before it, so that no cache knows it. */
function question(text, stream = false) {
  question.asked = (question.asked ?? 0) + 1;
  const messages = [{ role: "system", content: "Answer in plain words." }, { role: "user", content: text }];
  const settings = stream ? { stream, stream_options: { include_usage: true } } : {};
  return JSON.stringify({ model: "gpt-4o-mini", messages, seed: question.asked, ...settings });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The table, in the form that all three benches share. */
function report(language, measured) {
  const line = ([name, ...cells]) => name.padEnd(38) + cells.map((cell, at) => cell.padStart([10, 10, 9, 8, 11, 11, 8][at])).join("");
  const micros = (value) => (Number.isFinite(value) ? value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) : "–");
  const times = (value) => (Number.isFinite(value) ? `${value.toFixed(2)}×` : "–");
  const met = { first: 0, goal: 0 };
  console.log(`${line([language, "raw CPU", "ours CPU", "caller", "ratio", "raw wall", "ours wall", "ratio"])}   ${"first".padEnd(31)}goal`);
  for (const { name, raw, ours: mine, ...targets } of measured) {
    const middle = (side, what) => median(side.map((cost) => cost[what] ?? NaN));
    const ratio = (what) => median(mine.map((cost, at) => cost[what] / raw[at]?.[what]));
    const verdict = (which) => {
      if (targets[which] === undefined) return "–";
      const [most, unit] = targets[which];
      const above = () => median(mine.map((cost, at) => cost.wall - raw[at].wall));
      const value = { "× undici": () => ratio("cpu"), "µs CPU": () => middle(mine, "cpu"), "µs wall": () => middle(mine, "wall"), "µs wall above": above }[unit]();
      met[which] += value <= most;
      return `≤ ${most.toLocaleString("en")} ${unit} ${value <= most ? "met" : "NOT met"}`;
    };
    const cells = [name, micros(middle(raw, "cpu")), micros(middle(mine, "cpu")), "–", times(ratio("cpu"))];
    cells.push(micros(middle(raw, "wall")), micros(middle(mine, "wall")), times(ratio("wall")));
    console.log(`${line(cells)}   ${verdict("first").padEnd(31)}${verdict("goal")}`);
  }
  const count = (which) => `${which}: ${met[which]} of ${measured.filter((one) => one[which]).length} met`;
  console.log(`${language}, ${count("first")}, ${count("goal")}`);
}
