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

/** The response of an answer to a call of `url`. */
export function toResponse(
  calls: Calls,
  answer: Answer,
  signal: AbortSignal | null | undefined,
  url: string,
): GatewayResponse {
  const response: GatewayResponse = new Lazy(answer.status, answer.headers, contentOf(calls, answer, signal), url);
  if (answer.failure !== undefined) {
    Object.defineProperty(response, "failure", { value: new TollhouseError(answer.failure), configurable: true });
  }
  return response;
}

/** What a body is made of: bytes, a stream, or the body of another response. */
type Content = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | Response | null;

function contentOf(calls: Calls, answer: Answer, signal: AbortSignal | null | undefined): Content {
  const { reader } = answer;
  if (WITHOUT_BODY.has(answer.status)) {
    reader?.cancel();
    return null;
  }
  return reader === undefined ? (answer.body ?? null) : toStream(calls, reader, signal);
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
  readonly #headerText: string;
  readonly #url: string;
  #content: Content;
  #headers: Headers | undefined;
  #isRead = false;

  constructor(status: number, headerText: string, content: Content, url: string) {
    super(null, { status });
    this.#headerText = headerText;
    this.#content = content;
    this.#url = url;
  }

  override get url(): string {
    return this.#url;
  }

  override get headers(): Headers {
    this.#headers ??= new Headers(pairs(this.#headerText));
    return this.#headers;
  }

  override get body(): Response["body"] {
    return this.#platform().body;
  }

  override get bodyUsed(): boolean {
    return this.#isRead || (this.#content instanceof Response && this.#content.bodyUsed);
  }

  override async text(): Promise<string> {
    const bytes = this.#take();
    return bytes === undefined ? this.#platform().text() : decode(bytes);
  }

  override async json(): Promise<unknown> {
    const bytes = this.#take();
    return bytes === undefined ? this.#platform().json() : JSON.parse(decode(bytes));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#platform().arrayBuffer();
  }

  /** Newer platforms have it, and would read the empty body below this class. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#platform().arrayBuffer());
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
    const twin = this.#content instanceof Uint8Array ? this.#content : this.#platform().clone();
    return new Lazy(this.status, this.#headerText, twin, this.#url);
  }

  /** The bytes, for one reader; undefined where the body is a stream, or was looked at as one. */
  #take(): Uint8Array<ArrayBuffer> | undefined {
    if (!(this.#content instanceof Uint8Array) || this.#isRead) {
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
      this.#content = new Response(this.#content, type === null ? {} : { headers: { "content-type": type } });
    }
    return this.#content;
  }
}

/** UTF-8 as `Response.text` reads it: a byte order mark is no part of the text. */
function decode(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

function pairs(text: string): [string, string][] {
  const lines = text.split("\n");
  const headers: [string, string][] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    headers.push([lines[index] as string, lines[index + 1] as string]);
  }
  return headers;
}
