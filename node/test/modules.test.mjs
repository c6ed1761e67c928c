import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as esm from "tollhouse";
import * as testing from "tollhouse/testing";

const require = createRequire(import.meta.url);

test("both module systems give the same classes", () => {
  const cjs = require("tollhouse");
  const names = Object.keys(esm).filter((name) => !["default", "module.exports", "__esModule"].includes(name));
  assert.deepEqual(new Set(Object.keys(cjs)), new Set(names));
  assert.equal(cjs.Gateway, esm.Gateway);
  assert.equal(cjs.TollhouseError, esm.TollhouseError);
  assert.equal(require("tollhouse/testing").testingGateway, testing.testingGateway);
  assert.ok(testing.testingGateway([]) instanceof cjs.Gateway);
});

test("loading the package loads no native module and leaves the process free to end", () => {
  const entry = JSON.stringify(fileURLToPath(import.meta.resolve("tollhouse")));
  const program = `import(${entry}).then(() => console.log(process.report.getReport().sharedObjects.filter((name) => name.endsWith(".node")).length))`;
  assert.equal(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }).trim(), "0");
});
