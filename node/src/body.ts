/** The body of a streamed answer. */

import type { Calls } from "./calls.js";
import type { Chunk, NativeReader } from "./native.js";

/**
 * A stream that is pulled: nothing is read ahead, and letting go of it cancels the upstream call.
 * A broken answer ends it as the platform's own `fetch` does, with a `TypeError` whose `cause` says what happened.
 */
export function toStream(calls: Calls, reader: NativeReader, signal?: AbortSignal | null): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new Source(calls, reader, signal ?? undefined), { highWaterMark: 0 });
}

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

class Source {
  readonly #calls: Calls;
  readonly #reader: NativeReader;
  readonly #signal: AbortSignal | undefined;
  #reading: number | undefined;
  #abort: (() => void) | undefined;

  constructor(calls: Calls, reader: NativeReader, signal: AbortSignal | undefined) {
    this.#calls = calls;
    this.#reader = reader;
    this.#signal = signal;
  }

  start(controller: Controller): void {
    const signal = this.#signal;
    if (signal === undefined) {
      return;
    }
    this.#abort = () => {
      this.cancel();
      controller.error(signal.reason);
    };
    if (signal.aborted) {
      this.#abort();
    } else {
      signal.addEventListener("abort", this.#abort);
    }
  }

  pull(controller: Controller): Promise<void> | undefined {
    const outcome = this.#reader.next();
    try {
      if (typeof outcome !== "number") {
        this.#deliver(controller, this.#calls.finish(outcome) as Chunk);
        return undefined;
      }
    } catch (error) {
      this.#fail(controller, error);
      return undefined;
    }
    this.#reading = outcome;
    return (this.#calls.finish<Chunk>(outcome) as Promise<Chunk>).then(
      (chunk) => this.#deliver(controller, chunk),
      (error: unknown) => this.#fail(controller, error),
    );
  }

  cancel(): void {
    this.#end();
    this.#reader.cancel();
  }

  #deliver(controller: Controller, chunk: Chunk): void {
    this.#reading = undefined;
    if (chunk !== null) {
      controller.enqueue(chunk);
      return;
    }
    this.#end();
    controller.close();
  }

  #fail(controller: Controller, cause: unknown): void {
    this.#reading = undefined;
    this.#end();
    controller.error(new TypeError("terminated", { cause }));
  }

  #end(): void {
    if (this.#reading !== undefined) {
      this.#calls.cancel(this.#reading);
      this.#reading = undefined;
    }
    if (this.#abort !== undefined) {
      this.#signal?.removeEventListener("abort", this.#abort);
      this.#abort = undefined;
    }
  }
}
