// Who spends what. Users are those that `cf-aig-metadata` names.

import { usage } from "../ask.js";
import { share } from "../chart.js";
import { h } from "../element.js";
import * as format from "../format.js";
import { choices, openLogs, rowWord, sheet, table, tile } from "../parts.js";
import { asked } from "../place.js";

const BY = ["metadata.user", "metadata.session", "metadata.team"];

export async function page(here) {
  const by = BY.includes(here.by) ? here.by : BY[0];
  const { query } = asked(here);
  const [report, before] = await Promise.all([usage({ ...query, group_by: by, latency: true }), usage({ ...asked(here, 1).query, group_by: by })]);
  const named = report.rows.filter((row) => row.group[by] !== null).sort((one, other) => (other.cost ?? 0) - (one.cost ?? 0));
  const costs = named.map((row) => row.cost ?? 0);
  const quantile = (share) => costs[Math.min(costs.length - 1, Math.floor((1 - share) * costs.length))] ?? null;
  const tenth = costs.slice(0, Math.ceil(costs.length / 10)).reduce((sum, cost) => sum + cost, 0);
  const was = new Map(before.rows.map((row) => [row.group[by], row.cost ?? 0]));
  // As the reference does: far above one's own usual, and above nearly everybody's.
  const strange = (row) => was.has(row.group[by]) && row.cost > 2 * was.get(row.group[by]) && row.cost >= quantile(0.99);
  const requests = named.reduce((sum, row) => sum + row.requests, 0);
  return h("div", {},
    h("div", { class: "tiles" },
      tile("Active", named.length, { unit: format.count, before: before.rows.filter((row) => row.group[by] !== null).length }),
      tile("Median cost", quantile(0.5), { unit: format.usd }), tile("95 of 100 cost at most", quantile(0.95), { unit: format.usd }),
      tile("Share of the top tenth", report.total.cost > 0 ? tenth / report.total.cost : null, { unit: format.percent }),
      tile("Requests that name one", report.total.requests > 0 ? requests / report.total.requests : null, { unit: format.percent })),
    sheet("Who", [choices("by", BY, by), table([
      [by.replace("metadata.", ""), (row) => [String(row.group[by]), strange(row) && h("span", { class: "worse", title: "More than twice as much as in the time before, and among the highest" }, " ▲ unusual")]],
      ["cost", (row) => format.usd(row.cost), true], ["", (row) => share(row.cost ?? 0, costs[0] ?? 0, 1)], ["before", (row) => format.usd(was.get(row.group[by]) ?? null), true],
      ["requests", (row) => format.count(row.requests), true], ["errors", (row) => format.count(row.errors), true], ["tokens", (row) => format.count((row.tokens_in ?? 0) + (row.tokens_out ?? 0)), true],
      ["p95", (row) => format.duration(row.duration_ms?.p95), true],
    ], named.slice(0, 200), (row) => openLogs([rowWord(by, row)]))], { basis: "The 200 with the highest cost. Names come from cf-aig-metadata." }));
}
