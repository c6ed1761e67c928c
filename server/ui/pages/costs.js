// What it cost, by what one likes to tell apart.

import { usage } from "../ask.js";
import { bars, largest, parts, series, share } from "../chart.js";
import { h } from "../element.js";
import * as format from "../format.js";
import { COST_BASIS, at, choices, openLogs, rowWord, sheet, table, tile } from "../parts.js";
import { asked } from "../place.js";

const BY = ["model", "provider", "metadata.user", "metadata.team", "request_type"];

export async function page(here) {
  const by = BY.includes(here.by) ? here.by : BY[0];
  const { query, step } = asked(here);
  const [report, over, before] = await Promise.all([usage({ ...query, group_by: by }), usage({ ...query, step, group_by: by }), usage(asked(here, 1).query)]);
  const { total } = report;
  const times = parts(query.since, step);
  const rows = report.rows.toSorted((one, other) => (other.cost ?? 0) - (one.cost ?? 0));
  const most = Math.max(...rows.map((row) => row.cost ?? 0), 0);
  return h("div", {},
    h("div", { class: "tiles" },
      tile("Cost", total.cost, { unit: format.usd, before: before.total.cost, rising: -1 }),
      tile("For each request", total.cost === null ? null : total.cost / Math.max(1, total.requests), { unit: format.usd, before: before.total.cost / Math.max(1, before.total.requests), rising: -1 }),
      tile("Saved by the cache", total.saved, { unit: format.usd, before: before.total.saved, rising: 1 }),
      tile("Estimated", total.estimated / Math.max(1, total.requests), { unit: format.percent, note: "of requests: tokens counted here" }),
      tile("Unpriced", total.unpriced, { unit: format.count, note: "answered, with no known price" })),
    h("div", { class: "sheets" },
      sheet("Over time", [choices("by", BY, by), bars("cost", times, largest(series(over.rows, times, by, (row) => row.cost)), { at: at(here), unit: format.usd })], { basis: COST_BASIS, wide: true }),
      sheet(`By ${by.replace("metadata.", "")}`, table([
        [by, (row) => String(row.group[by] ?? "none")], ["cost", (row) => format.usd(row.cost), true], ["", (row) => share(row.cost ?? 0, most, 1)],
        ["share", (row) => format.percent(total.cost > 0 ? (row.cost ?? 0) / total.cost : null), true], ["requests", (row) => format.count(row.requests), true],
        ["in", (row) => format.count(row.tokens_in), true], ["out", (row) => format.count(row.tokens_out), true], ["saved", (row) => format.usd(row.saved), true], ["unpriced", (row) => format.count(row.unpriced), true],
      ], rows, (row) => openLogs(row.group[by] === null ? [] : [rowWord(by, row)])), { wide: true, basis: report.basis })));
}
