// Compiled, not run: what is written against the reference's binding compiles against tollhouse, with a Worker's globals.

import type {
  AiGateway,
  AiGatewayLog,
  AiGatewayPatchLog,
  AIGatewayUniversalRequest,
  GatewayRetries,
  UniversalGatewayOptions,
} from "@cloudflare/workers-types";
import { Gateway, gateway, type AiGatewayLog as Log, type RunOptions } from "tollhouse";
import { testingGateway } from "tollhouse/testing";

const binding = new Gateway({ cache: { ttl: "1h" } }) satisfies AiGateway;
export const byId: AiGateway = gateway("my-gateway");

// What the reference's types describe goes in, and what comes out is what they promise.
export async function accepted(data: AIGatewayUniversalRequest[], patch: AiGatewayPatchLog, options: UniversalGatewayOptions) {
  const retries = { maxAttempts: 3, retryDelayMs: 100, backoff: "linear" } satisfies GatewayRetries;
  const settings: RunOptions = { gateway: { ...options, retries, metadata: { user: 1n, team: null } }, extraHeaders: {} };
  const response: Response = await binding.run(data, settings);
  const log: AiGatewayLog = await binding.getLog(response.headers.get("cf-aig-log-id") ?? "");
  const same: Log = log;
  await binding.patchLog(same.id, patch);
  return binding.getUrl("openai");
}

// The id is not needed twice: the reference's own type asks for it although it calls it deprecated.
export const withoutId: RunOptions = { gateway: { cacheTtl: 3600, skipCache: false } };

export const fetcher: typeof fetch = testingGateway([{ json: {} }]).fetch;

// @ts-expect-error a configuration is an object or a file's name
export const refused = new Gateway(3);
