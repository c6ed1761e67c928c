// Writes src/config.ts out of the configuration's schema. With --check it only says whether the file is stale.

import { readFileSync, writeFileSync } from "node:fs";

const schema = JSON.parse(readFileSync(new URL("../../docs/reference/config.schema.json", import.meta.url), "utf8"));
const place = new URL("../src/config.ts", import.meta.url);
const INDENT = "  ";

const text = [
  "// Made by scripts/config-types.mjs out of docs/reference/config.schema.json: do not edit.",
  declaration("GatewayConfig", { ...schema, description: "The configuration of a gateway: the same document as `tollhouse.toml`." }),
  ...Object.entries(schema.$defs).map(([name, definition]) => declaration(name, definition)),
].join("\n\n");

if (!process.argv.includes("--check")) {
  writeFileSync(place, `${text}\n`);
} else if (readFileSync(place, "utf8") !== `${text}\n`) {
  console.error("node/src/config.ts is stale; run node node/scripts/config-types.mjs");
  process.exitCode = 1;
}

function declaration(name, definition) {
  const body = definition.properties === undefined ? `type ${name} = ${type(definition)};` : `interface ${name} ${members(definition)}`;
  return comment(definition.description, "") + `export ${body}`;
}

function members({ properties, required = [] }) {
  const lines = Object.entries(properties).map(([name, property]) => {
    const optional = required.includes(name) ? "" : "?";
    return `${comment(property.description, INDENT)}${INDENT}${key(name)}${optional}: ${type(property)};`;
  });
  return `{\n${lines.join("\n")}\n}`;
}

function type(definition) {
  if (definition.$ref !== undefined) return definition.$ref.split("/").at(-1);
  if ("const" in definition) return JSON.stringify(definition.const);
  const choices = definition.anyOf ?? definition.oneOf;
  if (choices !== undefined) return choices.map(type).join(" | ");
  return [definition.type].flat().map((name) => plain(name, definition)).join(" | ");
}

function plain(name, definition) {
  if (name === "array") return `(${type(definition.items)})[]`;
  const values = definition.additionalProperties || Object.values(definition.patternProperties ?? {})[0];
  if (name === "object" && definition.additionalProperties === undefined) return "Record<string, unknown>";
  if (name === "object") return `Record<string, ${type(values)}>`;
  return name === "integer" ? "number" : name;
}

function key(name) {
  return /^\w+$/.test(name) ? name : JSON.stringify(name);
}

function comment(description, indent) {
  const lines = description.split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`].join("\n") + "\n";
}
