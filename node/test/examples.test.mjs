// Runs the examples of the documentation, and compares what they print with what their page says.
//
// An example is a block marked `js run`. The names in the comment above it say what the scripted provider answers, and a
// text block below it what the example prints.

import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";

const root = new URL("../../", import.meta.url);
const guides = new URL("docs/guides/", root);
const answers = JSON.parse(await readFile(new URL("answers.json", guides), "utf8"));
const sdk = createRequire(new URL("sdk/package.json", import.meta.url));
const directory = await mkdtemp(join(tmpdir(), "tollhouse-examples-"));
after(() => rm(directory, { recursive: true, force: true }));

const EXAMPLE = /(?:<!-- answers: ([^>]*) -->\n)?```js run\n(.*?)```\n(?:```text\n(.*?)```)?/gs;
const names = ["../../README.md", ...(await readdir(guides)).filter((name) => name.endsWith(".md")).toSorted()];
const pages = await Promise.all(names.map((name) => readFile(new URL(name, guides), "utf8")));
let count = 0;

for (const [page, text] of pages.entries()) {
  for (const [index, [, script, code, printed]] of [...text.matchAll(EXAMPLE)].entries()) {
    count += 1;
    const name = `${names[page].split("/").at(-1)}-${index + 1}`;
    test(name, async () => {
      const output = await run(code, steps(script), join(directory, `${name}.mjs`));
      if (printed !== undefined) {
        assert.equal(output.trim(), printed.trim());
      }
    });
  }
}

test("there are examples", () => assert.ok(count > 6, `only ${count} were found`));

function steps(script = "") {
  return script.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => answers[name]);
}

/** Runs `code` as a module whose gateways have one provider, which answers by `script`, and gives what it prints. */
async function run(code, script, file) {
  const resolved = code.replace(/from "([^"]+)"/g, (_, name) => `from ${JSON.stringify(resolve(name))}`);
  const scripted = `
import { testingGateway as openScripted } from ${JSON.stringify(import.meta.resolve("tollhouse/testing"))};
const Gateway = function (config) { return openScripted(${JSON.stringify(script)}, config); };
`;
  const own = resolved.replace(/import \{ Gateway(?:, )?([^}]*)\} from (".*?");/, (_, others, from) =>
    `${scripted}import { ${others} } from ${from};`,
  );
  await writeFile(file, own);
  process.env.OPENAI_API_KEY = "sk-example";
  const { log } = console;
  const lines = [];
  console.log = (...values) => lines.push(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

function resolve(name) {
  return name.startsWith("tollhouse") ? import.meta.resolve(name) : pathToFileURL(sdk.resolve(name)).href;
}
