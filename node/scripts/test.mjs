// Runs every suite on this machine's Node and, where its package is installed, on Node 22, and prints the counts.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node22 = fileURLToPath(
  new URL(`../test/sdk/node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url),
);

/** What the AI SDK asks for (its `engines`). */
const AI_SDK_NODE = 22;

const units = files("test");
const sdks = files("test/sdk");

let failed = false;
for (const node of [process.execPath, ...(existsSync(node22) ? [node22] : [])]) {
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  const isNew = Number(version.slice(1).split(".")[0]) >= AI_SDK_NODE;
  const suites = [...units, ...sdks.filter((file) => isNew || !file.includes("/ai"))];
  console.log(`\nNode ${version}: ${suites.length} files${isNew ? "" : " (the AI SDK's need a newer Node)"}`);
  failed = spawnSync(node, ["--test", ...suites], { cwd: root, stdio: "inherit" }).status !== 0 || failed;
}
if (!existsSync(node22)) {
  console.log(`\nskipped: there is no Node 22 package for ${process.platform} on ${process.arch}`);
}
process.exit(failed ? 1 : 0);

function files(folder) {
  const names = readdirSync(new URL(`../${folder}`, import.meta.url)).filter((name) => name.endsWith(".test.mjs"));
  return names.map((name) => `${folder}/${name}`);
}
