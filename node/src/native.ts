/** The native module: its shape as `bindings/node/src` defines it, and where it is found. */

import { existsSync } from "node:fs";
import { join } from "node:path";

/** Why a call failed, as plain fields. */
export interface Failure {
  code: string;
  message: string;
  field?: string | undefined;
  source: string;
  status?: number | undefined;
  retryable: boolean;
  logId?: string | undefined;
}

/**
 * The head of an answer, `status\nname\nvalue\n…`, its body, as text if it is one, or the reader of chunks to come, and why
 * no provider answered.
 */
export type Answer = [head: string, body: string | Uint8Array<ArrayBuffer> | NativeReader, failure: Failure | null];

/** A value that is ready, a failure, or the number under which either is handed over later. */
export type Outcome<Value> = Value | Failure | number;

/** A read gives all chunks that have come, or null at the end. */
export type Chunk = Uint8Array<ArrayBuffer> | null;

export interface NativeReader {
  next(): Outcome<Chunk>;
  cancel(): void;
}

/** What the program itself is asked; without a text nobody waits for the answer any more, or for any answer of the function. */
export interface Question {
  id: number;
  function: number;
  text?: string;
}

export interface NativeCalls {
  take(): (number | unknown)[];
  cancel(id: number): void;
  end(): void;
  questions(): Question[];
  answer(id: number, vector: number[]): void;
  fail(id: number, error: string): void;
}

export interface NativeGateway {
  send(method: string, target: string, headers: string, body?: string | Uint8Array): Outcome<Answer>;
  run(entries: string, options?: string): Outcome<Answer>;
  chat(model: string, messages: string, options?: string): Outcome<Answer>;
  getUrl(provider?: string): Outcome<string>;
  uiUrl(): Outcome<string>;
  getLog(logId: string): Outcome<string>;
  whyMiss(method: string, target: string, headers: string, body?: string | Uint8Array): Outcome<string>;
  explain(logId: string): Outcome<string>;
  setRoute(name: string, route: string): Outcome<string>;
  patchLog(logId: string, patch: string): Outcome<null>;
  logs(query: string): Outcome<string>;
  deleteLogs(query: string): Outcome<string>;
  logPayload(logId: string, part: string): Outcome<Uint8Array<ArrayBuffer>>;
  usage(query: string): Outcome<string>;
  cacheStats(): Outcome<string>;
  purgeCache(filter: string): Outcome<string>;
  recost(query: string): Outcome<string>;
  estimate(model: string, messages: string, options: string): Outcome<string>;
  loadPrices(prices: string): Outcome<string>;
  budgets(): Outcome<string>;
  topUp(wallet: string, amount: string, options: string): Outcome<string>;
  refund(wallet: string, amount: string, options: string): Outcome<string>;
  balance(wallet: string): Outcome<string>;
  ledger(query: string): Outcome<string>;
  bill(query: string): Outcome<string>;
  reconcile(provider: string, report: string, options: string): Outcome<string>;
  countTokens(model: string, input: string): Outcome<string>;
  config(): string;
  health(): Outcome<string>;
  flush(): Outcome<null>;
  close(budgetMs: number): Outcome<null>;
}

export interface NativeTestGateway {
  gateway(): NativeGateway;
  calls(): string;
  advance(ms: number): void;
}

export interface Native {
  Calls: new (wake: () => void) => NativeCalls;
  open(calls: NativeCalls, config?: string, file?: string, id?: string, embedder?: number): NativeGateway | Failure;
  command(words: string[]): number;
  openTest(calls: NativeCalls, config: string, script: string): NativeTestGateway | Failure;
}

let loaded: Native | undefined;

/** The native module, loaded on first use. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  const file = nativeFile();
  if (!existsSync(file)) {
    throw new Error(
      `tollhouse has no native module for ${process.platform} on ${process.arch}: ${file} is not there. ` +
        "Install a build for this platform; in a checkout, `make -C node native` makes one.",
    );
  }
  return require(file) as Native;
}

/** @internal Where the native module for this platform belongs. */
export function nativeFile(): string {
  return join(__dirname, "..", "native", `tollhouse.${process.platform}-${process.arch}${library()}.node`);
}

/** Linux is the one platform with two C libraries, and a build works with one of them. */
function library(): string {
  if (process.platform !== "linux") {
    return "";
  }
  // Alpine and the like have no cache of glibc's loader.
  return existsSync("/etc/ld.so.cache") || !existsSync("/etc/alpine-release") ? "-gnu" : "-musl";
}
