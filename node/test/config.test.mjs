import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Gateway, TollhouseError, gateway } from "tollhouse";
import { testingGateway } from "tollhouse/testing";

const folder = mkdtempSync(join(tmpdir(), "tollhouse-"));
after(() => rmSync(folder, { recursive: true }));

const entryPoint = fileURLToPath(import.meta.resolve("tollhouse"));

/** What a program in `folder` prints. */
function printed(program) {
  const script = `import { Gateway, gateway } from ${JSON.stringify(entryPoint)};\n${program}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: folder, encoding: "utf8" }).trim();
}

test("a configuration is checked, and the error names the key", () => {
  assert.throws(() => new Gateway({ cach: { ttl: "1h" } }), (error) => {
    assert.ok(error instanceof TollhouseError);
    assert.deepEqual([error.name, error.code, error.field, error.source], ["TollhouseError", "config", "cach", "caller"]);
    assert.match(error.message, /did you mean "cache"/);
    return true;
  });
});

test("a file may be named, and without a word the one in the working directory is used", () => {
  writeFileSync(join(folder, "tollhouse.toml"), '[cache]\nttl = "2h"\n');
  writeFileSync(join(folder, "other.json"), '{"cache": {"ttl": "3h"}}');
  assert.equal(printed("console.log(new Gateway().config().cache.ttl)"), "2h");
  assert.equal(printed('console.log(gateway("mine").config().cache.ttl, gateway("mine").config().id)'), "2h mine");
  assert.equal(new Gateway(join(folder, "other.json")).config().cache.ttl, "3h");
  assert.throws(() => new Gateway(join(folder, "none.toml")), { code: "config" });
});

test("without a file the defaults are in force: cache off, logs on", () => {
  const config = new Gateway({}).config();
  assert.deepEqual([config.cache.ttl, config.logs.enabled, config.limits.requests], [null, true, null]);
});

test("a gateway of an id is made once", () => {
  assert.equal(gateway("a"), gateway("a"));
  assert.notEqual(gateway("a"), gateway("b"));
  assert.equal(gateway().config().id, "default");
});

test("keys do not show", () => {
  const shown = testingGateway([], { providers: { openai: { key: "sk-secret" } } });
  assert.equal(shown.config().providers.openai.key, "set");
  assert.doesNotMatch(JSON.stringify(shown.config()), /sk-secret/);
});
