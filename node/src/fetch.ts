/** A `fetch` that goes through the gateway, for the `fetch` option of SDKs. */

import type { Door } from "./door.js";

/** `fetch` with the classes that SDKs look for on it, so that they need not probe. */
export type GatewayFetch = typeof fetch & {
  Response: typeof Response;
  Request: typeof Request;
  Headers: typeof Headers;
};

/** The `fetch` of a gateway. */
export function toFetch(door: Door): GatewayFetch {
  const through = (input: string | URL | Request, init?: RequestInit): Promise<Response> => door.send(input, init, true);
  return Object.assign(through as typeof fetch, { Response, Request, Headers });
}
