/** The program's own functions, as gateways of this thread ask them. */

import { TollhouseError } from "./errors.js";
import type { NativeCalls } from "./native.js";

/** Gives the vector of a text. The signal says when nobody waits for it any more. */
export type Embedder = (text: string, options: { signal: AbortSignal }) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** What a program brings itself. */
export interface GatewayParts {
  /** Embeds questions for `cache.semantic`, instead of a provider. If it fails, the call goes on without a near answer. */
  embedder?: Embedder;
}

/** Answers the questions of the native side, on this thread. */
export class Host {
  readonly #native: NativeCalls;
  readonly #functions = new Map<number, Embedder>();
  readonly #asked = new Map<number, AbortController>();
  #last = 0;

  constructor(native: NativeCalls) {
    this.#native = native;
  }

  /** The number under which `embedder` is asked. */
  lend(embedder: Embedder): number {
    if (typeof embedder !== "function") {
      const message = "options.embedder: not a function; give one of a text that gives its vector";
      throw new TollhouseError({ code: "invalid_request", message, field: "options.embedder", source: "caller", retryable: false });
    }
    this.#last += 1;
    this.#functions.set(this.#last, embedder);
    return this.#last;
  }

  answerAll(): void {
    if (this.#functions.size === 0) {
      return;
    }
    for (const { id, function: number, text } of this.#native.questions()) {
      if (id === 0) {
        this.#functions.delete(number);
      } else if (text === undefined || text === null) {
        this.#asked.get(id)?.abort();
      } else {
        void this.#answer(id, this.#functions.get(number), text);
      }
    }
  }

  async #answer(id: number, embedder: Embedder | undefined, text: string): Promise<void> {
    const leaving = new AbortController();
    this.#asked.set(id, leaving);
    try {
      const vector = await embedder?.(text, { signal: leaving.signal });
      this.#native.answer(id, Array.from(vector as ArrayLike<number>, Number));
    } catch (error) {
      // The text of an error may repeat the question.
      this.#native.fail(id, error instanceof Error ? error.name : typeof error);
    } finally {
      this.#asked.delete(id);
    }
  }
}
