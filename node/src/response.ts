/** A native answer as a WHATWG `Response`. */

import { toStream } from "./body.js";
import type { Calls } from "./calls.js";
import { TollhouseError } from "./errors.js";
import type { Answer } from "./native.js";

/** An answer of the gateway. */
export interface GatewayResponse extends Response {
  /** Why no provider answered: a connection that did not stand, or no answer in time. */
  readonly failure?: TollhouseError;
}

/** Statuses whose answers have no body (WHATWG Fetch, 2.2.3). */
const WITHOUT_BODY = new Set([101, 103, 204, 205, 304]);

/** The header that names an answer's log. */
const LOG_ID = "cf-aig-log-id";

/** The response, and the id of its log if one is written. */
export function toResponse(
  calls: Calls,
  answer: Answer,
  signal: AbortSignal | null | undefined,
  url?: string,
): { response: GatewayResponse; logId: string | null } {
  const { headers, logId } = readHeaders(answer.headers);
  const response = new Response(bodyOf(calls, answer, signal), { status: answer.status, headers });
  if (url !== undefined) {
    Object.defineProperty(response, "url", { value: url, configurable: true });
  }
  if (answer.failure !== undefined) {
    Object.defineProperty(response, "failure", { value: new TollhouseError(answer.failure), configurable: true });
  }
  return { response, logId };
}

function bodyOf(calls: Calls, answer: Answer, signal: AbortSignal | null | undefined): ConstructorParameters<typeof Response>[0] {
  if (WITHOUT_BODY.has(answer.status)) {
    answer.reader?.cancel();
    return null;
  }
  return answer.reader === undefined ? (answer.body ?? null) : toStream(calls, answer.reader, signal);
}

function readHeaders(text: string): { headers: [string, string][]; logId: string | null } {
  const lines = text.split("\n");
  const headers: [string, string][] = [];
  let logId = null;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const value = lines[index + 1] as string;
    headers.push([name, value]);
    if (name === LOG_ID) {
      logId = value;
    }
  }
  return { headers, logId };
}
