/** The calls of this thread that are in flight. */

import { TollhouseError, isFailure } from "./errors.js";
import { Host } from "./host.js";
import { native, type Failure, type NativeCalls, type Outcome } from "./native.js";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Takes its listener off the caller's signal. */
  release?(): void;
}

/** Calls that wait for their outcome. The native side hands over all that have ended with one wake-up. */
export class Calls {
  readonly native: NativeCalls = new (native().Calls)(() => this.#deliver());
  readonly #waiting = new Map<number, Waiting>();
  /** The program's own functions. */
  readonly host = new Host(this.native);

  constructor() {
    process.once("exit", () => this.native.end());
  }

  /**
   * What a native call ended in, at once if it is there.
   *
   * @throws {TollhouseError} if it failed; the signal's reason if that came first.
   */
  finish<Value>(outcome: Outcome<Value>, signal?: AbortSignal | null): Value | Promise<Value> {
    if (typeof outcome !== "number") {
      return checked<Value>(outcome as Exclude<Outcome<Value>, number>);
    }
    return new Promise<Value>((resolve, reject) => {
      const waiting: Waiting = { resolve: resolve as (value: unknown) => void, reject };
      if (signal) {
        const abort = () => this.cancel(outcome)?.reject(signal.reason);
        signal.addEventListener("abort", abort);
        waiting.release = () => signal.removeEventListener("abort", abort);
      }
      this.#waiting.set(outcome, waiting);
    });
  }

  /** Ends a call that is in flight, and gives who waits for it. */
  cancel(id: number): Waiting | undefined {
    this.native.cancel(id);
    return this.#take(id);
  }

  #deliver(): void {
    this.host.answerAll();
    const ended = this.native.take();
    for (let index = 0; index < ended.length; index += 2) {
      this.#settle(ended[index] as number, ended[index + 1]);
    }
  }

  #settle(id: number, outcome: unknown): void {
    const waiting = this.#take(id);
    if (isFailure(outcome)) {
      waiting?.reject(new TollhouseError(outcome));
    } else {
      waiting?.resolve(outcome);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.release?.();
    return waiting;
  }
}

let shared: Calls | undefined;

/** The calls of this thread, made with its first gateway. */
export function calls(): Calls {
  shared ??= new Calls();
  return shared;
}

/** The value of a call that never has to wait. */
export function ready(outcome: Outcome<string>): string {
  return checked<string>(outcome as string | Failure);
}

/** The value of an outcome that is there. */
export function checked<Value>(outcome: Exclude<Outcome<Value>, number>): Value {
  if (isFailure(outcome)) {
    throw new TollhouseError(outcome);
  }
  return outcome as Value;
}
