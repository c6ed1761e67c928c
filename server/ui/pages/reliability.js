// Which provider fails, when, and how.

import { usage } from "../ask.js";
import { heat, lines, parts, series } from "../chart.js";
import { h } from "../element.js";
import * as format from "../format.js";
import { at, openLogs, rowWord, sheet, table } from "../parts.js";
import { asked } from "../place.js";

const judged = (row) => row.requests - row.cancelled - row.cached;
const succeeded = (row) => (judged(row) > 0 ? 1 - row.errors / judged(row) : null);

export async function page(here) {
  const { query, step } = asked(here);
  const [over, models, statuses] = await Promise.all([
    usage({ ...query, step, group_by: "provider", latency: true }), usage({ ...query, group_by: ["provider", "model"], latency: true }), usage({ ...query, group_by: ["provider", "outcome"] }),
  ]);
  const times = parts(query.since, step);
  const view = { at: at(here) };
  const rows = models.rows.toSorted((one, other) => other.requests - one.requests);
  const bad = statuses.rows.filter((row) => !["answered", "cached"].includes(row.group.outcome)).sort((one, other) => other.requests - one.requests);
  return h("div", { class: "sheets" },
    sheet("Success by provider", heat("success", times, series(over.rows, times, "provider", succeeded), { ...view, unit: format.percent }), { wide: true, basis: "Of requests that went to a provider and were not cancelled. Green from 99 %, orange from 95 %, red below." }),
    sheet("95 of 100 took at most", lines("duration", times, series(over.rows, times, "provider", (row) => row.duration_ms?.p95 ?? null), { ...view, unit: format.duration })),
    sheet("First byte, 95 of 100", lines("first byte", times, series(over.rows, times, "provider", (row) => row.first_byte_ms?.p95 ?? null), { ...view, unit: format.duration })),
    sheet("Models", table([
      ["model", (row) => `${row.group.provider}/${row.group.model}`], ["requests", (row) => format.count(row.requests), true],
      ["success", (row) => h("span", { class: succeeded(row) < 0.95 ? "worse" : "" }, format.percent(succeeded(row))), true],
      ["p50", (row) => format.duration(row.duration_ms?.p50), true], ["p95", (row) => format.duration(row.duration_ms?.p95), true], ["p99", (row) => format.duration(row.duration_ms?.p99), true],
      ["first byte p95", (row) => format.duration(row.first_byte_ms?.p95), true],
    ], rows, (row) => openLogs([rowWord("provider", row), rowWord("model", row)])), { wide: true }),
    sheet("What went wrong", table([["provider", (row) => row.group.provider], ["how", (row) => row.group.outcome.replaceAll("_", " ")], ["requests", (row) => format.count(row.requests), true]], bad, (row) => openLogs([rowWord("provider", row), "success:false"])), { wide: true }));
}
