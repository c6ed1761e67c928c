// What the cache spares.

import { usage } from "../ask.js";
import { bars, lines, parts, series } from "../chart.js";
import { h } from "../element.js";
import * as format from "../format.js";
import { at, openLogs, rowWord, sheet, table, tile } from "../parts.js";
import { asked } from "../place.js";

const rate = (row) => (row.requests > 0 ? row.cached / row.requests : null);

export async function page(here) {
  const { query, step } = asked(here);
  const [report, over, before] = await Promise.all([usage({ ...query, group_by: "model", latency: true }), usage({ ...query, step }), usage(asked(here, 1).query)]);
  const { total } = report;
  const times = parts(query.since, step);
  const view = { at: at(here) };
  const seconds = (total.cached * (total.duration_ms?.p50 ?? 0)) / 1000;
  const rows = report.rows.filter((row) => row.cached > 0).sort((one, other) => other.cached - one.cached);
  return h("div", {},
    h("div", { class: "tiles" },
      tile("From the cache", rate(total), { unit: format.percent, before: rate(before.total), rising: 1 }),
      tile("Hits", total.cached, { unit: format.count, before: before.total.cached, rising: 1 }),
      tile("Saved", total.saved, { unit: format.usd, before: before.total.saved, rising: 1 }),
      tile("Waiting saved", seconds * 1000, { unit: format.duration, note: "hits × the median of calls" })),
    h("div", { class: "sheets" },
      sheet("Hits and calls", bars("requests", times, [...series(over.rows, times, null, (row) => row.cached).map((one) => ({ ...one, name: "from the cache" })), ...series(over.rows, times, null, (row) => row.requests - row.cached).map((one) => ({ ...one, name: "called" }))], { ...view, unit: format.count })),
      sheet("Share from the cache", lines("share", times, series(over.rows, times, null, rate), { ...view, unit: format.percent })),
      sheet("By model", table([["model", (row) => row.group.model], ["hits", (row) => format.count(row.cached), true], ["of", (row) => format.count(row.requests), true], ["share", (row) => format.percent(rate(row)), true], ["saved", (row) => format.usd(row.saved), true]], rows, (row) => openLogs([rowWord("model", row), "cached:true"])), { wide: true, basis: "A hit has cost nothing; saved is what it would have cost." })));
}
