// Charts: bars over time, lines over time, small lines, a map of heat. Each has axes with units, tells under the pointer what it
// shows, and keeps its numbers in a table for those who do not see it.

import { h, s } from "./element.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [560, 190, 52, 20, 8];

/** Every part of time of the range, also those in which nothing happened. */
export function parts(since, step, until = Date.now()) {
  const [, number, unit] = step.match(/^(\d+)([mhd])$/);
  const length = number * { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  const found = [];
  for (let at = Math.floor(Date.parse(since) / length) * length; at < until; at += length) found.push(at);
  return found;
}

/** Rows of a report with `at`, as one list of numbers for each value of `by`, in the order of `parts`. */
export function series(rows, times, by, number) {
  const found = new Map();
  for (const row of rows) {
    const name = by ? String(row.group[by] ?? "unknown").replaceAll("_", " ") : "";
    if (!found.has(name)) found.set(name, times.map(() => null));
    const index = times.indexOf(Date.parse(row.group.at));
    if (index >= 0) found.get(name)[index] = number(row);
  }
  return [...found].map(([name, values]) => ({ name, values, total: values.reduce((sum, value) => sum + (value ?? 0), 0) }));
}

/** At most `most` series, the largest first, and the rest together. */
export function largest(all, most = 7) {
  const sorted = all.toSorted((one, other) => other.total - one.total);
  if (sorted.length <= most) return sorted;
  const rest = sorted.slice(most - 1);
  const values = rest[0].values.map((_, index) => rest.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  return [...sorted.slice(0, most - 1), { name: `${rest.length} others`, values, total: 0 }];
}

/** Bars that stand on each other. */
export function bars(title, times, all, { unit, at, pick }) {
  const sums = times.map((_, index) => all.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  return frame(title, times, all, Math.max(...sums, 0), { unit, at, pick }, (x, y, width) =>
    times.map((_, index) => {
      let below = 0;
      return all.map(({ values }, series) => {
        const value = values[index] ?? 0;
        below += value;
        return value > 0 && s("rect", { class: `f${series % 8}`, x: x(index) + 0.5, y: y(below), width: Math.max(0.5, width - 1), height: y(below - value) - y(below) });
      });
    }));
}

/** Lines; where nothing is known there is none. */
export function lines(title, times, all, { unit, at, pick }) {
  const most = Math.max(...all.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  return frame(title, times, all, most, { unit, at, pick }, (x, y, width) =>
    all.map(({ values }, series) => [
      s("path", { class: `line s${series % 8}`, d: path(values, (index) => x(index) + width / 2, y) }),
      values.map((value, index) => value !== null && values[index - 1] == null && values[index + 1] == null && s("circle", { class: `f${series % 8}`, cx: x(index) + width / 2, cy: y(value), r: 1.8 })),
    ]));
}

function path(values, x, y) {
  let drawn = false;
  return values.map((value, index) => {
    if (value === null || value === undefined) {
      drawn = false;
      return "";
    }
    const step = `${drawn ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    drawn = true;
    return step;
  }).join("");
}

function frame(title, times, all, most, { unit, at, pick }, draw) {
  const top = ceiling(most);
  const width = (WIDTH - LEFT) / Math.max(1, times.length);
  const x = (index) => LEFT + index * width;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const marks = [0, top / 2, top];
  const every = Math.max(1, Math.ceil(times.length / 6));
  const hair = s("line", { class: "hair", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  const told = h("div", { class: "told", "aria-hidden": "true" });
  const tell = (index) => {
    hair.setAttribute("visibility", "visible");
    for (const end of ["x1", "x2"]) hair.setAttribute(end, x(index) + width / 2);
    const values = all.filter(({ values }) => values[index] !== null && values[index] !== undefined && values[index] !== 0);
    told.replaceChildren(`${at(times[index])}   ${values.map(({ name, values }) => `${name || title} ${unit(values[index])}`).join("   ") || "nothing"}`);
  };
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title },
    marks.map((mark) => [
      s("line", { class: "axis", x1: LEFT, x2: WIDTH, y1: y(mark), y2: y(mark) }),
      s("text", { x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end" }, unit(mark)),
    ]),
    draw(x, y, width),
    times.map((time, index) => index % every === 0 && s("text", { x: x(index), y: HEIGHT - 5 }, at(time))),
    hair);
  const index = (event) => {
    const box = svg.getBoundingClientRect();
    return Math.min(times.length - 1, Math.max(0, Math.floor((((event.clientX - box.left) / box.width) * WIDTH - LEFT) / width)));
  };
  svg.addEventListener("pointermove", (event) => tell(index(event)));
  svg.addEventListener("pointerleave", () => (hair.setAttribute("visibility", "hidden"), told.replaceChildren()));
  if (pick) svg.addEventListener("click", (event) => pick(times[index(event)]));
  return h("div", { class: "chart" }, svg, all.length > 1 && legend(all), told, numbers(title, times, all, unit, at));
}

function legend(all) {
  return h("ul", { class: "legend" }, all.map(({ name }, series) => h("li", {}, s("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, s("rect", { class: `f${series % 8}`, width: 10, height: 10 })), name)));
}

function numbers(title, times, all, unit, at) {
  const table = h("div", { class: "scroll" });
  const details = h("details", { class: "basis" }, h("summary", {}, "numbers"), table);
  // Only when somebody wants them: a month of models is a large table.
  details.addEventListener("toggle", () => {
    if (!details.open || table.firstChild) return;
    table.append(h("table", {}, h("caption", {}, title),
      h("thead", {}, h("tr", {}, h("th", {}, "time"), all.map(({ name }) => h("th", { class: "n" }, name || title)))),
      h("tbody", {}, times.map((time, index) => h("tr", {}, h("td", {}, at(time)), all.map(({ values }) => h("td", { class: "n" }, unit(values[index]))))))));
  });
  return details;
}

/** The next round number. */
function ceiling(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((top) => top >= most);
}

/** A line without axes, for a tile. */
export function spark(values) {
  const most = Math.max(...values.map((value) => value ?? 0), 0) || 1;
  const x = (index) => (index / Math.max(1, values.length - 1)) * 100;
  return s("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" }, s("path", { class: "line s0", "vector-effect": "non-scaling-stroke", d: path(values, x, (value) => 28 - (value / most) * 26) }));
}

/** Rows of squares: `rows` is `[{name, values}]`, the values being shares from 0 (bad) to 1 (good), or null. */
export function heat(title, times, rows, { unit, at }) {
  const [row, left] = [20, 150];
  const width = (WIDTH * 1.6 - left) / Math.max(1, times.length);
  const told = h("div", { class: "told", "aria-hidden": "true" });
  const svg = s("svg", { viewBox: `0 0 ${WIDTH * 1.6} ${rows.length * row + BOTTOM}`, role: "img", "aria-label": title },
    rows.map(({ name, values }, line) => [
      s("text", { x: left - 8, y: line * row + 14, "text-anchor": "end" }, name.length > 24 ? `${name.slice(0, 23)}…` : name),
      values.map((value, index) => value !== null && s("rect", {
        x: left + index * width, y: line * row, width: Math.max(1, width - 1), height: row - 2,
        class: value >= 0.99 ? "f2" : value >= 0.95 ? "f1" : "f5", "fill-opacity": value >= 0.99 ? 0.75 : 1,
        pointermove: () => told.replaceChildren(`${at(times[index])}   ${name} ${unit(value)}`),
      })),
    ]),
    times.map((time, index) => index % Math.max(1, Math.ceil(times.length / 8)) === 0 && left + index * width < WIDTH * 1.6 - 60 && s("text", { x: left + index * width, y: rows.length * row + 14 }, at(time))));
  return h("div", { class: "chart" }, svg, told, numbers(title, times, rows, unit, at));
}

/** A share of a whole, for a cell of a table. */
export function share(part, whole, series = 0, mark = null) {
  const length = whole > 0 ? Math.max(0, Math.min(100, (part / whole) * 100)) : 0;
  return s("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: `f${series}`, width: length, height: 8 }),
    mark !== null && whole > 0 && s("line", { class: "axis", x1: (mark / whole) * 100, x2: (mark / whole) * 100, y1: 0, y2: 8 }));
}
