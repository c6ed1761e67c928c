// How the gateway itself is doing.

import { ask } from "../ask.js";
import { h } from "../element.js";
import { sheet } from "../parts.js";

export async function page() {
  const health = await ask("health");
  const isRoom = ([, state]) => state !== null && typeof state === "object";
  const log = Object.fromEntries(Object.entries(health).filter((entry) => !isRoom(entry)));
  return h("div", { class: "sheets" }, [["log", log], ...Object.entries(health).filter(isRoom)].map(([room, state]) => sheet(title(room), told(state))));
}

const title = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");

function told(state) {
  if (state === null || typeof state !== "object") return String(state ?? "none");
  if (Array.isArray(state)) return state.length === 0 ? h("p", { class: "dim" }, "None.") : state.map(told);
  if (Object.keys(state).length === 0) return h("p", { class: "dim" }, "Nothing to tell.");
  const cell = (value, name) => (name === "degraded" ? h("span", { class: value ? "worse" : "better" }, value ? `▲ ${value}` : "● as configured") : value !== null && typeof value === "object" ? told(value) : String(value ?? "–"));
  return h("dl", {}, Object.entries(state).map(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, cell(value, name))]));
}
