/** The way of a call through the native side and back. */

import { calls, type Calls } from "./calls.js";
import type { Answer, NativeGateway, Outcome } from "./native.js";
import { toCall } from "./request.js";
import { toResponse, type GatewayResponse } from "./response.js";

/** A gateway's native half, and what it said last. */
export class Door {
  readonly native: NativeGateway;
  readonly calls: Calls = calls();
  #lastHead = "";

  constructor(native: NativeGateway) {
    this.native = native;
  }

  /** The id of the last answer's log. */
  get lastLogId(): string | null {
    return /^cf-aig-log-id\n(.*)$/m.exec(this.#lastHead)?.[1] ?? null;
  }

  /**
   * An HTTP-shaped call. Where no provider answered, the gateway does, or the promise is rejected as that of the
   * platform's own `fetch`: a `TypeError` whose `cause` says why.
   */
  async send(input: string | URL | Request, init?: RequestInit, mustBeAnswered = false): Promise<GatewayResponse> {
    const call = toCall(input, init);
    const { method, target, headers, body, signal } = call instanceof Promise ? await call : call;
    signal?.throwIfAborted();
    const answering = this.answer(this.native.send(method, target, headers, body), signal, target);
    const response = answering instanceof Promise ? await answering : answering;
    if (mustBeAnswered && response.failure !== undefined) {
      throw new TypeError("fetch failed", { cause: response.failure });
    }
    return response;
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
    this.#lastHead = answer[0];
    return toResponse(this.calls, answer, signal, url);
  }
}
