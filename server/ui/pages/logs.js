// Every call of the range, the newest first.

import { ask, usage } from "../ask.js";
import { share } from "../chart.js";
import { h } from "../element.js";
import * as format from "../format.js";
import { openLogs, rowWord, table } from "../parts.js";
import { address, asked, go } from "../place.js";

const PER_PAGE = 50;
const FACETS = ["provider", "model", "status", "outcome"];

export async function page(here) {
  const { query } = asked(here);
  const [page, ...facets] = await Promise.all([
    ask("logs", { query: { ...query, limit: PER_PAGE, page: Number(here.page) || 1 } }),
    ...FACETS.map((name) => usage({ ...query, group_by: name })),
  ]);
  const longest = Math.max(...page.logs.map((log) => log.duration), 1);
  const last = Math.max(1, Math.ceil(page.total_count / PER_PAGE));
  const columns = [
    ["time", (log) => format.time(log.created_at, here.utc)],
    ["model", (log) => `${log.provider}/${log.model}`],
    ["status", status],
    ["took", (log) => share(log.duration, longest, log.cached ? 2 : 0, log.first_byte_ms)],
    ["", (log) => format.duration(log.duration), true],
    ["in", (log) => format.count(log.tokens_in), true],
    ["out", (log) => format.count(log.tokens_out), true],
    ["cost", (log) => format.usd(log.cost), true],
    ["cache", (log) => (log.cached ? "hit" : "")],
    ["user", (log) => String(log.metadata.user ?? "")],
    ["rated", (log) => ({ 1: "▲", "-1": "▼" })[log.feedback] ?? ""],
  ];
  return h("section", { class: "sheet" },
    h("div", { class: "facets", role: "group", "aria-label": "Narrow down" }, FACETS.map((name, index) => top(facets[index].rows).map((row) => facet(name, row)))),
    table(columns, page.logs, (log) => go({ name: "request", id: log.id })),
    h("p", { class: "row dim" }, `${format.count(page.total_count)} calls, page ${page.page} of ${last}`,
      page.page > 1 && h("a", { href: address({ page: String(page.page - 1) }) }, "newer"),
      page.page < last && h("a", { href: address({ page: String(page.page + 1) }) }, "older")));
}

const top = (rows) => rows.toSorted((one, other) => other.requests - one.requests).slice(0, 5);

function facet(name, row) {
  // An outcome is no column; what stands for it is.
  const words = { cached: "cached:true", cancelled: "cancelled:true", truncated: "truncated:true", answered: "success:true", rate_limited: "status:429", server_error: "status:>=500" };
  const narrowing = name === "outcome" ? words[row.group.outcome] : row.group[name] !== null && rowWord(name, row);
  return narrowing && h("button", { type: "button", click: () => openLogs([narrowing]) }, `${String(row.group[name]).replaceAll("_", " ")} ${format.count(row.requests)}`);
}

export function status(log) {
  const good = log.success || log.cancelled;
  const text = log.cancelled ? "cancelled" : log.truncated ? "broke off" : (log.status_code ?? "no answer");
  return h("span", { class: good ? "better" : "worse", title: log.error ?? "" }, good ? "● " : "▲ ", String(text));
}
