/** A `fetch` that goes through the gateway, for the `fetch` option of SDKs. */

import type { Door } from "./door.js";

/** `fetch` with the classes that SDKs look for on it, so that they need not probe. */
export type GatewayFetch = typeof fetch & {
  Response: typeof Response;
  Request: typeof Request;
  Headers: typeof Headers;
};

/**
 * The `fetch` of a gateway. Where no provider answered, it rejects as the platform's own does, with a `TypeError` whose
 * `cause` says why.
 */
export function toFetch(door: Door): GatewayFetch {
  const through = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await door.send(input, init);
    if (response.failure !== undefined) {
      throw new TypeError("fetch failed", { cause: response.failure });
    }
    return response;
  };
  return Object.assign(through as typeof fetch, { Response, Request, Headers });
}
