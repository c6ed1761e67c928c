import assert from "node:assert/strict";
import { EventEmitter, getEventListeners, once } from "node:events";
import { after, test } from "node:test";
import { Gateway } from "tollhouse";
import { upstream } from "./upstream.mjs";

const events = new EventEmitter();

/** Never ends an answer; tells when a request comes in and when its caller has gone. */
const provider = await upstream((request, response) => {
  response.on("close", () => events.emit("gone"));
  if (request.url.endsWith("/stream")) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
  }
  events.emit("call");
});
after(() => provider.close());

const gateway = new Gateway(provider.config);
const post = (signal) => ({ method: "POST", body: '{"model":"m","stream":true}', signal });

/** The only log since the last look. */
async function lastLog() {
  return (await gateway.logs({ limit: 1 })).logs[0];
}

test("a call that is aborted ends at once, upstream too, and is logged as cancelled", async () => {
  const controller = new AbortController();
  const call = gateway.fetch("/openai/silent", post(controller.signal));
  await once(events, "call");
  const gone = once(events, "gone");
  controller.abort();
  await assert.rejects(call, { name: "AbortError" });
  await gone;
  const log = await lastLog();
  assert.deepEqual([log.cancelled, log.success], [true, false]);
});

test("the reason of an abort is what the call rejects with", async () => {
  const reason = new Error("enough");
  await assert.rejects(gateway.fetch("/openai/silent", post(AbortSignal.abort(reason))), reason);
  const controller = new AbortController();
  const call = gateway.run({ provider: "openai", endpoint: "silent", headers: {}, query: {} }, { signal: controller.signal });
  await once(events, "call");
  controller.abort(reason);
  await assert.rejects(call, reason);
  await assert.rejects(gateway.fetch("/openai/silent", post(AbortSignal.timeout(1))), { name: "TimeoutError" });
});

test("an abort in the middle of a stream breaks the body and the upstream call", async () => {
  const controller = new AbortController();
  const response = await gateway.fetch("/openai/stream", post(controller.signal));
  const reader = response.body.getReader();
  await reader.read();
  const [gone, next] = [once(events, "gone"), reader.read()];
  controller.abort();
  await assert.rejects(next, { name: "AbortError" });
  await gone;
  assert.equal((await lastLog()).cancelled, true);
});

test("letting go of a stream cancels the upstream call, also while a read is waiting", async () => {
  for (const isReading of [false, true]) {
    const response = await gateway.fetch("/openai/stream", post());
    const reader = response.body.getReader();
    await reader.read();
    const gone = once(events, "gone");
    const next = isReading ? reader.read() : undefined;
    await reader.cancel();
    assert.equal((await next)?.done ?? true, true);
    await gone;
    assert.equal((await lastLog()).cancelled, true);
  }
});

test("a loop over a stream ends with the abort, and a loop that is left cancels", async () => {
  const controller = new AbortController();
  const aborted = await gateway.fetch("/openai/stream", post(controller.signal));
  const [first, loop] = [once(events, "gone"), (async () => {
    for await (const chunk of aborted.body) {
      assert.equal(new TextDecoder().decode(chunk), "data: 1\n\n");
      setImmediate(() => controller.abort());
    }
  })()];
  await assert.rejects(loop, { name: "AbortError" });
  await first;

  const left = await gateway.fetch("/openai/stream", post());
  const second = once(events, "gone");
  for await (const chunk of left.body) {
    assert.ok(chunk.length > 0);
    break;
  }
  await second;
  assert.deepEqual([left.bodyUsed, left.body.locked], [true, false]);
  assert.equal((await left.body.getReader().read()).done, true);
  assert.equal((await lastLog()).cancelled, true);
});

test("listeners do not pile up on a signal that is used again and again", async () => {
  const controller = new AbortController();
  for (let call = 0; call < 3; call += 1) {
    const response = await gateway.fetch("/openai/stream", post(controller.signal));
    await response.body.cancel();
  }
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});
