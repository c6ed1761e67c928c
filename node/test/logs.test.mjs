import assert from "node:assert/strict";
import { test } from "node:test";
import { AiGatewayInternalError, AiGatewayLogNotFound, TollhouseError } from "tollhouse";
import { testingGateway } from "tollhouse/testing";

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

async function called(config) {
  const gateway = testingGateway([{ json: { model: "gpt-4o-mini", choices: [], usage } }], config);
  await gateway.fetch("/openai/chat/completions", { method: "POST", body: '{"model":"gpt-4o-mini"}', headers: { "user-agent": "test" } });
  return { gateway, id: gateway.aiGatewayLogId };
}

test("a log is there right after the answer, with its tokens, its cost and a Date", async () => {
  const { gateway, id } = await called();
  const log = await gateway.getLog(id);
  assert.deepEqual(log.created_at, new Date("2026-01-01T12:09:00Z"));
  assert.deepEqual(
    [log.id, log.provider, log.model, log.status_code, log.success, log.cached, log.tokens_in, log.tokens_out, log.user_agent],
    [id, "openai", "gpt-4o-mini", 200, true, false, 10, 5, "test"],
  );
  assert.ok(log.cost > 0 && Number.isInteger(log.cost_nano_usd));
  assert.equal(log.request_head, '{"model":"gpt-4o-mini"}');
  assert.ok(!("feedback" in log), "what is unknown is absent");
});

test("feedback, score and metadata are added to a log", async () => {
  const { gateway, id } = await called();
  assert.equal(await gateway.patchLog(id, { feedback: 1, score: 80, metadata: { user: 7n } }), undefined);
  const log = await gateway.getLog(id);
  assert.deepEqual([log.feedback, log.score, log.metadata], [1, 80, { user: "7" }]);
  await gateway.patchLog(id, { feedback: null });
  assert.ok(!("feedback" in (await gateway.getLog(id))));
});

test("management errors carry the reference's names", async () => {
  const { gateway, id } = await called();
  const unknown = "019b7976-0000-7000-8000-000000000000";
  for (const call of [gateway.getLog(unknown), gateway.patchLog(unknown, { score: 1 })]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof AiGatewayLogNotFound && error instanceof TollhouseError && error instanceof Error);
      assert.deepEqual([error.name, error.code], ["AiGatewayLogNotFound", "log_not_found"]);
      return true;
    });
  }
  await assert.rejects(gateway.patchLog(id, { feedback: 3 }), (error) => {
    assert.ok(error instanceof AiGatewayInternalError);
    assert.deepEqual([error.name, error.code, error.field], ["AiGatewayInternalError", "invalid_request", "feedback"]);
    return true;
  });
});

test("logs are listed, and usage is counted", async () => {
  const { gateway, id } = await called();
  const page = await gateway.logs({ model: "gpt-4o-mini" });
  assert.deepEqual([page.total_count, page.logs[0].id, page.logs[0].created_at instanceof Date], [1, id, true]);
  const { rows, total } = await gateway.usage({ group_by: "model" });
  assert.deepEqual([rows.length, rows[0].group, total.requests, total.tokens_in], [1, { model: "gpt-4o-mini" }, 1, 10]);
  await assert.rejects(gateway.logs({ modle: "x" }), { code: "invalid_request", field: "modle" });
});

test("tokens are counted offline", () => {
  const gateway = testingGateway([]);
  assert.deepEqual(gateway.countTokens("gpt-4o", "hello world"), { tokens: 2, exact: true, encoding: "o200k_base", error_percent: 0 });
  assert.ok(gateway.countTokens("gpt-4o", [{ role: "user", content: "hello world" }]).tokens > 2);
  assert.throws(() => gateway.countTokens("no-such-model", "x"), { name: "TollhouseError", code: "unknown_model" });
});

test("a closed gateway refuses calls, and closing twice is harmless", async () => {
  const { gateway, id } = await called();
  await gateway.flush();
  await gateway.close();
  await gateway[Symbol.asyncDispose]();
  await assert.rejects(gateway.fetch("/openai/models"), { name: "TollhouseError", code: "closed" });
  await assert.rejects(gateway.getLog(id), { name: "AiGatewayInternalError", code: "closed" });
});
