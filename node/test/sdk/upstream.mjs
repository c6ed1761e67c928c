// The scripted upstream of the project: a provider over real HTTP (tests/upstream/README.md).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Gateway } from "tollhouse";

/** Built by `make -C node test`. */
const program = process.env.TOLLHOUSE_UPSTREAM;

/** Starts the upstream. It ends with this process, whose end closes its standard input. */
export async function startUpstream() {
  const child = spawn(program, ["--port", "0", "--with-stdin"], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const url = line.replace("listening on ", "");
  child.unref();
  child.stdin.unref();
  child.stdout.unref();
  return {
    url,
    /** A gateway whose providers are all this upstream. */
    gateway(config = {}) {
      const providers = { openai: { base_url: `${url}/openai` }, anthropic: { base_url: `${url}/anthropic` } };
      return new Gateway({ providers, ...config });
    },
    /** What the calls to come get: faults, or null for a normal answer. */
    async script(...steps) {
      await fetch(`${url}/__script`, { method: "POST", body: JSON.stringify(steps) });
    },
    /** Every call so far, once none is under way. */
    async ledger() {
      return (await fetch(`${url}/__ledger?settled=1`)).json();
    },
    async reset() {
      await fetch(`${url}/__reset`, { method: "POST" });
    },
    stop() {
      child.kill();
    },
  };
}

/** A tool that both SDKs can describe. */
export const weather = {
  name: "weather",
  description: "The weather at a place",
  schema: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
};
