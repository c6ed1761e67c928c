// The gateway at work in Node, under the real `openai` package. `make demo` runs it; it needs no key.

import OpenAI, { RateLimitError } from "openai";
import { VERSION } from "openai/version";
import { Gateway } from "tollhouse";

const QUESTION = [{ role: "user", content: "Why does a toll house stand where the road is narrow?" }];

// `make demo` puts a scripted provider in OpenAI's place, unless it was asked for the real one.
const UPSTREAM = process.env.DEMO_UPSTREAM;
const PROVIDERS = UPSTREAM ? { openai: { base_url: `${UPSTREAM}/v1` } } : {};

console.log(`Node: openai ${VERSION} through tollhouse`);
// A provider that nobody can reach, to fall back from.
const providers = { ...PROVIDERS, broken: { base_url: "http://127.0.0.1:9" } };
const gateway = new Gateway({ cache: { ttl: "1h" }, providers });
const openai = new OpenAI({ fetch: gateway.fetch, maxRetries: 0 });

title("A first call goes to the provider");
const logId = await ask();

title("The same call again comes from the cache");
await ask();

title("A provider fails, and the next one answers");
await fallBack();

title("A limit of two calls a minute refuses the third");
await exceedLimit();

title("A streamed answer arrives piece by piece");
await stream();

title("What the log knows about the first call");
await showLog();

title("Feedback, written into that log");
await gateway.patchLog(logId, { feedback: 1, score: 0.9 });
const { feedback, score } = await gateway.getLog(logId);
console.log(`feedback ${feedback}, score ${score}`);

title("Usage by model");
await showUsage();

/** Asks, shows where the answer came from and how long it took, and gives the id of its log. */
async function ask() {
  const started = performance.now();
  const { data, response } = await openai.chat.completions.create({ model: "gpt-4o-mini", messages: QUESTION }).withResponse();
  const milliseconds = performance.now() - started;
  console.log(data.choices[0].message.content);
  console.log(`cache ${response.headers.get("cf-aig-cache-status")}, ${milliseconds.toFixed(1)} ms`);
  return response.headers.get("cf-aig-log-id");
}

/** The universal endpoint: a list of providers, tried in order. */
async function fallBack() {
  const endpoint = "chat/completions";
  const answer = await gateway.run([
    { provider: "custom-broken", endpoint, query: { model: "any", messages: QUESTION } },
    { provider: "openai", endpoint, query: { model: "gpt-4.1-mini", messages: QUESTION } },
  ]);
  console.log((await answer.json()).choices[0].message.content);
  const { attempts } = await gateway.getLog(answer.headers.get("cf-aig-log-id"));
  for (const { provider, reason, status } of attempts) {
    console.log(`${provider}: ${reason ?? status}`);
  }
}

/** A gateway of its own, so that the limit holds nobody else up. */
async function exceedLimit() {
  const rule = { limit: 2, per: "1m", technique: "sliding" };
  const limited = new Gateway({ limits: { requests: rule }, providers: PROVIDERS });
  const client = new OpenAI({ fetch: limited.fetch, maxRetries: 0 });
  for (const number of [1, 2, 3]) {
    try {
      await client.chat.completions.create({ model: "gpt-4o-mini", messages: QUESTION });
      console.log(`call ${number}: answered`);
    } catch (refusal) {
      if (!(refusal instanceof RateLimitError)) throw refusal;
      const seconds = refusal.headers.get("retry-after");
      console.log(`call ${number}: ${refusal.constructor.name} ${refusal.status}, try again in ${seconds} s`);
    }
  }
  await limited.close();
}

/** The pieces are printed as they come. */
async function stream() {
  const settings = { stream: true, stream_options: { include_usage: true } };
  const chunks = await openai.chat.completions.create({ model: "gpt-4o-mini", messages: QUESTION, ...settings });
  for await (const chunk of chunks) {
    process.stdout.write(chunk.choices[0]?.delta.content ?? "");
  }
  console.log();
}

/** Some of the fields of a log. */
async function showLog() {
  const log = await gateway.getLog(logId);
  console.log(`${log.provider}/${log.model}, status ${log.status_code}, ${log.duration.toFixed(0)} ms`);
  console.log(`${log.tokens_in} tokens in, ${log.tokens_out} out, $${log.cost.toFixed(7)}`);
}

/** A row for each model, then all of them together. */
async function showUsage() {
  const { rows, total } = await gateway.usage({ group_by: "model" });
  console.log(["model".padEnd(14), "requests", "cached", "    in", "   out", "       cost"].join("  "));
  for (const row of [...rows, { ...total, group: { model: "total" } }]) {
    const numbers = [[row.requests, 8], [row.cached, 6], [row.tokens_in, 6], [row.tokens_out, 6], [`$${row.cost?.toFixed(7)}`, 11]];
    console.log([row.group.model.padEnd(14), ...numbers.map(([number, width]) => String(number).padStart(width))].join("  "));
  }
}

function title(text) {
  console.log(`\n── ${text}`);
}
