/** What `fetch` is given, as the native call takes it. */

/** A request whose body is all there. */
export interface Call {
  method: string;
  /** An absolute URL, or a path of the gateway such as `/openai/v1/models`. */
  target: string;
  /** `name\nvalue\n…` */
  headers: string;
  body: string | Uint8Array | undefined;
  signal: AbortSignal | null | undefined;
}

/** Resolves relative targets where a `Request` insists on a URL. */
const BASE = "http://tollhouse.invalid";

/** Reads what `fetch` is given. Unknown members of `init` are ignored, as SDKs pass options of other clients. */
export function toCall(input: string | URL | Request, init: RequestInit = {}): Call | Promise<Call> {
  if (input instanceof Request) {
    return fromRequest(input.url, new Request(input, init), init.signal ?? input.signal);
  }
  const target = String(input);
  const { body } = init;
  const method = init.method?.toUpperCase() ?? "GET";
  const plain = (content: Call["body"], type?: string): Call => {
    return { method, target, headers: headerText(init.headers, type), body: content, signal: init.signal };
  };
  if (body === undefined || body === null) {
    return plain(undefined);
  }
  if (typeof body === "string") {
    return plain(body, "text/plain;charset=UTF-8");
  }
  if (body instanceof URLSearchParams) {
    return plain(body.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
  }
  if (body instanceof ArrayBuffer) {
    return plain(new Uint8Array(body));
  }
  if (ArrayBuffer.isView(body)) {
    return plain(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  }
  const { signal, ...rest } = init;
  return fromRequest(target, new Request(new URL(target, BASE), { ...rest, duplex: "half" } as RequestInit), signal);
}

/** Forms, blobs and streams: the platform knows how each becomes bytes, and under which content type. */
async function fromRequest(target: string, request: Request, signal: Call["signal"]): Promise<Call> {
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  return { method: request.method, target, headers: headerText(request.headers), body, signal };
}

/** The headers as one text. `type` is the content type that the kind of body has if none is named. */
function headerText(headers: RequestInit["headers"], type?: string): string {
  let text = "";
  let isTyped = type === undefined;
  for (const [name, value] of pairs(headers)) {
    text += line(name) + line(value);
    isTyped ||= name.length === 12 && name.toLowerCase() === "content-type";
  }
  return isTyped ? text : `${text}content-type\n${type}\n`;
}

function pairs(headers: RequestInit["headers"]): Iterable<readonly [string, unknown]> {
  if (headers === undefined || headers === null) {
    return [];
  }
  return Symbol.iterator in headers ? (headers as Iterable<[string, string]>) : Object.entries(headers);
}

/** A line break would begin a header of its own. */
function line(part: unknown): string {
  const text = String(part);
  if (text.includes("\n")) {
    throw new TypeError(`a header cannot hold a line break: ${JSON.stringify(text.slice(0, text.indexOf("\n")))}…`);
  }
  return `${text}\n`;
}
