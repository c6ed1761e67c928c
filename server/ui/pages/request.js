// One call: its walk, what it cost, what was said.

import { ask } from "../ask.js";
import { h, s } from "../element.js";
import * as format from "../format.js";
import { sheet, table } from "../parts.js";
import { address, narrowed, word } from "../place.js";
import { status } from "./logs.js";

export async function page(here) {
  const log_id = here.id;
  const payload = (part) => ask("log_payload", { log_id, part }).catch(() => null);
  const [log, walk, request, response] = await Promise.all([ask("get_log", { log_id }), ask("explain", { log_id }), payload("request"), payload("response")]);
  const user = log.metadata.user;
  return h("div", { class: "sheets" },
    sheet(`${log.provider}/${log.model}`, [facts(log, here), feedback(log), copies(log, request)], { link: user !== undefined && h("a", { href: address({ name: "logs", where: narrowed("", word("meta.user", user)) }) }, "of the same user") }),
    sheet("Its walk", [h("ol", {}, walk.lines.map((line) => h("li", {}, h("b", {}, line.stage), " ", line.text))), timeline(log), attempts(log)]),
    sheet("Asked", request === null ? notKept(log, "request") : conversation(request) ?? body(request), { wide: true, basis: format.bytes(log.request_size) }),
    sheet("Answered", response === null ? notKept(log, "response") : answered(response) ?? body(response), { wide: true, basis: format.bytes(log.response_size) }),
    sheet("As it is in the log", h("details", {}, h("summary", {}, "JSON"), h("pre", {}, JSON.stringify(log, null, 2))), { wide: true }));
}

function facts(log, here) {
  const { usage } = log;
  const source = { reported: "as the provider reported", estimated: "estimated here", unknown: "unknown" }[usage.source] ?? usage.source;
  const kinds = ["cache_read", "cache_write", "reasoning", "audio"].filter((kind) => usage[kind]).map((kind) => `${kind.replace("_", " ")} ${format.count(usage[kind])}`);
  const pairs = [
    ["when", format.time(log.created_at, here.utc)], ["status", status(log)], log.error && ["what happened", log.error],
    ["took", `${format.duration(log.duration)}, first byte after ${format.duration(log.first_byte_ms)}`],
    ["tokens", `${format.count(log.tokens_in)} in, ${format.count(log.tokens_out)} out, ${source}${kinds.length ? ` (${kinds.join(", ")})` : ""}`],
    ["cost", log.cached ? `nothing; ${format.usd(log.saved)} saved by the cache` : `${format.usd(log.cost)}${log.custom_cost ? ", a price of the caller's" : ""}`],
    log.model_served && log.model_served !== log.model && ["served by", log.model_served],
    ["path", log.path], ["kind", `${log.request_type ?? "unknown"}${log.stream ? ", streamed" : ""}`],
    ...Object.entries(log.metadata).map(([key, value]) => [key, String(value)]),
    log.user_agent && ["client", log.user_agent], ["log", h("span", { class: "mono" }, log.id)], ["event", h("span", { class: "mono" }, log.event_id)],
  ];
  return h("dl", {}, pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function attempts(log) {
  if (log.attempts.length === 0) return null;
  return table([
    ["attempt", (attempt) => `${attempt.provider}/${attempt.model ?? log.model}`], ["state", (attempt) => String(attempt.state ?? "").replaceAll("_", " ")],
    ["status", (attempt) => String(attempt.status ?? "no answer")], ["failure", (attempt) => String(attempt.failure ?? attempt.error ?? "")],
    ["waited before", (attempt) => (attempt.waited_us > 0 ? format.duration(attempt.waited_us / 1000) : ""), true],
    ["took", (attempt) => format.duration(attempt.duration_us === null ? null : attempt.duration_us / 1000), true],
  ], log.attempts);
}

/** Every attempt where it stood in the time of the call; what is left at its end is the body that came after the head. */
function timeline(log) {
  if (log.attempts.length === 0) return null;
  const total = Math.max(log.duration * 1000, log.attempts.reduce((sum, { waited_us, duration_us }) => sum + (waited_us ?? 0) + (duration_us ?? 0), 0), 1);
  const x = (us) => (us / total) * 560;
  let at = 0;
  const bar = (line, from, length, look, title) => s("rect", { ...look, x: x(from), y: line * 18, width: Math.max(1, x(length)), height: 13 }, s("title", {}, title));
  const rows = log.attempts.map((attempt, line) => {
    const [waited, took] = [attempt.waited_us ?? 0, attempt.duration_us ?? 0];
    const start = at + waited;
    const name = `${attempt.provider}/${attempt.model ?? log.model} ${attempt.status ?? "no answer"}, ${format.duration(took / 1000)}`;
    const drawn = [waited > 0 && bar(line, at, waited, { class: "f7", "fill-opacity": 0.3 }, `waited ${format.duration(waited / 1000)}`), bar(line, start, took, { class: attempt.failure ? "f5" : "f0" }, name)];
    at = start + took;
    const isLast = line === log.attempts.length - 1;
    const rest = total - at;
    return [...drawn, isLast && rest > 0 && bar(line, at, rest, { class: "f4" }, `the body, ${format.duration(rest / 1000)}`)];
  });
  const height = log.attempts.length * 18 + 16;
  return s("svg", { class: "walk", viewBox: `0 0 560 ${height}`, role: "img", "aria-label": `Attempts over ${format.duration(total / 1000)}` }, rows,
    s("text", { x: 0, y: height - 3 }, "0"), s("text", { x: 560, y: height - 3, "text-anchor": "end" }, format.duration(total / 1000)));
}

function feedback(log) {
  const rate = (value) => async (event) => {
    const buttons = [...event.currentTarget.parentElement.querySelectorAll("button")];
    const patch = { feedback: event.currentTarget.getAttribute("aria-pressed") === "true" ? null : value };
    await ask("patch_log", { log_id: log.id, patch });
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.value) === patch.feedback)));
  };
  const button = (value, title) => h("button", { type: "button", value, "aria-pressed": String(log.feedback === value), click: rate(value) }, title);
  return h("p", { class: "row" }, button(1, "▲ good"), button(-1, "▼ bad"), log.score !== null && `score ${log.score}`);
}

