// The methods, parameters and error codes are those of every other language: see tests/surface.json.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Gateway } from "tollhouse";

const surface = JSON.parse(readFileSync(new URL("../../tests/surface.json", import.meta.url), "utf8"));
const { ERROR_CODES } = createRequire(import.meta.url)("../dist/errors.js");

/** What only JavaScript has. */
const OWN = ["constructor", "aiGatewayLogId"];

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** The names of a method's parameters, as its source has them. */
function parameters(method) {
  const list = /\(([^)]*)\)/.exec(method.toString())[1];
  return list.split(",").map((parameter) => parameter.split("=")[0].trim()).filter((name) => name !== "");
}

test("every method is there, with its parameters", () => {
  for (const [name, method] of Object.entries(surface.methods)) {
    const own = Gateway.prototype[camel(name)];
    assert.equal(typeof own, "function", `${camel(name)} is missing`);
    const [expected, actual] = [method.parameters.map(camel), parameters(own)];
    // A signal belongs to each call in JavaScript, so a method may have options behind what all languages have.
    assert.deepEqual(actual.slice(0, expected.length), expected, camel(name));
    assert.deepEqual(actual.slice(expected.length).filter((extra) => extra !== "options"), [], camel(name));
  }
});

test("there is no method that the other languages lack", () => {
  const known = new Set([...Object.keys(surface.methods).map(camel), ...OWN]);
  assert.deepEqual(Object.getOwnPropertyNames(Gateway.prototype).filter((name) => !known.has(name)), []);
});

test("errors have the same words", () => {
  assert.deepEqual([...ERROR_CODES], surface.error_kinds);
});
