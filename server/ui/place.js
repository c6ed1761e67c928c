// Where the reader is. The address holds all of it, so that a page can be kept, shared and gone back to.

export const RANGES = { "15m": [15, "1m"], "1h": [60, "1m"], "24h": [1440, "30m"], "7d": [10080, "6h"], "30d": [43200, "1d"] };

const DEFAULTS = { range: "24h", where: "", page: "1", id: "", by: "", utc: "", live: "", part: "" };

/** `{name, range, where, …}` of the address: `#logs?range=1h&where=status%3A429`. */
export function place() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  const given = Object.fromEntries(new URLSearchParams(query));
  const found = { ...DEFAULTS, ...given, name: name || "overview" };
  if (!RANGES[found.range]) found.range = DEFAULTS.range;
  return found;
}

/** The address of a place: this one with changes. Another page begins without what belongs to the last. */
export function address(changes) {
  const here = place();
  const kept = changes.name && changes.name !== here.name ? { range: here.range, where: here.where, utc: here.utc, live: here.live } : here;
  const { name, ...rest } = { ...kept, name: here.name, ...changes };
  const query = new URLSearchParams(Object.entries(rest).filter(([key, value]) => value !== "" && value !== DEFAULTS[key]));
  return `#${name}${query.size ? `?${query}` : ""}`;
}

export function go(changes) {
  location.hash = address(changes);
}

/** What reports are asked with: the range, how finely it is parted, and the filter. */
export function asked(here, back = 0) {
  const [minutes, step] = RANGES[here.range];
  const now = Date.now();
  const at = (minutesAgo) => new Date(now - minutesAgo * 60_000).toISOString();
  const query = { since: at(minutes * (back + 1)), where: here.where };
  if (back > 0) query.until = at(minutes * back);
  return { query, step };
}

/** The line that also holds for `word`. */
export function narrowed(where, word) {
  return where.split(/\s+/).includes(word) ? where : `${where} ${word}`.trim();
}

/** `key:value` as a word of a line. */
export function word(key, value) {
  return /[\s"]/.test(String(value)) ? `"${key}:${String(value).replaceAll('"', "")}"` : `${key}:${value}`;
}