function copies(log, request) {
  if (request === null) return null;
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const curl = `curl "$TOLLHOUSE_URL${log.provider}/${log.path}" -H "content-type: ${log.request_content_type ?? "application/json"}" -H "authorization: Bearer $KEY" -d ${quoted(request)}`;
  const copy = (text) => async (event) => {
    const button = event.currentTarget;
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  };
  return h("p", { class: "row" }, h("button", { type: "button", click: copy(curl) }, "copy as curl"), h("button", { type: "button", click: copy(request) }, "copy the request"));
}

const notKept = (log, part) => h("p", { class: "dim" }, log.cached && part === "response" ? "It came from the cache." : "Bodies are not kept for this call (logs.payloads, or cf-aig-collect-log-payload).");

const json = (text) => { try { return JSON.parse(text); } catch { return null; } };

/** A chat as its turns, whichever provider's format it has. */
function conversation(text) {
  const request = json(text);
  const turns = request?.messages ?? request?.contents ?? (Array.isArray(request?.input) ? request.input : null);
  if (!Array.isArray(turns)) return null;
  const system = request.system ?? request.systemInstruction?.parts;
  return h("div", {}, system && say("system", said(system)), turns.map((turn) => say(turn.role ?? "", said(turn.content ?? turn.parts ?? turn))), h("details", {}, h("summary", {}, "as sent"), body(text)));
}

function said(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content, null, 2);
  return content.map((part) => (typeof part === "string" ? part : part.text ?? JSON.stringify(part, null, 2))).join("\n");
}

function answered(text) {
  const answer = json(text);
  const pieces = answer ? null : text.split("\n").filter((line) => line.startsWith("data:")).map((line) => json(line.slice(5)));
  const message = answer?.choices?.[0]?.message?.content ?? answer?.content ?? answer?.candidates?.[0]?.content?.parts
    ?? pieces?.map((event) => event?.choices?.[0]?.delta?.content ?? event?.delta?.text ?? event?.candidates?.[0]?.content?.parts?.[0]?.text ?? "").join("");
  if (!message) return null;
  return h("div", {}, say("assistant", said(message)), h("details", {}, h("summary", {}, "as received"), body(text)));
}

const say = (role, text) => h("div", { class: "say" }, h("b", {}, role), text);
const body = (text) => h("pre", {}, json(text) ? JSON.stringify(json(text), null, 2) : text);
