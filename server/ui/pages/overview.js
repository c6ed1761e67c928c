// How it goes: six figures, and how they came about.

import { usage } from "../ask.js";
import { bars, largest, lines, parts, series } from "../chart.js";
import { h } from "../element.js";
import * as format from "../format.js";
import { BASIS, COST_BASIS, at, openLogs, rowWord, sheet, table, tile } from "../parts.js";
import { address, asked } from "../place.js";

const known = (rows, times, number) => series(rows, times, null, number)[0]?.values ?? times.map(() => null);
const succeeded = (row) => (row.requests - row.cancelled > 0 ? 1 - row.errors / (row.requests - row.cancelled) : null);
const hits = (row) => (row.requests > 0 ? row.cached / row.requests : null);
const tokens = (row) => (row.tokens_in === null && row.tokens_out === null ? null : (row.tokens_in ?? 0) + (row.tokens_out ?? 0));

export async function page(here) {
  const { query, step } = asked(here);
  const earlier = asked(here, 1).query;
  const [now, before, outcomes, models, was] = await Promise.all([
    usage({ ...query, step, latency: true }), usage({ ...earlier, latency: true }), usage({ ...query, step, group_by: "outcome" }),
    usage({ ...query, step, group_by: "model" }), usage({ ...earlier, group_by: "model" }),
  ]);
  const times = parts(query.since, step);
  const [total, last] = [now.total, before.total];
  const line = (number) => known(now.rows, times, number);
  const one = (name, number, unit, rising, note) => tile(name, number(total), { unit, before: number(last), rising, values: line(number), note });
  const view = { at: at(here) };
  return h("div", {},
    h("div", { class: "tiles" },
      one("Requests", (row) => row.requests, format.count, 0),
      one("Success, as users see it", succeeded, format.percent, 1),
      one("Cost", (row) => row.cost, format.usd, -1, total.unpriced > 0 && `${format.count(total.unpriced)} unpriced`),
      one("Tokens in and out", tokens, format.count, 0, `${format.count(total.tokens_in)} in, ${format.count(total.tokens_out)} out`),
      one("95 of 100 took at most", (row) => row.duration_ms?.p95 ?? null, format.duration, -1, `first byte ${format.duration(total.first_byte_ms?.p95)}`),
      one("From the cache", hits, format.percent, 1, `${format.usd(total.saved)} saved`)),
    h("div", { class: "sheets" },
      sheet("Requests by outcome", bars("requests", times, largest(series(outcomes.rows, times, "outcome", (row) => row.requests)), { ...view, unit: format.count }), { basis: BASIS, link: h("a", { href: address({ name: "logs" }) }, "open them") }),
      sheet("Cost by model", bars("cost", times, largest(series(models.rows, times, "model", (row) => row.cost)), { ...view, unit: format.usd }), { basis: COST_BASIS, link: h("a", { href: address({ name: "costs" }) }, "more") }),
      sheet("How long calls took", lines("duration", times, ["p50", "p95", "p99"].map((name) => ({ name, values: line((row) => row.duration_ms?.[name] ?? null) })), { ...view, unit: format.duration }), { basis: "Of calls that a provider answered, to the last byte; off by 1 % at most." }),
      sheet("What went wrong", bars("errors", times, largest(series(outcomes.rows.filter((row) => !["answered", "cached"].includes(row.group.outcome)), times, "outcome", (row) => row.requests)), { ...view, unit: format.count }), { link: h("a", { href: address({ name: "logs", where: "success:false" }) }, "open them") }),
      sheet("What changed most", changes(models.rows, was.rows), { wide: true, basis: "By cost, against the time of the same length before." })));
}

function changes(now, before) {
  const found = new Map();
  const add = (rows, field) => rows.forEach((row) => {
    const entry = found.get(row.group.model) ?? { group: row.group, now: 0, before: 0, requests: 0 };
    entry[field] += row.cost ?? 0;
    if (field === "now") entry.requests += row.requests;
    found.set(row.group.model, entry);
  });
  add(now, "now");
  add(before, "before");
  const rows = [...found.values()].filter((row) => row.now !== row.before).sort((one, other) => Math.abs(other.now - other.before) - Math.abs(one.now - one.before));
  return table([["model", (row) => row.group.model], ["requests", (row) => format.count(row.requests), true], ["cost", (row) => format.usd(row.now), true], ["before", (row) => format.usd(row.before), true],
    ["change", (row) => h("span", { class: row.now > row.before ? "worse" : "better" }, `${row.now > row.before ? "+" : "−"}${format.usd(Math.abs(row.now - row.before))}`), true]], rows.slice(0, 6), (row) => openLogs([rowWord("model", row)]));
}
