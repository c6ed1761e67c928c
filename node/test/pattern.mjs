// Patterns of the vectors: see tests/vectors/README.md.

import assert from "node:assert/strict";

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Asserts that `value` matches `pattern`; `place` says where in the vector. */
export function matches(value, pattern, place) {
  if (pattern === null) {
    assert.ok(value === null || value === undefined, `${place}: ${JSON.stringify(value)} should be null`);
  } else if (pattern === "$any") {
    assert.ok(value !== null && value !== undefined, `${place} should be there`);
  } else if (pattern === "$uuid7") {
    assert.match(value, UUID7, place);
  } else if (Array.isArray(pattern)) {
    assert.ok(Array.isArray(value), `${place} should be a list`);
    assert.equal(value.length, pattern.length, `${place}: its length`);
    pattern.forEach((item, index) => matches(value[index], item, `${place}[${index}]`));
  } else if (typeof pattern === "object") {
    assert.ok(typeof value === "object" && value !== null, `${place}: ${JSON.stringify(value)} should be an object`);
    for (const [key, part] of Object.entries(pattern)) matches(value[key], part, `${place}.${key}`);
  } else {
    assert.equal(value, pattern, place);
  }
}
