/** A gateway with a scripted provider and a clock to turn by hand, for the tests of your own program. */

import { calls, checked } from "./calls.js";
import type { GatewayConfig } from "./config.js";
import { Gateway, Opened } from "./gateway.js";
import { toJson } from "./json.js";
import { native, type NativeTestGateway } from "./native.js";

/** One answer of the scripted provider. One of `json`, `text`, `sse` and `chunks` makes the body. */
export interface Step {
  /** 200 if absent. */
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  /** Events: a text or object becomes a `data:` line, `{event, data}` a named event. Each is one chunk. */
  sse?: (string | object)[];
  chunks?: string[];
  /** Before the head of the answer, in milliseconds of the test's clock. */
  delay_ms?: number;
  /** Before each chunk, in milliseconds of the test's clock. */
  chunk_delay_ms?: number;
  /** `connect`: nobody listens. `reset`: the connection breaks before an answer. `cut`: it breaks after the body. */
  fail?: "connect" | "reset" | "cut";
}

/** What the scripted provider was asked. */
export interface UpstreamCall {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  /** The body as JSON, or null. */
  json: unknown;
  /** Whether the answer was read to its end. */
  finished: boolean;
}

/** A gateway under test. Its environment is empty, and its clock stands still between calls. */
export class TestingGateway extends Gateway {
  readonly #test: NativeTestGateway;

  /** @internal */
  constructor(test: NativeTestGateway) {
    super(new Opened(test.gateway()));
    this.#test = test;
  }

  /** What the provider was asked so far. */
  calls(): UpstreamCall[] {
    return JSON.parse(this.#test.calls()) as UpstreamCall[];
  }

  /** Turns the clock on by `ms` milliseconds. */
  advance(ms: number): void {
    this.#test.advance(ms);
  }
}

/** A gateway whose only provider answers by `script`, one step to each call. */
export function testingGateway(script: Step[], config: GatewayConfig = {}): TestingGateway {
  return new TestingGateway(checked(native().openTest(calls().native, toJson(config), toJson(script))));
}
