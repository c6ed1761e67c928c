// Draws the page that the address names, anew when the address changes, and again and again while `live` is on.

import { ask, usage } from "./ask.js";
import { h } from "./element.js";
import * as format from "./format.js";
import { RANGES, address, go, place } from "./place.js";

const PAGES = { overview: "Overview", logs: "Logs", costs: "Costs", reliability: "Reliability", cache: "Cache", users: "Users", health: "Health", settings: "Settings" };
const LIVE_MS = 2_000;

const element = (id) => document.getElementById(id);
let drawing = 0;
let timer = null;

async function draw() {
  const here = place();
  const mine = (drawing += 1);
  clearTimeout(timer);
  bar(here);
  try {
    const module = await import(`./pages/${here.name in PAGES || here.name === "request" ? here.name : "overview"}.js`);
    const content = (await isEmpty()) ? beginning() : await module.page(here);
    // Whoever went on meanwhile does not want this page any more.
    if (mine !== drawing) return;
    const kept = document.activeElement?.closest?.("main") ? null : scrollY;
    element("page").replaceChildren(content);
    if (kept !== null) scrollTo(0, here.live ? kept : Math.min(kept, document.body.scrollHeight));
    trouble(null);
  } catch (error) {
    if (mine === drawing) trouble(error.message);
  }
  if (mine !== drawing) return;
  complete(here);
  if (here.live) timer = setTimeout(draw, LIVE_MS);
}

function trouble(message) {
  element("trouble").hidden = message === null;
  element("trouble").textContent = message ?? "";
}

function bar(here) {
  element("pages").replaceChildren(...Object.entries(PAGES).map(([name, title]) => h("a", { href: address({ name, id: "" }), "aria-current": name === here.name && "page" }, title)));
  element("ranges").replaceChildren(...Object.keys(RANGES).map((range) => h("button", { type: "button", "aria-pressed": String(range === here.range), click: () => go({ range, page: "1" }) }, range)));
  if (document.activeElement !== element("where")) element("where").value = here.where;
  element("live").checked = here.live !== "";
  element("utc").checked = here.utc !== "";
  document.title = `${PAGES[here.name] ?? "Request"} · tollhouse`;
}

async function complete(here) {
  const log = await ask("health").catch(() => null);
  if (log) element("complete").textContent = `Data complete until ${format.time(Date.now(), here.utc)}; ${log.dropped ?? 0} records dropped.${log.degraded ? ` ${log.degraded}` : ""}`;
}

let filled = false;
async function isEmpty() {
  filled ||= (await usage({})).total.requests > 0;
  return !filled;
}

function beginning() {
  return h("section", { class: "sheet empty" }, h("h2", {}, "No call was made yet"), h("p", {}, "The first three lines, in Python:"),
    h("pre", {}, 'import tollhouse\ngateway = tollhouse.Gateway(logs={"path": "tollhouse.db"})\nprint(gateway.chat("openai/gpt-4o-mini", "Tell me a joke"))'),
    h("p", { class: "dim" }, "This page looks at the log of the gateway that served it. Turn on live, and the call appears here."));
}

element("bar").addEventListener("submit", (event) => {
  event.preventDefault();
  go({ where: element("where").value.trim(), page: "1" });
});
element("live").addEventListener("change", (event) => go({ live: event.target.checked ? "on" : "" }));
element("utc").addEventListener("change", (event) => go({ utc: event.target.checked ? "on" : "" }));
element("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...document.querySelectorAll("tbody tr[tabindex]")];
  const step = { j: 1, k: -1 }[event.key];
  if (step) rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + step))]?.focus();
  else if (event.key === "/") element("where").focus();
  else if (event.key === "e") go({ name: "logs", where: "success:false", page: "1" });
  else if (event.key === "g") go({ name: "overview" });
  else if (event.key === "l") go({ name: "logs" });
  else return;
  event.preventDefault();
});

addEventListener("hashchange", draw);
ask("about").then(({ gateway }) => (element("gateway").textContent = gateway), () => {});
draw();
