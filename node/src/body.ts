/** The body of a streamed answer. */

import type { Calls } from "./calls.js";
import type { Chunk, NativeReader } from "./native.js";

type Bytes = Uint8Array<ArrayBuffer>;
type Controller = ReadableStreamDefaultController<Bytes>;

/**
 * A stream that is pulled: nothing is read ahead, and letting go of it cancels the upstream call.
 * A broken answer ends it as the platform's own `fetch` does, with a `TypeError` whose `cause` says what happened.
 */
export function toStream(calls: Calls, reader: NativeReader, signal?: AbortSignal | null): ReadableStream<Bytes> {
  const source = new Source(calls, reader, signal ?? undefined);
  const stream = new ReadableStream(source, { highWaterMark: 0 });
  Object.defineProperty(stream, Symbol.asyncIterator, { value: () => iterate(stream, source), configurable: true });
  return stream;
}

/**
 * What a loop over the stream gives. Only the first chunk takes the platform's way, which notes that the body is used: its
 * queue costs more per chunk than all the rest, and nothing waits in it.
 */
async function* iterate(stream: ReadableStream<Bytes>, source: Source): AsyncGenerator<Bytes, void, undefined> {
  const lock = stream.getReader();
  try {
    const first = await lock.read();
    let chunk = first.done ? null : first.value;
    while (chunk !== null) {
      yield chunk;
      chunk = await source.read();
    }
  } finally {
    // After a break this cancels the upstream call; after the end it does nothing.
    await lock.cancel().catch(() => {});
    lock.releaseLock();
  }
}

class Source {
  readonly #calls: Calls;
  readonly #reader: NativeReader;
  readonly #signal: AbortSignal | undefined;
  #controller: Controller | undefined;
  #reading: number | undefined;
  #abort: (() => void) | undefined;

  constructor(calls: Calls, reader: NativeReader, signal: AbortSignal | undefined) {
    this.#calls = calls;
    this.#reader = reader;
    this.#signal = signal;
  }

  start(controller: Controller): void {
    this.#controller = controller;
    const signal = this.#signal;
    if (signal === undefined) {
      return;
    }
    this.#abort = () => {
      this.#end(signal.reason);
      this.#reader.cancel();
      controller.error(signal.reason);
    };
    if (signal.aborted) {
      this.#abort();
    } else {
      signal.addEventListener("abort", this.#abort);
    }
  }

  async pull(controller: Controller): Promise<void> {
    const chunk = await this.read().catch(() => null);
    if (chunk !== null) {
      controller.enqueue(chunk);
    }
  }

  cancel(): void {
    this.#end();
    this.#reader.cancel();
  }

  /** The next chunk; null at the end, which is the stream's end too, as an error is its error. */
  async read(): Promise<Chunk> {
    if (this.#signal?.aborted) {
      throw this.#signal.reason;
    }
    let chunk: Chunk;
    try {
      const outcome = this.#reader.next();
      this.#reading = typeof outcome === "number" ? outcome : undefined;
      chunk = await this.#calls.finish<Chunk>(outcome);
      this.#reading = undefined;
    } catch (cause) {
      this.#reading = undefined;
      throw this.#fail(cause);
    }
    if (chunk === null) {
      this.#end();
      this.#controller?.close();
    }
    return chunk;
  }

  #fail(cause: unknown): unknown {
    this.#end();
    const error = this.#signal?.aborted ? this.#signal.reason : new TypeError("terminated", { cause });
    this.#controller?.error(error);
    return error;
  }

  /** Ends a read that goes on: it is never answered, or fails for `reason`. */
  #end(reason?: unknown): void {
    if (this.#reading !== undefined) {
      const waiting = this.#calls.cancel(this.#reading);
      this.#reading = undefined;
      if (reason !== undefined) {
        waiting?.reject(reason);
      }
    }
    if (this.#abort !== undefined) {
      this.#signal?.removeEventListener("abort", this.#abort);
      this.#abort = undefined;
    }
  }
}
