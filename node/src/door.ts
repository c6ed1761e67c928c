/** The way of a call through the native side and back. */

import { calls, type Calls } from "./calls.js";
import type { Answer, NativeGateway, Outcome } from "./native.js";
import { toCall } from "./request.js";
import { toResponse, type GatewayResponse } from "./response.js";

/** A gateway's native half, and what it said last. */
export class Door {
  readonly native: NativeGateway;
  readonly calls: Calls = calls();
  #lastHeaders = "";

  constructor(native: NativeGateway) {
    this.native = native;
  }

  /** The id of the last answer's log. */
  get lastLogId(): string | null {
    return /^cf-aig-log-id\n(.*)$/m.exec(this.#lastHeaders)?.[1] ?? null;
  }

  /** An HTTP-shaped call. Upstream failures are answers. */
  async send(input: string | URL | Request, init?: RequestInit): Promise<GatewayResponse> {
    const call = toCall(input, init);
    const { method, target, headers, body, signal } = call instanceof Promise ? await call : call;
    signal?.throwIfAborted();
    return this.answer(this.native.send(method, target, headers, body), signal, target);
  }

  /** The answer of a native call: at once if it is there, so that a cache hit costs no turn of the event loop. */
  answer(
    outcome: Outcome<Answer>,
    signal?: AbortSignal | null,
    url = "",
  ): GatewayResponse | Promise<GatewayResponse> {
    const answer = this.calls.finish(outcome, signal);
    return answer instanceof Promise
      ? answer.then((answered) => this.#respond(answered, signal, url))
      : this.#respond(answer, signal, url);
  }

  #respond(answer: Answer, signal: AbortSignal | null | undefined, url: string): GatewayResponse {
    this.#lastHeaders = answer.headers;
    return toResponse(this.calls, answer, signal, url);
  }
}
