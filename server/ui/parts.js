// What several pages have in common.

import { h } from "./element.js";
import * as format from "./format.js";
import { go, narrowed, place, word } from "./place.js";
import { spark } from "./chart.js";

/** A figure with its line and how it changed. `rising` says whether more is good (1), bad (-1) or neither (0). */
export function tile(name, now, { unit, before, rising = 0, values = null, note = null }) {
  const change = before > 0 && now !== null ? now / before - 1 : null;
  const judged = change === null || Math.abs(change) < 0.005 || rising === 0 ? "dim" : Math.sign(change) === rising ? "better" : "worse";
  return h("div", { class: "tile" }, h("span", { class: "dim" }, name), h("b", {}, unit(now)),
    before !== undefined && h("small", {}, change === null ? "nothing to compare with" : h("span", { class: judged }, `${change >= 0 ? "▲" : "▼"} ${format.percent(Math.abs(change))}`), change !== null && " to the time before"),
    note && h("div", {}, h("small", {}, note)),
    values && spark(values));
}

/** A titled sheet, with how its numbers are counted under it. */
export function sheet(title, content, { basis = null, wide = false, link = null } = {}) {
  return h("section", { class: wide ? "sheet wide" : "sheet" }, h("h2", {}, title, link && h("small", {}, " ", link)), content, basis && h("p", { class: "basis" }, basis));
}

/** `columns` are `[title, cell of a row, is a number]`; `open` is called with the row that was chosen. */
export function table(columns, rows, open = null) {
  if (rows.length === 0) return h("p", { class: "dim" }, "Nothing here in this time.");
  const chosen = (row) => ({ tabindex: 0, click: () => open(row), keydown: (event) => event.key === "Enter" && open(row) });
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map(([title, , number]) => h("th", { class: number && "n", scope: "col" }, title)))),
    h("tbody", {}, rows.map((row) => h("tr", open ? chosen(row) : {}, columns.map(([, cell, number]) => h("td", { class: number && "n" }, cell(row))))))));
}

/** Buttons that pick by what a page tells apart, such as `["model", "provider"]`. */
export function choices(name, all, current) {
  return h("span", { class: "row", role: "group", "aria-label": name }, all.map((one) => h("button", { type: "button", "aria-pressed": String(one === current), click: () => go({ [name]: one }) }, one)));
}

/** Opens the logs that `words` narrow this place to. */
export function openLogs(words) {
  go({ name: "logs", where: words.reduce(narrowed, place().where) });
}

export const rowWord = (key, row) => word(key.replace(/^metadata\./, "meta."), row.group[key]);

/** How instants stand under a chart of this range. */
export function at(here) {
  const parts = { "15m": { hour: "2-digit", minute: "2-digit" }, "1h": { hour: "2-digit", minute: "2-digit" }, "24h": { hour: "2-digit", minute: "2-digit" } }[here.range];
  return (time) => format.time(time, here.utc, parts ?? (here.range === "7d" ? { day: "2-digit", month: "short", hour: "2-digit" } : { day: "2-digit", month: "short" }));
}

export const BASIS = "Requests are calls to the gateway, however many attempts each took.";
export const COST_BASIS = "Cost is the sum of what is known; what has no price is counted beside it, never as zero.";
