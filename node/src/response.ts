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

const ENCODER = new TextEncoder();

/** The response of an answer to a call of `url`. */
export function toResponse(
  calls: Calls,
  answer: Answer,
  signal: AbortSignal | null | undefined,
  url: string,
): GatewayResponse {
  const [head, body, failure] = answer;
  const status = Number(head.slice(0, 3));
  const response: GatewayResponse = new Lazy(status, head, contentOf(calls, status, body, signal), url);
  if (failure !== null) {
    Object.defineProperty(response, "failure", { value: new TollhouseError(failure), configurable: true });
  }
  return response;
}

/** What a body is made of: text, bytes, a stream, or the body of another response. */
type Content = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | Response | null;

function contentOf(calls: Calls, status: number, body: Answer[1], signal: AbortSignal | null | undefined): Content {
  const isWhole = typeof body === "string" || body instanceof Uint8Array;
  if (!WITHOUT_BODY.has(status)) {
    return isWhole ? body : toStream(calls, body, signal);
  }
  if (!isWhole) {
    body.cancel();
  }
  return null;
}

interface Readers {
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
  clone(): Response;
}

/** The platform's class, described anew: TypeScript lets no class replace another one's properties by accessors. */
const Platform: new (body: null, init: ResponseInit) => Omit<Response, keyof Readers> & Readers = Response;

/**
 * A `Response` that makes headers and body when they are asked for. The platform's own makes a stream of every body and
 * reads it back: for a small answer that costs several times as much as the whole call.
 */
class Lazy extends Platform {
  readonly #head: string;
  readonly #url: string;
  #content: Content;
  #headers: Headers | undefined;
  #isRead = false;

  constructor(status: number, head: string, content: Content, url: string) {
    super(null, { status });
    this.#head = head;
    this.#content = content;
    this.#url = url;
  }

  override get url(): string {
    return this.#url;
  }

  override get headers(): Headers {
    this.#headers ??= new Headers(pairs(this.#head));
    return this.#headers;
  }

  override get body(): Response["body"] {
    return this.#platform().body;
  }

  override get bodyUsed(): boolean {
    return this.#isRead || (this.#content instanceof Response && this.#content.bodyUsed);
  }

  override async text(): Promise<string> {
    const text = this.#take();
    return text === undefined ? this.#platform().text() : withoutMark(text);
  }

  override async json(): Promise<unknown> {
    const text = this.#take();
    return text === undefined ? this.#platform().json() : JSON.parse(withoutMark(text));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const text = this.#take();
    return text === undefined ? this.#platform().arrayBuffer() : ENCODER.encode(text).buffer;
  }

  /** Newer platforms have it, and would read the empty body below this class. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  override async blob(): Promise<Blob> {
    return this.#platform().blob();
  }

  override async formData(): Promise<FormData> {
    return this.#platform().formData();
  }

  override clone(): Lazy {
    if (this.bodyUsed) {
      throw new TypeError("Response.clone: Body has already been consumed.");
    }
    const twin = typeof this.#content === "string" ? this.#content : this.#platform().clone();
    return new Lazy(this.status, this.#head, twin, this.#url);
  }

  /** The text, for one reader; undefined where the body is none, or was looked at as a stream. */
  #take(): string | undefined {
    if (typeof this.#content !== "string" || this.#isRead) {
      return undefined;
    }
    this.#isRead = true;
    return this.#content;
  }

  /** The body as the platform has it, with the type that `blob` and `formData` go by. */
  #platform(): Response {
    if (this.#isRead) {
      throw new TypeError("Body is unusable: Body has already been read");
    }
    if (!(this.#content instanceof Response)) {
      const type = this.headers.get("content-type");
      // A text would bring a type of its own where the answer has none.
      const body = typeof this.#content === "string" ? ENCODER.encode(this.#content) : this.#content;
      this.#content = new Response(body, type === null ? {} : { headers: { "content-type": type } });
    }
    return this.#content;
  }
}

/** A byte order mark is no part of the text (WHATWG Encoding, "UTF-8 decode"). */
function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** The headers behind the status of a head. */
function pairs(head: string): [string, string][] {
  const lines = head.split("\n");
  const headers: [string, string][] = [];
  for (let index = 1; index + 1 < lines.length; index += 2) {
    headers.push([lines[index] as string, lines[index + 1] as string]);
  }
  return headers;
}
