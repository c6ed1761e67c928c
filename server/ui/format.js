// Numbers and times as people read them. What is unknown is a dash, never a zero.

const DASH = "–";
const known = (tell) => (value) => (value === null || value === undefined || Number.isNaN(value) ? DASH : tell(value));

/** 1234567 → "1.23M". */
export const count = known((value) => {
  for (const [unit, size] of [["B", 1e9], ["M", 1e6], ["k", 1e4]]) {
    if (Math.abs(value) >= size) return `${significant(value / (unit === "k" ? 1e3 : size), 3)}${unit}`;
  }
  return String(Math.round(value));
});

/** US dollars with four significant digits. */
export const usd = known((value) => (value === 0 ? "$0" : `$${significant(value, 4)}`));

/** Milliseconds; seconds above ten thousand. */
export const duration = known((ms) => (ms >= 10_000 ? `${significant(ms / 1000, 3)} s` : ms >= 10 ? `${Math.round(ms)} ms` : `${significant(ms, 2)} ms`));

/** Bytes in the units of 1024. */
export const bytes = known((value) => {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${power === 0 ? value : significant(value / 1024 ** power, 3)} ${units[power]}`;
});

/** A share from 0 to 1. */
export const percent = known((share) => `${significant(share * 100, 3)} %`);

function significant(value, digits) {
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits, useGrouping: false });
}

/** An instant, as the place says: local, or UTC. */
export function time(instant, utc, parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", day: "2-digit", month: "short" }) {
  return new Date(instant).toLocaleString("en-GB", { ...parts, timeZone: utc ? "UTC" : undefined });
}
